import type {
  AssignmentView,
  CardMonthsView,
  CardTenantView,
  MonthlyTerms,
  OverrideView,
  Rate,
  RateCardVersionView,
  RateCardView,
  RateModel,
  Selector,
  TenantRateCardView,
  TenantTotal,
} from '#libs/tenant-billing';
import { ApiAnyObject, ApiCount, ApiFlag, ApiListOf, ApiObject, ApiText, ApiTime, ApiUuid, ApiWhole } from '../http/swagger.decorators';

const NULLABLE = { nullable: true } as const;
const MODEL_EXAMPLE = { type: 'cost_plus', percent: '20' };
const SELECTOR_EXAMPLE = { kind: 'droplet', sku: 's-2vcpu-*' };

/** A price list with versions. */
export class RateCardResponse implements RateCardView {
  @ApiUuid('Id')
  readonly id: string;

  @ApiText('Name', { example: 'Gold' })
  readonly name: string;

  @ApiText('Currency', { example: 'USD' })
  readonly currency: string;

  @ApiFlag('Whether it prices in the present month what no other card has a rate for')
  readonly is_default: boolean;

  @ApiText('Who created it')
  readonly created_by: string;

  @ApiTime('Time of creation')
  readonly created_at: string;
}

/** A tenant that has the card for a time. */
export class CardTenantResponse implements CardTenantView {
  @ApiText('Tenant', { example: 'acme' })
  readonly tenant_id: string;

  @ApiText('The first month in which it has the card', { example: '2026-12' })
  readonly valid_from: string;

  @ApiText('The first month in which it has another card; null while none is set', NULLABLE)
  readonly valid_to: string | null;
}

/** Months in which the card is the default. */
export class DefaultMonthsResponse implements CardMonthsView {
  @ApiText('The first month in which it is the default', { example: '2026-12' })
  readonly valid_from: string;

  @ApiText('The first month in which another card is; null while none is set', NULLABLE)
  readonly valid_to: string | null;
}

/** A price list and who has it. */
export class RateCardDetailResponse extends RateCardResponse {
  @ApiListOf(
    () => CardTenantResponse,
    'Tenants that are given the card, by tenant and month; those with the default card by default are not named',
  )
  readonly tenants: readonly CardTenantResponse[];

  @ApiListOf(() => DefaultMonthsResponse, 'When it is the default card, also in months to come')
  readonly default_months: readonly DefaultMonthsResponse[];
}

/** One price of a version. */
export class RateResponse implements Rate {
  @ApiUuid('Id')
  readonly id: string;

  @ApiAnyObject('What it applies to; empty: everything', { example: SELECTOR_EXAMPLE })
  readonly selector: Selector;

  @ApiAnyObject('How the price is computed', { example: MODEL_EXAMPLE })
  readonly model: RateModel;

  @ApiWhole('Among rates with as many dimensions the higher one counts')
  readonly priority: number;
}

/** What applies to a tenant's month after its lines. */
export class MonthlyTermsResponse implements MonthlyTerms {
  @ApiText('Percent off the lines', { ...NULLABLE, example: '5' })
  readonly discount_percent: string | null;

  @ApiText('What a month costs at least', NULLABLE)
  readonly minimum_commitment: string | null;

  @ApiText('What a month costs at most', NULLABLE)
  readonly maximum_spend: string | null;

  @ApiText('A fee outside of both', NULLABLE)
  readonly recurring_fee: string | null;
}

/** One state of a card. */
export class RateCardVersionResponse implements RateCardVersionView {
  @ApiText('Id: card and number')
  readonly id: string;

  @ApiCount('Number, from 1')
  readonly version: number;

  @ApiText('The first month in which it counts', { example: '2026-12' })
  readonly valid_from: string;

  @ApiTime('Time of publication; null: it counts for nothing and can be changed', NULLABLE)
  readonly published_at: string | null;

  @ApiText('Who published it', NULLABLE)
  readonly published_by: string | null;

  @ApiText('SHA-256 over everything that decides a price', NULLABLE)
  readonly digest: string | null;

  @ApiListOf(() => RateResponse, 'The rates')
  readonly rates: readonly RateResponse[];

  @ApiObject(() => MonthlyTermsResponse, 'What applies to a month after its lines')
  readonly monthly: MonthlyTermsResponse;
}

/** What a tenant pays for a month now and under the version. */
export class TenantTotalResponse implements TenantTotal {
  @ApiText('Tenant')
  readonly tenant_id: string;

  @ApiText('Total before tax as the month is rated now', { example: '212.40' })
  readonly now: string;

  @ApiText('Total before tax under the version', { example: '230.00' })
  readonly simulated: string;
}

/** The card of a tenant from a month on. */
export class AssignmentResponse implements AssignmentView {
  @ApiUuid('The card; null: the default card', NULLABLE)
  readonly card_id: string | null;

  @ApiText('The first month in which it counts', { example: '2026-12' })
  readonly valid_from: string;

  @ApiText('Who set it')
  readonly changed_by: string;
}

/** The cards of a tenant. */
export class TenantRateCardResponse implements TenantRateCardView {
  @ApiText('Tenant')
  readonly tenant_id: string;

  @ApiListOf(() => AssignmentResponse, 'By month')
  readonly assignments: readonly AssignmentResponse[];
}

/** A price for one tenant or one resource that counts before every card. */
export class RateOverrideResponse implements OverrideView {
  @ApiUuid('Id')
  readonly id: string;

  @ApiText('The tenant', NULLABLE)
  readonly tenant_id: string | null;

  @ApiUuid('The resource', NULLABLE)
  readonly resource_id: string | null;

  @ApiText('Name of the resource, if it has one', NULLABLE)
  readonly resource_name: string | null;

  @ApiAnyObject('What it applies to; empty: everything')
  readonly selector: Selector;

  @ApiAnyObject('How the price is computed', { example: MODEL_EXAMPLE })
  readonly model: RateModel;

  @ApiWhole('Among overrides with as many dimensions the higher one counts')
  readonly priority: number;

  @ApiText('The first month in which it counts', { example: '2026-12' })
  readonly valid_from: string;

  @ApiText('The first month in which it does not count any more', NULLABLE)
  readonly valid_to: string | null;

  @ApiText('Why it exists')
  readonly reason: string;

  @ApiText('Who created it')
  readonly created_by: string;

  @ApiTime('Time of creation')
  readonly created_at: string;
}

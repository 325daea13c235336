import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  IsArray,
  IsBoolean,
  IsIn,
  IsInt,
  IsObject,
  IsOptional,
  IsUUID,
  Max,
  MaxLength,
  Min,
  ValidateNested,
} from 'class-validator';
import type {
  AssignmentView,
  MonthlyTerms,
  OverrideInput,
  OverrideView,
  Rate,
  RateCardVersionView,
  RateCardView,
  RateInput,
  RateModel,
  Selector,
  TenantRateCardView,
  TenantTotal,
  VersionInput,
} from '#libs/tenant-billing';
import { IsNotBlank, IsPeriod, IsTenantId, OrNull } from '../http/input.decorators';
import { PageQuery, ReasonBody, RequiredReasonBody } from '../http/http.dto';
import {
  ApiAnyObject,
  ApiCount,
  ApiFlag,
  ApiInput,
  ApiListOf,
  ApiObject,
  ApiText,
  ApiTime,
  ApiUuid,
  ApiWhole,
} from '../http/swagger.decorators';

const NULLABLE = { nullable: true } as const;
const MOST_PRIORITY = 1_000;
const MODEL_EXAMPLE = { type: 'cost_plus', percent: '20' };
const SELECTOR_EXAMPLE = { kind: 'droplet', sku: 's-2vcpu-*' };

export class RateCardBody extends ReasonBody {
  @ApiInput('Name', { example: 'Gold' })
  @MaxLength(100)
  @IsNotBlank()
  readonly name: string;
}

export class RateCardChangeBody extends ReasonBody {
  @ApiInput('New name', { example: 'Gold' })
  @IsOptional()
  @MaxLength(100)
  @IsNotBlank()
  readonly name?: string;

  @ApiInput('`true`: it becomes the default card, and no other card is', { example: true })
  @IsOptional()
  @IsBoolean()
  @IsIn([true], { message: '$property can only be true: another card becomes the default instead' })
  readonly is_default?: true;
}

class RateInputBody implements RateInput {
  @ApiInput('What it applies to: product, kind, sku, region, project_id, tag; everything unless given', { example: SELECTOR_EXAMPLE })
  @IsOptional()
  @IsObject()
  readonly selector?: Record<string, unknown>;

  @ApiInput('How the price is computed', { example: MODEL_EXAMPLE })
  @IsObject()
  readonly model: Record<string, unknown>;

  @ApiInput('Among rates with as many dimensions the higher one counts', { example: 0 })
  @IsOptional()
  @IsInt()
  @Min(-MOST_PRIORITY)
  @Max(MOST_PRIORITY)
  readonly priority?: number;
}

export class RateCardVersionBody extends ReasonBody implements VersionInput {
  @ApiInput('The first month in which it counts', { example: '2026-12' })
  @IsPeriod()
  readonly valid_from: string;

  @ApiInput('The rates', { example: [{ selector: SELECTOR_EXAMPLE, model: MODEL_EXAMPLE }] })
  @IsArray()
  @ArrayMaxSize(500)
  @IsObject({ each: true, message: '$property must be a list of objects' })
  @ValidateNested({ each: true })
  @Type(() => RateInputBody)
  readonly rates: readonly RateInputBody[];

  @ApiInput('What applies to a month after its lines: discount_percent, minimum_commitment, maximum_spend, recurring_fee', {
    example: { discount_percent: '5' },
  })
  @IsOptional()
  @IsObject()
  readonly monthly?: Record<string, unknown>;
}

export class SimulationBody {
  @ApiInput('The month to rate under this version', { example: '2026-10' })
  @IsPeriod()
  readonly period: string;
}

export class TenantRateCardBody extends ReasonBody {
  @ApiInput('The card; null: the default card')
  @OrNull()
  @IsUUID()
  readonly card_id: string | null;

  @ApiInput('The first month in which it counts', { example: '2026-12' })
  @IsPeriod()
  readonly valid_from: string;
}

export class RateOverridesQuery extends PageQuery {
  @ApiInput('Overrides of this tenant', { example: 'acme' })
  @IsOptional()
  @IsTenantId()
  readonly tenant_id?: string;

  @ApiInput('Overrides of this resource')
  @IsOptional()
  @IsUUID()
  readonly resource_id?: string;
}

export class RateOverrideBody extends RequiredReasonBody implements OverrideInput {
  @ApiInput('The tenant; either it or `resource_id`', { example: 'acme' })
  @IsOptional()
  @IsTenantId()
  readonly tenant_id?: string;

  @ApiInput('The resource, for whichever tenant owns it')
  @IsOptional()
  @IsUUID()
  readonly resource_id?: string;

  @ApiInput('What it applies to; everything unless given', { example: SELECTOR_EXAMPLE })
  @IsOptional()
  @IsObject()
  readonly selector?: Record<string, unknown>;

  @ApiInput('How the price is computed', { example: MODEL_EXAMPLE })
  @IsObject()
  readonly model: Record<string, unknown>;

  @ApiInput('Among overrides with as many dimensions the higher one counts', { example: 0 })
  @IsOptional()
  @IsInt()
  @Min(-MOST_PRIORITY)
  @Max(MOST_PRIORITY)
  readonly priority?: number;

  @ApiInput('The first month in which it counts', { example: '2026-12' })
  @IsPeriod()
  readonly valid_from: string;

  @ApiInput('The first month in which it does not count any more', { example: '2027-06' })
  @IsOptional()
  @IsPeriod()
  readonly valid_to?: string;
}

/** A price list with versions. */
export class RateCardResponse implements RateCardView {
  @ApiUuid('Id')
  readonly id: string;

  @ApiText('Name', { example: 'Gold' })
  readonly name: string;

  @ApiText('Currency', { example: 'USD' })
  readonly currency: string;

  @ApiFlag('Whether it prices what no other card has a rate for')
  readonly is_default: boolean;

  @ApiText('Who created it')
  readonly created_by: string;

  @ApiTime('Time of creation')
  readonly created_at: string;
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

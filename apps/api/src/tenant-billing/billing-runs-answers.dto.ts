import {
  POOL_METHODS,
  POOLS,
  PAYMENT_STATUSES,
  RUN_STATUSES,
  RUN_TENANT_STATES,
  type BillingRunDetail,
  type BillingRunView,
  type PnlFigures,
  type PnlView,
  type PoolMethod,
  type PoolName,
  type PoolView,
  type RunFailure,
  type RunProblem,
  type RunStatus,
  type RunTenantState,
  type RunTenantView,
  type PaymentStatus,
  type RunTotals,
} from '#libs/tenant-billing';
import {
  ApiAnyObject,
  ApiCount,
  ApiDate,
  ApiEnum,
  ApiFlag,
  ApiListOf,
  ApiObject,
  ApiText,
  ApiTexts,
  ApiTime,
  ApiUuid,
} from '../http/swagger.decorators';
import { InvoiceProblemResponse } from './tenant-invoices-answers.dto';

const NULLABLE = { nullable: true } as const;
const AMOUNT = { example: '212.40' } as const;

/** How a pool of amounts that belong to no single tenant is split. */
export class PoolResponse implements PoolView {
  @ApiEnum(POOLS, 'The pool')
  readonly pool: PoolName;

  @ApiEnum(POOL_METHODS, 'How it is split; `keep` and `house`: no tenant gets a part')
  readonly method: PoolMethod;

  @ApiAnyObject('With `weighted`: whole numbers by tenant')
  readonly weights: Readonly<Record<string, number>>;

  @ApiText('The month since which it is so; null: as installed', NULLABLE)
  readonly valid_from: string | null;

  @ApiText('Who set it', NULLABLE)
  readonly changed_by: string | null;
}

/** What a run has written. */
export class RunProgressResponse {
  @ApiCount('Tenants that are rated')
  readonly tenants: number;

  @ApiCount('Lines that are written')
  readonly lines: number;
}

/** Something that a person has to check. */
export class RunProblemResponse implements RunProblem {
  @ApiText('Code', { example: 'no_rate' })
  readonly code: RunProblem['code'];

  @ApiEnum(['critical', 'warning'], 'A critical one stops the invoice of its tenant')
  readonly severity: RunProblem['severity'];

  @ApiText('What it is about', { example: 'tenants/acme' })
  readonly path: string;

  @ApiText('What is wrong and what to do, for people')
  readonly detail: string;
}

/** The sums of a run. */
export class RunTotalsResponse implements RunTotals {
  @ApiText("The amounts of the provider's invoices of the month", AMOUNT)
  readonly payable: string;

  @ApiText('What released invoices have beyond the sum of their lines', { example: '0.00' })
  readonly reconciliation_difference: string;

  @ApiText('What all tenants pay, before tax', AMOUNT)
  readonly sell: string;

  @ApiCount('Tenants with lines')
  readonly tenants: number;

  @ApiCount('Lines')
  readonly lines: number;
}

/** Why a run failed. */
export class RunFailureResponse implements RunFailure {
  @ApiText('Code')
  readonly code: string;

  @ApiText('What happened, for people')
  readonly detail: string;
}

/** One rating of a month. */
export class BillingRunResponse implements BillingRunView {
  @ApiUuid('Id')
  readonly id: string;

  @ApiText('Issuer', { example: 'default' })
  readonly issuer_id: string;

  @ApiText('Month', { example: '2026-10' })
  readonly period: string;

  @ApiEnum(RUN_STATUSES, 'Where the run is')
  readonly status: RunStatus;

  @ApiObject(() => RunProgressResponse, 'What it has written so far')
  readonly progress: RunProgressResponse;

  @ApiListOf(() => RunProblemResponse, 'What a person has to check')
  readonly problems: readonly RunProblemResponse[];

  @ApiText('SHA-256 of all inputs: equal inputs give equal lines', NULLABLE)
  readonly inputs_digest: string | null;

  @ApiText('SHA-256 of the lines', NULLABLE)
  readonly lines_digest: string | null;

  @ApiObject(() => RunTotalsResponse, 'The sums; null until it is completed', NULLABLE)
  readonly totals: RunTotalsResponse | null;

  @ApiObject(() => RunFailureResponse, 'Why it failed', NULLABLE)
  readonly failure: RunFailureResponse | null;

  @ApiText('Who requested it')
  readonly requested_by: string;

  @ApiTime('Time of the request')
  readonly requested_at: string;

  @ApiTime('When a worker began', NULLABLE)
  readonly started_at: string | null;

  @ApiTime('When it ended', NULLABLE)
  readonly finished_at: string | null;
}

/** What a month of a tenant is by now. */
export class RunTenantResponse implements RunTenantView {
  @ApiText('Tenant', { example: 'acme' })
  readonly tenant_id: string;

  @ApiEnum(RUN_TENANT_STATES, 'The status of its invoice; `not_built`: rated, and without a draft')
  readonly state: RunTenantState;

  @ApiCount('Rated lines')
  readonly lines: number;

  @ApiText("What it pays by the rated lines, in the provider's currency, before tax", AMOUNT)
  readonly sell: string;

  @ApiUuid('Its invoice; null, as all fields of the invoice, until a draft is built', NULLABLE)
  readonly invoice_id: string | null;

  @ApiText('Number of the issued invoice', { ...NULLABLE, example: 'INV-00042' })
  readonly number: string | null;

  @ApiText('Name of the invoice until it has a number', NULLABLE)
  readonly draft_number: string | null;

  @ApiText('Currency of the invoice', { ...NULLABLE, example: 'EUR' })
  readonly currency: string | null;

  @ApiText('Net', { ...NULLABLE, ...AMOUNT })
  readonly net: string | null;

  @ApiText('Tax; of a draft what the rules of today would give', { ...NULLABLE, ...AMOUNT })
  readonly tax: string | null;

  @ApiText('Net and tax; of a draft only `net` is certain', { ...NULLABLE, ...AMOUNT })
  readonly total: string | null;

  @ApiText('What is left to pay', { ...NULLABLE, ...AMOUNT })
  readonly due: string | null;

  @ApiEnum(PAYMENT_STATUSES, 'Of an issued invoice', NULLABLE)
  readonly payment_status: PaymentStatus | null;

  @ApiDate('Last day to pay of an issued invoice', NULLABLE)
  readonly due_on: string | null;

  @ApiFlag('Issued, not paid and past the last day to pay')
  readonly overdue: boolean;

  @ApiCount('Version of the invoice', NULLABLE)
  readonly version: number | null;

  @ApiListOf(() => InvoiceProblemResponse, 'Of the rating and of the invoice')
  readonly problems: readonly InvoiceProblemResponse[];
}

/** A rating with the tenants of its month. */
export class BillingRunDetailResponse extends BillingRunResponse implements BillingRunDetail {
  @ApiListOf(() => RunTenantResponse, 'The tenants of the month, by id, as they are now')
  readonly tenants: readonly RunTenantResponse[];
}

/** What tenants cost and pay. */
export class PnlFiguresResponse implements PnlFigures {
  @ApiText("What the provider charges for the tenants' own lines", AMOUNT)
  readonly buy_direct: string;

  @ApiText('Their parts of pools', AMOUNT)
  readonly buy_shared: string;

  @ApiText('What they pay, before tax', AMOUNT)
  readonly sell: string;

  @ApiText('Sell minus both', AMOUNT)
  readonly margin: string;
}

/** The figures of a tenant. */
export class PnlTenantResponse extends PnlFiguresResponse {
  @ApiText('Tenant')
  readonly tenant_id: string;
}

/** The figures of a kind of lines. */
export class PnlKindResponse extends PnlFiguresResponse {
  @ApiText('Kind of the lines', { example: 'droplet' })
  readonly kind: string;
}

/** The figures of a month. */
export class PnlMonthResponse extends PnlFiguresResponse {
  @ApiText('Month', { example: '2026-10' })
  readonly month: string;
}

/** Profit and loss. The buy amounts of all tenants and the five amounts that no tenant has add up to `payable`. */
export class PnlResponse implements PnlView {
  @ApiText('Month, or the last one', { example: '2026-10' })
  readonly period: string;

  @ApiText('Currency', { example: 'USD' })
  readonly currency: 'USD';

  @ApiListOf(() => PnlTenantResponse, 'By tenant, with `group_by=tenant`')
  readonly tenants: readonly PnlTenantResponse[];

  @ApiListOf(() => PnlKindResponse, 'By kind, with `group_by=kind`')
  readonly kinds: readonly PnlKindResponse[];

  @ApiListOf(() => PnlMonthResponse, 'By month, with `group_by=month`')
  readonly months: readonly PnlMonthResponse[];

  @ApiObject(() => PnlFiguresResponse, 'All tenants together')
  readonly total: PnlFiguresResponse;

  @ApiText('What the issuer pays itself', AMOUNT)
  readonly house: string;

  @ApiText('Lines without an owner', AMOUNT)
  readonly unattributed: string;

  @ApiText("The provider's tax that no tenant gets", AMOUNT)
  readonly tax_kept: string;

  @ApiText("The provider's credits that no tenant gets", AMOUNT)
  readonly credits_kept: string;

  @ApiText('What released invoices have beyond the sum of their lines', AMOUNT)
  readonly reconciliation_difference: string;

  @ApiText("The amounts of the provider's invoices", AMOUNT)
  readonly payable: string;

  @ApiText('`payable` minus everything above: always 0.00', { example: '0.00' })
  readonly difference: string;

  @ApiTexts("The provider's invoices that are in no amount, because they are not reconciled")
  readonly unreconciled_invoices: readonly string[];

  @ApiFlag('Whether amounts of invoices changed since the rating; then start a new run')
  readonly stale: boolean;

  @ApiTime('When the month was rated; the earliest time of several months')
  readonly rated_at: string;
}

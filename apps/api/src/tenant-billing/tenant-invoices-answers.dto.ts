import {
  AUTO_MODES,
  BULK_VERBS,
  INVOICE_KINDS,
  INVOICE_STATUSES,
  INVOICE_VERBS,
  PAYMENT_STATUSES,
  TAX_STATUSES,
  type BuildReport,
  type BulkInvoiceReport,
  type BulkInvoiceResult,
  type BulkVerb,
  type FxRateView,
  type InvoiceProblem,
  type InvoiceStatus,
  type InvoiceVerb,
  type PaymentStatus,
  type TaxStatus,
  type TenantInvoiceLineView,
  type TenantInvoiceView,
} from '#libs/tenant-billing';
import {
  ApiCount,
  ApiDate,
  ApiEnum,
  ApiEnumList,
  ApiFlag,
  ApiListOf,
  ApiText,
  ApiTime,
  ApiUuid,
  ApiWhole,
} from '../http/swagger.decorators';

const NULLABLE = { nullable: true } as const;
const AMOUNT = { example: '212.40' } as const;

/** Something about a draft that a person has to check. */
export class InvoiceProblemResponse implements InvoiceProblem {
  @ApiText('Code', { example: 'profile_incomplete' })
  readonly code: string;

  @ApiEnum(['critical', 'warning'], 'A critical one stops the draft')
  readonly severity: 'critical' | 'warning';

  @ApiText('What it is about', { example: 'tenants/acme' })
  readonly path: string;

  @ApiText('What is wrong and what to do, for people')
  readonly detail: string;
}

/** An invoice to a tenant. */
export class TenantInvoiceResponse implements TenantInvoiceView {
  @ApiUuid('Id')
  readonly id: string;

  @ApiText('Number, without gaps; null until it is issued', { ...NULLABLE, example: 'INV-00042' })
  readonly number: string | null;

  @ApiText('What a draft is called; null for tenants', { ...NULLABLE, example: 'DRAFT-5F3A09C1' })
  readonly draft_number: string | null;

  @ApiText('The tenant', { example: 'acme' })
  readonly tenant_id: string;

  @ApiEnum(INVOICE_KINDS, '`standard`: the lines of a month; `one_off`: lines that a person wrote')
  readonly kind: 'standard' | 'one_off';

  @ApiText('The month; null for a one-off invoice', { ...NULLABLE, example: '2026-10' })
  readonly period: string | null;

  @ApiText('Currency of all amounts', { example: 'USD' })
  readonly currency: string;

  @ApiEnum(INVOICE_STATUSES, 'Where the document is')
  readonly status: InvoiceStatus;

  @ApiEnum(PAYMENT_STATUSES, 'What is paid of an issued invoice')
  readonly payment_status: PaymentStatus;

  @ApiEnum(TAX_STATUSES, 'Whether the tax is decided, which is at the approval')
  readonly tax_status: TaxStatus;

  @ApiFlag('Issued, not paid and past the due date')
  readonly overdue: boolean;

  @ApiText('Sum of the lines', AMOUNT)
  readonly net: string;

  @ApiText('Tax; while `tax_status` is `undecided`, what the rules of today would give', AMOUNT)
  readonly tax: string;

  @ApiText('Net and tax. While `tax_status` is `undecided` only `net` is certain', AMOUNT)
  readonly total: string;

  @ApiText('What is left to pay', AMOUNT)
  readonly due: string;

  @ApiDate('Day of issue, in the time zone of the issuer', NULLABLE)
  readonly issued_on: string | null;

  @ApiDate('Last day to pay', NULLABLE)
  readonly due_on: string | null;

  @ApiWhole('Rises with every change; verbs ask for it as `expected_version`', { example: 3 })
  readonly version: number;

  @ApiEnumList(INVOICE_VERBS, 'The verbs that are possible now; none for tenants')
  readonly actions: readonly InvoiceVerb[];

  @ApiListOf(() => InvoiceProblemResponse, 'What a person has to check; none for tenants')
  readonly problems: readonly InvoiceProblemResponse[];

  @ApiCount('Lines')
  readonly lines: number;

  @ApiText('Equal digests mean equal lines, totals and parties; null for tenants', NULLABLE)
  readonly digest: string | null;

  @ApiUuid('The void invoice in whose place it is', NULLABLE)
  readonly replaces: string | null;

  @ApiText('Why it was made void', NULLABLE)
  readonly void_reason: string | null;

  @ApiEnum(AUTO_MODES, 'How far a draft without problems goes by itself; null for tenants', NULLABLE)
  readonly auto: string | null;
}

/** A line of an invoice to a tenant. */
export class TenantInvoiceLineResponse implements TenantInvoiceLineView {
  @ApiCount('Number of the line')
  readonly line_no: number;

  @ApiText('`usage`, `shared`, `adjustment`, `correction`, or a kind of the monthly terms', { example: 'usage' })
  readonly kind: string;

  @ApiText('What the document prints')
  readonly description: string;

  @ApiUuid('The resource', NULLABLE)
  readonly resource_id: string | null;

  @ApiText('Its name', NULLABLE)
  readonly resource_name: string | null;

  @ApiText('Units, exact decimal text', { ...NULLABLE, example: '672' })
  readonly quantity: string | null;

  @ApiText('What a unit is', { example: 'hour' })
  readonly unit: string;

  @ApiText('Price of a unit, exact decimal text; null where no single price stands behind the line', NULLABLE)
  readonly unit_price: string | null;

  @ApiText('Net', AMOUNT)
  readonly net: string;

  @ApiText('Category of tax after EN 16931; of a draft what the rules of today would give, null for none', { ...NULLABLE, example: 'S' })
  readonly tax_category: string | null;

  @ApiText('Percent; of a draft what the rules of today would give, null for none', { ...NULLABLE, example: '10' })
  readonly tax_rate: string | null;

  @ApiFlag('Whether it corrects a month that was issued before')
  readonly correction: boolean;

  @ApiText('The month that it corrects', { ...NULLABLE, example: '2026-09' })
  readonly corrects: string | null;
}

/** What a build did. */
export class BuildResponse implements BuildReport {
  @ApiText('The month', { example: '2026-10' })
  readonly period: string;

  @ApiCount('Drafts of the month')
  readonly drafts: number;

  @ApiCount('Drafts that are new or changed')
  readonly written: number;

  @ApiCount('Drafts that stayed as they were')
  readonly unchanged: number;

  @ApiCount('Drafts that had no lines any more')
  readonly deleted: number;

  @ApiCount('Drafts with a critical problem')
  readonly stopped: number;
}

/** What a bulk change did with one invoice. */
export class BulkInvoiceResultResponse implements BulkInvoiceResult {
  @ApiUuid('The invoice')
  readonly id: string;

  @ApiText('`done`, or the code of the refusal', { example: 'draft_outdated' })
  readonly code: string;

  @ApiText('The refusal, for people', NULLABLE)
  readonly detail: string | null;
}

/** What a bulk change did, or would do. */
export class BulkInvoicesResponse implements BulkInvoiceReport {
  @ApiEnum(BULK_VERBS, 'The verb')
  readonly verb: BulkVerb;

  @ApiCount('Invoices that it was about')
  readonly matched: number;

  @ApiCount('Invoices that it changed')
  readonly done: number;

  @ApiCount('Invoices that it did not change')
  readonly refused: number;

  @ApiListOf(() => BulkInvoiceResultResponse, 'A result for each invoice')
  readonly results: readonly BulkInvoiceResultResponse[];
}

/** What a US dollar costs in another currency from a day on. */
export class FxRateResponse implements FxRateView {
  @ApiText('Currency', { example: 'EUR' })
  readonly currency: string;

  @ApiText('What a US dollar costs in it, decimal text', { example: '0.9231' })
  readonly rate: string;

  @ApiText('Where the rate is from', { example: 'ECB' })
  readonly source: string;

  @ApiDate('The day of the rate')
  readonly on: string;

  @ApiText('Who set it')
  readonly set_by: string;

  @ApiTime('When it was set')
  readonly set_at: string;
}

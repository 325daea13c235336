/** A line of an invoice. Times are RFC 3339, amounts are decimal text in USD. */
export interface InvoiceItem {
  product: string;
  resource_id: string | null;
  resource_uuid: string | null;
  group_description: string;
  description: string;
  /** Hours of use; for backups, how many were taken. Null: the line has no duration, as taxes and credits. */
  hours: string | null;
  start_time: string;
  /** Exclusive: for a whole month, the first moment of the next month. */
  end_time: string;
  amount: string;
  /** The project's name at that time; the project may have been renamed since. */
  project_name: string;
  category: string;
  /** The resource and tenant that the line is really about. It is part of no provider response. */
  truth?: LineTruth;
}

export interface LineTruth {
  /** Kind of the resource, or `tax`, `credit`, `account` for lines without a resource. */
  kind: string;
  provider_id: string | null;
  /** The tenant that owned the resource at that time; null: the agency itself, or no owner. */
  tenant: string | null;
  /** False: line and account together do not determine the resource or its tenant. */
  decidable: boolean;
  [more: string]: unknown;
}

/** The format of an invoice's CSV document. */
export interface CsvStyle {
  bom: boolean;
  crlf: boolean;
  /** `no_category`: the columns of 2019. `oldest`: without project_name as well. */
  header: 'modern' | 'no_category' | 'oldest';
  dollars: boolean;
  thousands: boolean;
  negative: '-$1.23' | '$-1.23' | '($1.23)';
  /** The end of a whole month is its last second, as in old documents. */
  final_second_end: boolean;
}

/** The current format of documents. */
export const DEFAULT_CSV_STYLE: CsvStyle = {
  bom: false,
  crlf: false,
  header: 'modern',
  dollars: true,
  thousands: false,
  negative: '-$1.23',
  final_second_end: false,
};

export interface InvoiceRecord {
  invoice_uuid: string;
  invoice_id: string;
  /** YYYY-MM */
  invoice_period: string;
  /** The sum of the items, unless a test requested a mismatch. */
  amount: string;
  issued_at: string;
  items: InvoiceItem[];
  csv_style: CsvStyle;
  /** Sent instead of the rendered document, byte for byte. */
  csv?: string;
  /** Replaces fields of the calculated summary. */
  summary?: Record<string, unknown>;
  /** The month to date: returned as `invoice_preview`, in no list. There is at most one. */
  preview?: boolean;
}

export const BILLING_TYPES = [
  'Invoice',
  'Payment',
  'Credit',
  'CreditExpiration',
  'Refund',
  'Reversal',
  'Chargeback',
  'Adjustment',
  'AttemptFailed',
  'ACHFailure',
] as const;

/** A row of the billing history. Payments and credits are negative. */
export interface BillingEntry {
  id: string;
  description: string;
  amount: string;
  /** The ids of the invoice: set in rows of type Invoice only. */
  invoice_id: string | null;
  invoice_uuid: string | null;
  date: string;
  /** One of `BILLING_TYPES`, or a type that a test invents. */
  type: string;
}

/** A vendor of one tenant in the finance service. */
export interface FinanceVendor {
  id: string;
  tenant_id: string;
  name: string;
  category: string;
}

export interface FinanceLine {
  description: string;
  amount_minor: number;
  is_tax?: boolean;
  [more: string]: unknown;
}

/** The body of an import. Amounts are in minor units. */
export interface FinanceImport {
  source: string;
  external_id: string;
  vendor: { name: string; category: string };
  invoice_number: string;
  period: string;
  issued_on: string;
  currency: string;
  amount_net_minor: number;
  amount_tax_minor: number;
  amount_gross_minor: number;
  lines: FinanceLine[];
}

/** An invoice in the finance service: one for each (tenant_id, source, external_id). */
export interface FinanceInvoice extends FinanceImport {
  id: string;
  tenant_id: string;
  vendor_id: string;
  created_at: string;
  updated_at: string;
  /** How many imports of this invoice took effect. */
  pushes: number;
}

/** A document of a tenant in the finance service: one for each (tenant_id, source, external_id). `tenant_id`: that of the token. */
export interface FinanceDocument {
  id: string;
  tenant_id: string;
  source: string;
  external_id: string;
  event: string;
  /** The customer, and the number and figures of the document. */
  customer_id: string;
  number: string;
  total: string;
  currency: string;
  document: Record<string, unknown>;
  pushes: number;
}

/** The idempotency key of an import. */
export const importKey = (record: { tenant_id: string; source: string; external_id: string }): string =>
  JSON.stringify([record.tenant_id, record.source, record.external_id]);

export const vendorKey = ({ tenant_id, name }: { tenant_id: string; name: string }): string => JSON.stringify([tenant_id, name]);

/** Whole cents of a decimal text ("-12.3", "1044.00"); undefined when the text is no amount or is finer than cents. */
export function centsOf(text: string): number | undefined {
  const match = /^(-?)(\d{1,13})(?:\.(\d{1,2}))?$/.exec(text);
  if (match === null) return undefined;
  const [, sign, whole = '0', part = ''] = match;
  const cents = Number(whole) * 100 + Number(part.padEnd(2, '0'));
  return sign === '-' && cents !== 0 ? -cents : cents;
}

/** Formats cents as JSON responses do: "-12.30". */
export function moneyText(cents: number): string {
  const digits = String(Math.abs(cents)).padStart(3, '0');
  return `${cents < 0 ? '-' : ''}${digits.slice(0, -2)}.${digits.slice(-2)}`;
}

/** The exact sum of stored amounts, in cents. */
export function sumOfAmounts(records: readonly { amount: string }[]): number {
  return records.reduce((sum, { amount }) => sum + (centsOf(amount) ?? 0), 0);
}

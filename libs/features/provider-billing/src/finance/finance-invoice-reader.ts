import { Database } from '#libs/database';
import { Money } from '#libs/kernel';
import { Injectable } from '@nestjs/common';

/** One line in finance's books. Minor units are cents. */
export interface FinanceLine {
  readonly description: string;
  readonly product: string | null;
  readonly amount_minor: number;
  readonly is_tax: boolean;
}

/** The body of an import: net + tax = gross = the sum of its lines, to the cent. [BIL-6] */
export interface FinanceInvoice {
  readonly source: 'digitalocean';
  /** The provider's id of the invoice. Finance keeps one invoice for it, however often it is imported. */
  readonly external_id: string;
  readonly vendor: { readonly name: 'DigitalOcean'; readonly category: 'cloud' };
  readonly invoice_number: string;
  readonly period: string;
  readonly issued_on: string;
  readonly currency: string;
  readonly amount_net_minor: number;
  readonly amount_tax_minor: number;
  readonly amount_gross_minor: number;
  readonly lines: readonly FinanceLine[];
}

interface Row {
  readonly external_id: string;
  readonly invoice_number: string;
  readonly period: string;
  readonly issued_on: string;
  readonly currency: string;
  readonly amount: string;
  readonly tax_amount: string;
  readonly lines: FinanceLine[] | null;
}

/**
 * SQL on an invoice `i`: its lines add up to its amount, or the difference was released. After the amount changed it waits for the new
 * lines. [BIL-5]
 */
export const DELIVERABLE = `i.reconciliation in ('reconciled', 'released') and i.amount - i.lines_amount = i.difference`;

/** People read the lines in finance's books. In an invoice with more lines than this, the lines of one product become one line. */
const MOST_LINES = 1_000;

/** Reads the import body of an invoice in one statement. */
@Injectable()
export class FinanceInvoiceReader {
  constructor(private readonly database: Database) {}

  /** Undefined when the invoice does not exist or may not be delivered. */
  async read(invoiceId: string): Promise<FinanceInvoice | undefined> {
    const [row] = await this.database.query<Row>(IMPORT_BODY, [invoiceId]);
    if (!row) return undefined;
    const { amount, tax_amount, lines, ...header } = row;
    const gross = centsOf(amount);
    const tax = centsOf(tax_amount);
    return {
      source: 'digitalocean',
      vendor: { name: 'DigitalOcean', category: 'cloud' },
      ...header,
      amount_net_minor: gross - tax,
      amount_tax_minor: tax,
      amount_gross_minor: gross,
      lines: withDifference(lines ?? [], gross),
    };
  }
}

/** Rounded as `round(numeric)` of PostgreSQL rounds the lines. */
const centsOf = (amount: string): number => Money.parse(amount).toMinorUnits('half_away');

/** Adds a line for the difference to a released mismatch, because the lines in finance's books must add up. */
function withDifference(lines: readonly FinanceLine[], gross: number): readonly FinanceLine[] {
  const difference = gross - lines.reduce((sum, { amount_minor }) => sum + amount_minor, 0);
  return difference === 0
    ? lines
    : [...lines, { description: 'Difference to the invoiced amount', product: null, amount_minor: difference, is_tax: false }];
}

/**
 * Amounts finer than a cent are rounded along the running sum, separately for tax and for all other lines, so that the cents of the lines
 * add up to the rounded sums. Set-based.
 */
const IMPORT_BODY = `
with line as (
  select case when i.lines <= ${MOST_LINES} then l.line_no end as line_no, l.product, l.is_tax,
         case when i.lines <= ${MOST_LINES} then l.description end as description, sum(l.amount) as amount
    from cloud_invoices i join cloud_cost_lines l on l.invoice_id = i.id
   where i.id = $1 group by 1, 2, 3, 4),
summed as (
  select *, sum(amount) over (partition by is_tax order by line_no, product, description rows unbounded preceding) as running_sum from line),
booked as (
  select line_no, product, is_tax, coalesce(nullif(description, ''), nullif(product, ''), 'Other charges') as description,
         (round(running_sum * 100) - round((running_sum - amount) * 100))::bigint as amount_minor
    from summed)
select i.invoice_uuid as external_id, coalesce(i.invoice_number, i.invoice_uuid) as invoice_number, to_char(i.period, 'YYYY-MM') as period,
       i.issued_on::text, i.currency, i.amount::text, coalesce(i.tax_amount, 0)::text as tax_amount,
       (select json_agg(json_build_object('description', description, 'product', product, 'amount_minor', amount_minor, 'is_tax', is_tax)
               order by line_no, is_tax, product) from booked) as lines
  from cloud_invoices i where i.id = $1 and ${DELIVERABLE}`;

import { Database } from '#libs/database';
import { decodeCursor, pageOf, UUID_KEY, type ListAnswer, type PageRequest } from '#libs/kernel';
import { Injectable } from '@nestjs/common';
import { InvoiceNotFoundError } from '../provider-billing.errors';
import { BillingCompleteness } from './billing-completeness';

/** An invoice in the API. */
export interface InvoiceView {
  readonly id: string;
  readonly invoice_uuid: string;
  readonly invoice_number: string | null;
  /** `2026-04`. */
  readonly period: string;
  readonly issued_on: string;
  readonly amount: string;
  readonly tax_amount: string | null;
  readonly currency: string;
  readonly status: 'discovered' | 'ingesting' | 'ingested' | 'failed';
  readonly failure: { readonly code: string; readonly detail: string; readonly line?: number } | null;
  /** `difference`: the invoice's amount minus the sum of its lines. */
  readonly reconciliation: { readonly status: 'reconciled' | 'mismatch' | 'released' | null; readonly difference: string | null };
  readonly lines: number | null;
  /** Share of lines that were matched to a resource or a project, 0 to 1. */
  readonly matched_line_ratio: number | null;
  /** Share of the amounts, without their signs, that belong to a tenant, 0 to 1. */
  readonly attributed_amount_ratio: number | null;
  readonly ingested_at: string | null;
  readonly pushed_to_finance_at: string | null;
  readonly finance_invoice_id: string | null;
  /** The error code of the last failed delivery to finance; null once it is delivered. */
  readonly push_error: string | null;
}

interface InvoiceRow extends Omit<InvoiceView, 'reconciliation' | 'ingested_at' | 'pushed_to_finance_at'> {
  readonly reconciliation: InvoiceView['reconciliation']['status'];
  readonly difference: string | null;
  readonly ingested_at: Date | null;
  readonly pushed_to_finance_at: Date | null;
}

export interface InvoiceFilters {
  /** First day of the month. */
  readonly period?: string;
  readonly status?: string;
  readonly reconciliation?: string;
}

const INVOICES_WITH_DELIVERY = 'from cloud_invoices i left join cloud_finance_outbox o on o.invoice_id = i.id';

/** Reads invoices with the state of their ingest, reconciliation and delivery to finance. */
@Injectable()
export class InvoiceReader {
  constructor(
    private readonly database: Database,
    private readonly completeness: BillingCompleteness,
  ) {}

  /** Latest period first. Throws `InvalidCursorError`. */
  async list(filters: InvoiceFilters, page: PageRequest): Promise<ListAnswer<InvoiceView>> {
    const complete = await this.completeness.read();
    const rows = await this.database.query<InvoiceRow>(
      `select ${INVOICE_COLUMNS} ${INVOICES_WITH_DELIVERY}
        where ($1::date is null or i.period = $1) and ($2::text is null or i.status = $2) and ($3::text is null or i.reconciliation = $3)
          and ($4::uuid is null or (i.period, i.id) < (select period, id from cloud_invoices where id = $4))
        order by i.period desc, i.id desc limit $5`,
      [filters.period ?? null, filters.status ?? null, filters.reconciliation ?? null, decodeCursor(page.cursor, UUID_KEY), page.limit + 1],
    );
    const { items, next_cursor } = pageOf(rows, page.limit, (row) => row.id);
    return { data: items.map(invoiceView), page: { next_cursor }, ...complete };
  }

  /** Throws `InvoiceNotFoundError`. */
  async get(invoiceId: string): Promise<InvoiceView> {
    const [row] = await this.database.query<InvoiceRow>(`select ${INVOICE_COLUMNS} ${INVOICES_WITH_DELIVERY} where i.id = $1`, [invoiceId]);
    if (!row) throw new InvoiceNotFoundError(invoiceId);
    return invoiceView(row);
  }
}

/** Columns of `cloud_invoices i left join cloud_finance_outbox o`. Ratios are shares, not money, so a float is exact enough. */
const INVOICE_COLUMNS = `
i.id, i.invoice_uuid, i.invoice_number, to_char(i.period, 'YYYY-MM') as period, i.issued_on::text, i.amount::text, i.tax_amount::text, i.currency, i.status,
i.failure, i.reconciliation, i.difference::text, i.lines, i.ingested_at, i.pushed_to_finance_at, i.finance_invoice_id,
case when o.delivered_at is null then o.error_code end as push_error,
case when i.lines > 0 then round(i.matched_lines::numeric / i.lines, 4)::float8 end as matched_line_ratio,
case when i.lines_value > 0 then round(i.attributed_value / i.lines_value, 6)::float8 end as attributed_amount_ratio`;

function invoiceView({ reconciliation, difference, ingested_at, pushed_to_finance_at, ...rest }: InvoiceRow): InvoiceView {
  return {
    ...rest,
    reconciliation: { status: reconciliation, difference },
    ingested_at: ingested_at?.toISOString() ?? null,
    pushed_to_finance_at: pushed_to_finance_at?.toISOString() ?? null,
  };
}

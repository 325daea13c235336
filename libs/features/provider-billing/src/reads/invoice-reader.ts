import { Database } from '#libs/database';
import { decodeCursor, pageOf, UUID_KEY, type ListAnswer, type PageRequest } from '#libs/kernel';
import { Injectable } from '@nestjs/common';
import { InvoiceNotFoundError } from '../billing.error';
import { BillingCompleteness } from './billing-completeness';
import { INVOICE_COLUMNS, invoiceView, type InvoiceRow, type InvoiceView } from './invoice.view';

export interface InvoiceFilters {
  /** First day of the month. */
  readonly period?: string;
  readonly status?: string;
  readonly reconciliation?: string;
}

const FROM = 'from cloud_invoices i left join cloud_finance_outbox o on o.invoice_id = i.id';

/** Reads invoices with what became of them. */
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
      `select ${INVOICE_COLUMNS} ${FROM}
        where ($1::date is null or i.period = $1) and ($2::text is null or i.status = $2) and ($3::text is null or i.reconciliation = $3)
          and ($4::uuid is null or (i.period, i.id) < (select period, id from cloud_invoices where id = $4))
        order by i.period desc, i.id desc limit $5`,
      [filters.period ?? null, filters.status ?? null, filters.reconciliation ?? null, decodeCursor(page.cursor, UUID_KEY), page.limit + 1],
    );
    const { shown, next_cursor } = pageOf(rows, page.limit, (row) => row.id);
    return { data: shown.map(invoiceView), page: { next_cursor }, ...complete };
  }

  /** Throws `InvoiceNotFoundError`. */
  async get(invoiceId: string): Promise<InvoiceView> {
    const [row] = await this.database.query<InvoiceRow>(`select ${INVOICE_COLUMNS} ${FROM} where i.id = $1`, [invoiceId]);
    if (!row) throw new InvoiceNotFoundError(invoiceId);
    return invoiceView(row);
  }
}

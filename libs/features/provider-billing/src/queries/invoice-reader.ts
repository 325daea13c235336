import { Database } from '#libs/database';
import { decodeCursor, pageOf, UUID_KEY, type ListAnswer, type PageRequest } from '#libs/kernel';
import { CompletenessReader } from '#libs/inventory';
import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import type { Repository } from 'typeorm';
import { Invoice } from '../entities/invoice.entity';
import { InvoiceNotFoundError } from '../provider-billing.errors';

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
  readonly status: Invoice['status'];
  readonly failure: Invoice['failure'];
  /** `difference`: the invoice's amount minus the sum of its lines. */
  readonly reconciliation: { readonly status: Invoice['reconciliation']; readonly difference: string | null };
  readonly lines: number | null;
  /** Cells that no money depends on and that could not be read; their text is kept. */
  readonly unreadable_cells: number | null;
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

export interface InvoiceFilters {
  /** First day of the month. */
  readonly period?: string;
  readonly status?: string;
  readonly reconciliation?: string;
}

/** Reads invoices with the state of their ingest, reconciliation and delivery to finance. */
@Injectable()
export class InvoiceReader {
  constructor(
    @InjectRepository(Invoice) private readonly invoices: Repository<Invoice>,
    private readonly database: Database,
    private readonly lists: CompletenessReader,
  ) {}

  /** Latest period first. Throws `InvalidCursorError`. */
  async list({ period, status, reconciliation }: InvoiceFilters, page: PageRequest): Promise<ListAnswer<InvoiceView>> {
    const complete = await this.completeness();
    const before = decodeCursor(page.cursor, UUID_KEY);
    const query = this.invoices.createQueryBuilder('i');
    if (period !== undefined) query.andWhere('i.period = :period', { period });
    if (status !== undefined) query.andWhere('i.status = :status', { status });
    if (reconciliation !== undefined) query.andWhere('i.reconciliation = :reconciliation', { reconciliation });
    if (before !== null) query.andWhere(BEFORE, { before });
    const rows = await query
      .orderBy('i.period', 'DESC')
      .addOrderBy('i.id', 'DESC')
      .limit(page.limit + 1)
      .getMany();
    const { items, next_cursor } = pageOf(rows, page.limit, ({ id }) => id);
    return { data: items.map(invoiceView), page: { next_cursor }, ...complete };
  }

  /** Throws `InvoiceNotFoundError`. */
  async get(invoiceId: string): Promise<InvoiceView> {
    const invoice = await this.invoices.findOneBy({ id: invoiceId });
    if (!invoice) throw new InvoiceNotFoundError(invoiceId);
    return invoiceView(invoice);
  }

  /** How complete lists of costs are: when invoices were last listed, and how many are not ingested yet. [INV-15] */
  async completeness(): Promise<Pick<ListAnswer<never>, 'as_of' | 'completeness'>> {
    const row = await this.invoices
      .createQueryBuilder('i')
      .select('(select max(a.billing_history_read_at) from cloud_accounts a)', 'as_of')
      .addSelect('count(*) filter (where i.ingested_at is null)::int', 'open')
      .addSelect('count(*)::int', 'total')
      .getRawOne<{ as_of: Date | null; open: number; total: number }>();
    const as_of = row?.as_of?.toISOString() ?? null;
    const open = row?.open ?? 0;
    const waiting = open > 0 ? await this.whatIngestWaitsFor() : '';
    const reason =
      as_of === null ? 'never_read' : open > 0 ? `${open} of ${row?.total ?? 0} invoices are not ingested yet${waiting}` : null;
    return { as_of, completeness: { invoice: { as_of, complete: reason === null, reason } } };
  }

  /**
   * The kinds of which there is no complete list yet, and those of them that ingestion waits for: lines can only be matched to known
   * resources. It waits for the first listing of each kind, for an hour after the start at most. A kind whose listing ended incomplete does
   * not delay the others; its lines are matched again after its first complete list.
   */
  async unlistedKinds(): Promise<{ readonly unlisted: string[]; readonly awaited: string[] }> {
    const { completeness } = await this.lists.ofKind(undefined);
    const kinds = Object.entries(completeness);
    const unlisted = kinds.flatMap(([kind, { as_of }]) => (as_of === null ? [kind] : []));
    const untried = kinds.flatMap(([kind, { as_of, reason }]) => (as_of === null && reason === 'never_swept' ? [kind] : []));
    const mayWait = untried.length > 0 || unlisted.length === kinds.length;
    if (!mayWait || !(await this.database.query(FIRST_HOUR)).length) return { unlisted, awaited: [] };
    return { unlisted, awaited: untried.length > 0 ? untried : unlisted };
  }

  private async whatIngestWaitsFor(): Promise<string> {
    const { awaited } = await this.unlistedKinds();
    return awaited.length === 0 ? '' : `, because the first listing of ${awaited.join(', ')} has not ended`;
  }
}

/** A row while the account has been known for less than an hour. A kind that the token may not list is never listed. */
const FIRST_HOUR = `select 1 from cloud_accounts where pinned_at >= clock_timestamp() - interval '1 hour'`;

const BEFORE = `(i.period, i.id) < (select b.period, b.id from cloud_invoices b where b.id = :before)`;

function invoiceView(invoice: Invoice): InvoiceView {
  return {
    id: invoice.id,
    invoice_uuid: invoice.invoiceUuid,
    invoice_number: invoice.invoiceNumber,
    period: invoice.period.slice(0, 7),
    issued_on: invoice.issuedOn,
    amount: invoice.amount.toText(),
    tax_amount: invoice.taxAmount?.toText() ?? null,
    currency: invoice.currency,
    status: invoice.status,
    failure: invoice.failure,
    lines: invoice.lines,
    unreadable_cells: invoice.unreadableCells,
    finance_invoice_id: invoice.financeInvoiceId,
    push_error: invoice.pushError,
    matched_line_ratio: invoice.matchedLineRatio,
    attributed_amount_ratio: invoice.attributedAmountRatio,
    reconciliation: { status: invoice.reconciliation, difference: invoice.difference?.toText() ?? null },
    ingested_at: invoice.ingestedAt?.toISOString() ?? null,
    pushed_to_finance_at: invoice.pushedToFinanceAt?.toISOString() ?? null,
  };
}

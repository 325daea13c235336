import { Database } from '#libs/database';
import { decodeCursor, pageOf, UUID_PATTERN, type ListAnswer, type PageRequest } from '#libs/kernel';
import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Raw, type Repository } from 'typeorm';
import type { CostLine } from '../entities/cost-line.entity';
import { Invoice } from '../entities/invoice.entity';
import { LinesReplacedError } from '../provider-billing.errors';
import { InvoiceReader } from './invoice-reader';

export interface CostLineFilters {
  /** First day of the month. */
  readonly period?: string;
  readonly invoice_id?: string;
  readonly kind?: string;
  readonly tenant_id?: string;
  readonly project_name?: string;
  readonly resource_id?: string;
  readonly matched?: boolean;
}

/** A line of an invoice in the API. */
export interface CostLineView {
  /** Stable for a line number of an invoice, also when the invoice is ingested again. */
  readonly id: string;
  readonly invoice_id: string;
  readonly line_no: number;
  readonly product: string;
  readonly kind: string;
  readonly group_description: string | null;
  readonly description: string;
  readonly category: string | null;
  readonly resource_id: string | null;
  /** `reason`: why no resource was found; null where one was. */
  readonly match: { readonly method: string | null; readonly reason: string | null };
  readonly project_name: string | null;
  readonly tenant_id: string | null;
  readonly hours: string | null;
  readonly started_at: string | null;
  readonly ended_at: string | null;
  readonly amount: string;
  readonly currency: string;
  readonly is_tax: boolean;
}

/** The keys by which costs can be grouped, each with its column. */
export const GROUPS = {
  tenant: 'l.tenant_id',
  kind: 'l.kind',
  project: 'l.project_name',
  product: 'l.product',
  period: `to_char(i.period, 'YYYY-MM')`,
} as const;

export type Group = keyof typeof GROUPS;

/** The exact invoiced amount of one group, and the tax that it contains. */
export type CostGroup = Readonly<Partial<Record<Group, string | null>>> & {
  readonly amount: string;
  readonly tax_amount: string;
  readonly lines: number;
};

export interface CostSummary {
  readonly period: string | null;
  /** When the invoices were last listed; null before the first listing. [INV-15] */
  readonly as_of: string | null;
  readonly currency: 'USD';
  readonly invoices: number;
  readonly amount: string;
  readonly tax_amount: string;
  readonly groups: readonly CostGroup[];
}

/** A line as `LIST` selects it: columns of `CostLine` and `Invoice`, amounts as text. */
interface CostLineRow extends Omit<CostLineView, 'match' | 'started_at' | 'ended_at'> {
  readonly period_key: string;
  readonly line_set: string;
  readonly match_method: CostLine['matchMethod'];
  readonly match_reason: CostLine['matchReason'];
  readonly started_at: CostLine['startedAt'];
  readonly ended_at: CostLine['endedAt'];
}

/** Reads and sums the lines of invoices, never an estimate. [BIL-9] */
@Injectable()
export class CostLineReader {
  constructor(
    private readonly database: Database,
    @InjectRepository(Invoice) private readonly invoices: Repository<Invoice>,
    private readonly invoiceReader: InvoiceReader,
  ) {}

  /** Latest period first, and the lines of an invoice in its order. Throws `InvalidCursorError` and `LinesReplacedError`. */
  async list(filters: CostLineFilters, page: PageRequest): Promise<ListAnswer<CostLineView>> {
    const complete = await this.invoiceReader.completeness();
    const [period, invoiceId, lineNo, lineSet] = decodeCursor(page.cursor, COST_LINE_KEY)?.split('/') ?? [];
    if (invoiceId !== undefined && lineSet !== undefined) await this.mustStillBe(invoiceId, lineSet);
    const rows = await this.database.query<CostLineRow>(LIST, [
      filters.period ?? null,
      filters.invoice_id ?? null,
      filters.kind ?? null,
      filters.tenant_id ?? null,
      filters.project_name ?? null,
      filters.resource_id ?? null,
      filters.matched ?? null,
      period ?? null,
      invoiceId ?? null,
      lineNo ?? null,
      page.limit + 1,
    ]);
    const { items, next_cursor } = pageOf(rows, page.limit, (row) => `${row.period_key}/${row.invoice_id}/${row.line_no}/${row.line_set}`);
    return { data: items.map(costLineView), page: { next_cursor }, ...complete };
  }

  /**
   * `period` is the first day of a month, or undefined for all invoices. `groupBy` has at least one group. The largest amounts come first.
   * Every line is in exactly one group, and groups and total come from one statement, so the groups always add up to the total. Set-based.
   */
  async summary(period: string | undefined, groupBy: readonly Group[]): Promise<CostSummary> {
    const columns = groupBy.map((group) => `${GROUPS[group]} as "${group}"`);
    const keys = groupBy.map((group) => GROUPS[group]).join(', ');
    const { as_of } = await this.invoiceReader.completeness();
    const rows = await this.database.query<CostGroup & { invoices: number; whole: boolean }>(
      `select ${columns.join(', ')}, ${SUMS}, grouping(${keys}) <> 0 as whole
         from cloud_cost_lines l join cloud_invoices i on i.id = l.invoice_id where ($1::date is null or i.period = $1)
        group by grouping sets ((${keys}), ()) order by whole desc, sum(l.amount) desc nulls last, ${keys}`,
      [period ?? null],
    );
    const [total, ...groups] = rows;
    return {
      period: period?.slice(0, 7) ?? null,
      as_of,
      currency: 'USD',
      invoices: total?.invoices ?? 0,
      amount: total?.amount ?? '0',
      tax_amount: total?.tax_amount ?? '0',
      groups: groups.map(({ invoices: _invoices, whole: _whole, ...group }) => group),
    };
  }

  /** Throws when the line set of the previous page was replaced: the next page would be a mix of both sets. [BIL-2] */
  private async mustStillBe(invoiceId: string, lineSet: string): Promise<void> {
    const isSame = Raw((hash) => `${lineSetOf(hash)} = :lineSet`, { lineSet });
    if (!(await this.invoices.existsBy({ id: invoiceId, documentHash: isSame }))) throw new LinesReplacedError(invoiceId);
  }
}

const SUMS = `coalesce(sum(l.amount), 0)::text as amount, coalesce(sum(l.amount) filter (where l.is_tax), 0)::text as tax_amount, count(*)::int as lines,
count(distinct l.invoice_id)::int as invoices`;

/** The key of a line in a cursor: period, invoice, number of the line, line set. */
const COST_LINE_KEY = new RegExp(`^(19|20|21)\\d{2}-(0[1-9]|1[0-2])-01/${UUID_PATTERN}/[1-9][0-9]{0,8}/[0-9a-f]{1,16}$`);

/** Names a line set: another document makes another one. */
const lineSetOf = (documentHash: string) => `left(${documentHash}, 16)`;

/** Columns of `cloud_cost_lines l join cloud_invoices i`. */
const COST_LINE_COLUMNS = `
md5(l.invoice_id::text || '/' || l.line_no)::uuid as id, l.invoice_id, l.line_no, l.product, l.kind, l.group_description, l.description, l.category,
l.resource_id, l.match_method, l.match_reason, l.project_name, l.tenant_id, l.hours::text, l.started_at, l.ended_at, l.amount::text, i.currency, l.is_tax`;

/** Measured: reads invoice by invoice, and of each only as many lines as the page needs. The index of the key has the lines of one together. */
const LIST = `
select ${COST_LINE_COLUMNS}, to_char(i.period, 'YYYY-MM-DD') as period_key, ${lineSetOf('i.document_hash')} as line_set
  from (select * from cloud_invoices
         where ($1::date is null or period = $1) and ($2::uuid is null or id = $2) and ($8::date is null or (period, id) <= ($8, $9::uuid))
         order by period desc, id desc) i
 cross join lateral (
   select * from cloud_cost_lines c
    where c.invoice_id = i.id and c.line_no > case when i.id = $9::uuid then $10::int else 0 end
      and ($3::text is null or c.kind = $3) and ($4::text is null or c.tenant_id = $4) and ($5::text is null or c.project_name = $5)
      and ($6::uuid is null or c.resource_id = $6) and ($7::boolean is null or (c.match_method is not null) = $7)
    order by c.line_no limit $11) l
 order by i.period desc, i.id desc, l.line_no limit $11`;

function costLineView({
  match_method,
  match_reason,
  started_at,
  ended_at,
  period_key: _key,
  line_set: _set,
  ...rest
}: CostLineRow): CostLineView {
  return {
    ...rest,
    match: { method: match_method, reason: match_reason },
    started_at: started_at?.toISOString() ?? null,
    ended_at: ended_at?.toISOString() ?? null,
  };
}

import { Database } from '#libs/database';
import { Injectable } from '@nestjs/common';

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
  readonly currency: 'USD';
  readonly invoices: number;
  readonly amount: string;
  readonly tax_amount: string;
  readonly groups: readonly CostGroup[];
}

/** Sums invoiced lines. Every line is in exactly one group, so the groups add up to the total. [BIL-9] */
@Injectable()
export class CostSummaries {
  constructor(private readonly database: Database) {}

  /**
   * `period` is the first day of a month, or undefined for all invoices. `groupBy` has at least one group. The largest amounts come first.
   * Groups and total come from one statement, so they always agree.
   */
  async read(period: string | undefined, groupBy: readonly Group[]): Promise<CostSummary> {
    const columns = groupBy.map((group) => `${GROUPS[group]} as "${group}"`);
    const keys = groupBy.map((group) => GROUPS[group]).join(', ');
    const rows = await this.database.query<CostGroup & { invoices: number; whole: boolean }>(
      `select ${columns.join(', ')}, ${SUMS}, grouping(${keys}) <> 0 as whole
         from cloud_cost_lines l join cloud_invoices i on i.id = l.invoice_id where ($1::date is null or i.period = $1)
        group by grouping sets ((${keys}), ()) order by whole desc, sum(l.amount) desc nulls last, ${keys}`,
      [period ?? null],
    );
    const [total, ...groups] = rows;
    return {
      period: period?.slice(0, 7) ?? null,
      currency: 'USD',
      invoices: total?.invoices ?? 0,
      amount: total?.amount ?? '0',
      tax_amount: total?.tax_amount ?? '0',
      groups: groups.map(({ invoices: _invoices, whole: _whole, ...group }) => group),
    };
  }
}

const SUMS = `coalesce(sum(l.amount), 0)::text as amount, coalesce(sum(l.amount) filter (where l.is_tax), 0)::text as tax_amount, count(*)::int as lines,
count(distinct l.invoice_id)::int as invoices`;

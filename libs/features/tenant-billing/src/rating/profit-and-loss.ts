import { Database } from '#libs/database';
import { Money } from '#libs/kernel';
import { Injectable } from '@nestjs/common';
import { firstDay, monthOf, monthsLater } from '../months';
import { DEFAULT_ISSUER } from '../profiles/billing-profiles';
import { NotRatedError } from '../tenant-billing.errors';

export const PNL_GROUPS = ['tenant', 'kind', 'month'] as const;
export type PnlGroup = (typeof PNL_GROUPS)[number];

/** What tenants cost and pay, in one group. Margin is sell minus both buy amounts. */
export interface PnlFigures {
  readonly buy_direct: string;
  readonly buy_shared: string;
  readonly sell: string;
  readonly margin: string;
}

/**
 * The profit and loss of rated months. Always: `buy_direct` and `buy_shared` of all tenants, and the five amounts that no tenant has, add up to
 * `payable`; `difference` is what is missing, 0.00. [TBL-1]
 */
export interface PnlView {
  readonly period: string;
  readonly currency: 'USD';
  readonly tenants: readonly (PnlFigures & { readonly tenant_id: string })[];
  readonly kinds: readonly (PnlFigures & { readonly kind: string })[];
  readonly months: readonly (PnlFigures & { readonly month: string })[];
  readonly total: PnlFigures;
  readonly house: string;
  readonly unattributed: string;
  readonly tax_kept: string;
  readonly credits_kept: string;
  readonly reconciliation_difference: string;
  readonly payable: string;
  readonly difference: string;
  /** The provider's invoices of these months that are in no amount, because they are not reconciled. */
  readonly unreconciled_invoices: readonly string[];
  /** Invoices or their amounts changed since the months were rated: start a new run. */
  readonly stale: boolean;
  readonly rated_at: string;
}

/** Months of one answer that is grouped by month. */
const MOST_MONTHS = 12;

/** Set-based: sums of the rated lines of months by bucket and key. $1 issuer, $2 first month, $3 last month. */
const sumsBy = (key: string) => `
select ${key} as key, sum(buy) filter (where bucket = 'tenant_direct')::text as direct, sum(buy) filter (where bucket = 'tenant_shared')::text as shared,
       sum(sell)::text as sell, sum(buy) filter (where bucket = 'house')::text as house, sum(buy) filter (where bucket = 'unattributed')::text as unattributed,
       sum(buy) filter (where bucket = 'tax_kept')::text as tax_kept, sum(buy) filter (where bucket = 'credits_kept')::text as credits_kept
  from rated_lines where issuer_id = $1 and period between $2::date and $3::date group by 1 order by 1`;

const KEYS: Readonly<Record<PnlGroup, string>> = {
  tenant: 'tenant_id collate "C"',
  kind: `case when tenant_id is not null then line_kind end collate "C"`,
  month: `to_char(period, 'YYYY-MM')`,
};

/** Set-based: the last completed run of each month, and the provider's invoices as they are now. $1 issuer, $2 first month, $3 last month. */
const RUNS = `
with run as (
  select distinct on (period) period, totals, finished_at from billing_runs
   where issuer_id = $1 and period between $2::date and $3::date and status = 'completed' order by period, finished_at desc),
invoice as (
  select period, invoice_uuid, amount, coalesce(status = 'ingested' and reconciliation in ('reconciled', 'released'), false) as counts
    from cloud_invoices where period between $2::date and $3::date)
select to_char(r.period, 'YYYY-MM') as month, r.totals ->> 'payable' as payable, r.totals ->> 'reconciliation_difference' as difference,
       r.finished_at as rated_at,
       coalesce((select sum(i.amount) from invoice i where i.period = r.period and i.counts), 0)::text as payable_now,
       array(select i.invoice_uuid from invoice i where i.period = r.period and not i.counts order by 1) as unreconciled
  from run r order by 1`;

interface SumRow {
  readonly key: string | null;
  readonly direct: string | null;
  readonly shared: string | null;
  readonly sell: string | null;
  readonly house: string | null;
  readonly unattributed: string | null;
  readonly tax_kept: string | null;
  readonly credits_kept: string | null;
}

interface RunRow {
  readonly month: string;
  readonly payable: string;
  readonly difference: string;
  readonly rated_at: Date;
  readonly payable_now: string;
  readonly unreconciled: readonly string[];
}

/** Reads the profit and loss of rated months. For admins only: it has buy amounts. */
@Injectable()
export class ProfitAndLoss {
  constructor(private readonly database: Database) {}

  /** One month by tenant or kind, or the twelve months that end with it. Throws `NotRatedError`. */
  async read(period: string, group: PnlGroup): Promise<PnlView> {
    const from = group === 'month' ? monthsLater(period, 1 - MOST_MONTHS) : firstDay(period);
    const values = [DEFAULT_ISSUER, from, firstDay(period)];
    const [rows, runs] = await this.database.transaction(async (tx) => {
      await tx.query('set transaction isolation level repeatable read'); // Fenced: lines and runs of one moment
      return [await tx.query<SumRow>(sumsBy(KEYS[group]), values), await tx.query<RunRow>(RUNS, values)] as const;
    });
    if (runs.length === 0) throw new NotRatedError(monthOf(period));
    const kept = (name: 'house' | 'unattributed' | 'tax_kept' | 'credits_kept') => sum(rows.map((row) => row[name]));
    const payable = sum(runs.map((run) => run.payable));
    const differences = sum(runs.map((run) => run.difference));
    const parts = [kept('house'), kept('unattributed'), kept('tax_kept'), kept('credits_kept'), differences];
    const tenants = [...rows.map((row) => row.direct), ...rows.map((row) => row.shared)];
    const groups = rows.flatMap(({ key, ...row }) => (key === null ? [] : [{ key, figures: figures([row]) }]));
    const of = <K extends string>(name: PnlGroup, field: K) =>
      (group === name ? groups : []).map(({ key, figures: amounts }) => ({ [field]: key, ...amounts }) as PnlFigures & Record<K, string>);
    return {
      period: monthOf(period),
      currency: 'USD',
      tenants: of('tenant', 'tenant_id'),
      kinds: of('kind', 'kind'),
      months: of('month', 'month'),
      total: figures(rows),
      house: kept('house').toAmountText(),
      unattributed: kept('unattributed').toAmountText(),
      tax_kept: kept('tax_kept').toAmountText(),
      credits_kept: kept('credits_kept').toAmountText(),
      reconciliation_difference: differences.toAmountText(),
      payable: payable.toAmountText(),
      difference: payable.subtract(Money.sum([sum(tenants), ...parts])).toAmountText(),
      unreconciled_invoices: runs.flatMap(({ unreconciled }) => unreconciled),
      stale: runs.some((run) => !Money.parse(run.payable).equals(Money.parse(run.payable_now))),
      rated_at: new Date(Math.min(...runs.map(({ rated_at }) => rated_at.getTime()))).toISOString(),
    };
  }
}

const sum = (amounts: readonly (string | null)[]): Money =>
  Money.sum(amounts.flatMap((amount) => (amount === null ? [] : Money.parse(amount))));

function figures(rows: readonly Pick<SumRow, 'direct' | 'shared' | 'sell'>[]): PnlFigures {
  const [direct, shared, sell] = [sum(rows.map((row) => row.direct)), sum(rows.map((row) => row.shared)), sum(rows.map((row) => row.sell))];
  return {
    buy_direct: direct.toAmountText(),
    buy_shared: shared.toAmountText(),
    sell: sell.toAmountText(),
    margin: sell.subtract(direct).subtract(shared).toAmountText(),
  };
}

import { CONFIG, type Config } from '#libs/config';
import { Database } from '#libs/database';
import { filterSql, type ResourceFilters } from '#libs/inventory';
import { Money } from '#libs/kernel';
import { Inject, Injectable } from '@nestjs/common';
import { ACCRUAL_SETTINGS } from './accrual.sql';
import { accruedLinesStatement, type AccruedLine } from './accrued-lines.sql';
import { CostRollup } from './cost-rollup';
import { monthWindows, MOST_MONTHS, type CostGroupKey, type CostWindow } from './cost-window';

/** What a tenant pays for one line of a month, before tax. */
export interface SoldLine {
  readonly kind: string;
  readonly product: string;
  /** The place of its accrued line; null for what no resource stands behind, such as a fee. */
  readonly of: number | null;
  /** Exact decimal text; null without a rate. */
  readonly sell: string | null;
}

/** What accrued for all tenants in a month, at list prices: by tenant, and `null` for what belonged to none. */
export type AccruedSums = ReadonlyMap<string | null, string>;

/**
 * A port: rates what accrued as the provider's lines of a closed month are rated. Tenant billing sets it with `TenantPrice.useRating`; without it
 * tenants pay list prices.
 */
export interface AccrualRating {
  /** `period` is the first day of the month. `sums` is asked only where a tenant gets a part of what belongs to none. */
  rate(tenantId: string, period: string, lines: readonly AccruedLine[], sums: () => Promise<AccruedSums>): Promise<readonly SoldLine[]>;
}

/** The sums of sell prices, with a group for each key. */
export interface SellSums {
  readonly groups: (Readonly<Partial<Record<Exclude<CostGroupKey, 'tax'>, string | null>>> & {
    readonly tax?: boolean;
    readonly amount: string;
  })[];
  readonly amount: string;
  readonly unpriced: readonly { readonly kind: string; readonly reason: string; readonly count: number }[];
}

const KEYS: Record<CostGroupKey, string> = {
  tenant: 'tenant_id',
  kind: 'line_kind',
  project: 'project',
  product: 'product',
  resource: 'resource_id::text',
  region: 'region',
  tax: 'false',
  month: `to_char(period, 'YYYY-MM')`,
  day: 'day',
};

/** Set-based: the months of a window, and when those that have a completed run were rated last. $1 since, $2 until. */
const RATED_MONTHS = `
select count(*)::int as months, count(r.rated_at)::int as rated, min(r.rated_at) as rated_at
  from generate_series(date_trunc('month', $1::timestamptz at time zone 'UTC'), $2::timestamptz at time zone 'UTC' - interval '1 microsecond', interval '1 month') m
  left join lateral (select max(b.finished_at) as rated_at from billing_runs b where b.period = m::date and b.status = 'completed') r on true`;

const SOLD_AT_LIST: AccrualRating = {
  rate: async (_tenantId, _period, lines) => lines.map(({ kind, product, amount }, of) => ({ kind, product, of, sell: amount })),
};

/**
 * What tenants pay for what they have: the only source of amounts that a tenant gets. Rated months are read as they were rated, and what accrued is
 * rated now, from list prices. It names no column with a buy amount. [TNT-6]
 */
@Injectable()
export class TenantPrice {
  private accrualRating = SOLD_AT_LIST;
  /** What accrued for all tenants, by month. It is read again when it is as old as an answer about costs may be. */
  private readonly sumsOfMonths = new Map<string, { readonly sums: Promise<AccruedSums>; readonly atMs: number }>();

  constructor(
    private readonly database: Database,
    private readonly rollup: CostRollup,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  useRating(rating: AccrualRating): void {
    this.accrualRating = rating;
  }

  /** As of when all months of a window are rated; null when one of them is not. */
  async rating({ since, until }: CostWindow): Promise<{ readonly as_of: string } | null> {
    const [row] = await this.database.query<{ months: number; rated: number; rated_at: Date | null }>(RATED_MONTHS, [since, until]);
    return row?.rated_at && row.months === row.rated ? { as_of: row.rated_at.toISOString() } : null;
  }

  /** The sums of a tenant's rated months. A line without a price is named in `unpriced`. */
  invoiced(
    tenantId: string,
    window: CostWindow,
    groupBy: readonly CostGroupKey[],
    filters: ResourceFilters,
  ): Promise<SellSums | undefined> {
    return this.sums(tenantId, window, groupBy, filters, null);
  }

  /**
   * The sums of what accrued for a tenant, at its sell prices. Each month of the window is rated as a whole, until now, and then cut at the ends
   * of the window and at midnight where days are asked for. What no resource stands behind, such as a fee, is spread over the month so far.
   */
  async accrued(
    tenantId: string,
    window: CostWindow,
    groupBy: readonly CostGroupKey[],
    filters: ResourceFilters,
  ): Promise<SellSums | undefined> {
    const lines: SellRow[] = [];
    for (const month of monthWindows(window)) lines.push(...(await this.ofMonth(tenantId, month, window, groupBy.includes('day'))));
    return this.sums(tenantId, window, groupBy, filters, lines);
  }

  private async ofMonth(tenantId: string, month: CostWindow, window: CostWindow, byDay: boolean): Promise<SellRow[]> {
    const { text, values } = accruedLinesStatement(month, tenantId);
    const accrued = await this.database.transaction(async (tx) => {
      await tx.query(ACCRUAL_SETTINGS);
      return tx.query<AccruedLine>(text, values);
    });
    const priced = accrued.filter(({ reason }) => reason === null);
    const sold = await this.accrualRating.rate(tenantId, month.since.slice(0, 10), priced, () => this.sumsOfAll(month));
    const [monthMs, asked] = [spanOf(month), spanOf(window)];
    const rows = sold.flatMap(({ kind, product, sell, of }): SellRow[] => {
      const line = of === null ? undefined : priced[of];
      const row = { ...placeOf(line), line_kind: kind, product, period: month.since.slice(0, 10), day: null, sell, reason: 'no_rate' };
      if (sell === null || (window.isWhole && !byDay)) return [row];
      const parts = cutByTime(Money.parse(sell), line?.times ?? [monthMs], asked, byDay);
      return parts.map(({ day, amount }) => ({ ...row, day: day === '' ? null : day, sell: amount.toText() }));
    });
    const without = accrued.filter(({ reason }) => reason !== null);
    return [
      ...rows,
      ...without.map((line) => ({
        ...placeOf(line),
        line_kind: line.kind,
        product: line.product,
        period: month.since.slice(0, 10),
        day: null,
        sell: null,
        reason: line.reason,
      })),
    ];
  }

  private sumsOfAll(month: CostWindow): Promise<AccruedSums> {
    const known = this.sumsOfMonths.get(month.since);
    if (known && performance.now() - known.atMs < this.config.costs.freshMs) return known.sums;
    if (this.sumsOfMonths.size > MOST_MONTHS) this.sumsOfMonths.clear();
    const sums = this.readSums(month);
    this.sumsOfMonths.set(month.since, { sums, atMs: performance.now() });
    sums.catch(() => this.sumsOfMonths.delete(month.since));
    return sums;
  }

  private async readSums(window: CostWindow): Promise<AccruedSums> {
    const request = { window, groupBy: ['tenant'], basis: 'list', tenant: undefined, unattributed: false, filters: {} } as const;
    const row = await this.rollup.sums<SellSums>(request);
    return new Map((row?.groups ?? []).map(({ tenant, amount }) => [tenant ?? null, Money.parse(amount).trim().toText()] as const));
  }

  private sums(
    tenantId: string,
    window: CostWindow,
    groupBy: readonly CostGroupKey[],
    { tenant_id: _own, unattributed: _none, ...filters }: ResourceFilters,
    rows: readonly SellRow[] | null,
  ): Promise<SellSums | undefined> {
    const { text, values } = sellStatement(tenantId, window, groupBy, filters, rows);
    return this.database.asTenant(tenantId, async (tx) => (await tx.query<SellSums>(text, values))[0]);
  }
}

/** A sold line as `sellStatement` reads it. */
interface SellRow {
  readonly line_kind: string;
  readonly product: string;
  readonly resource_id: string | null;
  readonly project_name: string | null;
  readonly region: string | null;
  readonly period: string;
  readonly day: string | null;
  readonly sell: string | null;
  readonly reason: string | null;
}

const placeOf = (line: AccruedLine | undefined) => ({
  resource_id: line?.resource_id ?? null,
  project_name: line?.project_name ?? null,
  region: line?.region ?? null,
});

const spanOf = ({ since, until }: CostWindow) => [Date.parse(since), Date.parse(until)] as const;

/** Lines of rated months. $1 tenant, $2 since, $3 until. */
const RATED_LINES = `rated_lines l`;
const OF_THE_MONTHS = `l.tenant_id = $1 and l.period >= ($2::timestamptz at time zone 'UTC')::date and l.period < $3::timestamptz at time zone 'UTC'`;

/** Lines that are given. $1 tenant, $2 the lines as JSON. */
const GIVEN_LINES = `json_to_recordset($2) as l (line_kind text, product text, resource_id uuid, project_name text, region text, period date, day text,
        sell numeric, reason text)`;

/** What filters ask of a resource. Measured: without filters the join is half of the time of the statement. */
const OF_RESOURCE = `coalesce(l.region, r.region) as region, r.status, r.size_slug, r.attributed_by, r.cloud_project_id, r.provider_id, r.urn, r.name, r.attrs,
           r.changed_at, r.deleted_at`;

/** Set-based: each line is in exactly one group. `rows`: lines that are given, instead of those of rated months. */
function sellStatement(
  tenantId: string,
  { since, until, mostGroups }: CostWindow,
  groupBy: readonly CostGroupKey[],
  filters: ResourceFilters,
  rows: readonly SellRow[] | null,
) {
  const { conditions, values } = filterSql({ ...filters, include_deleted: true }, rows ? 3 : 4);
  const asksResource = conditions.length > 0 || groupBy.includes('region');
  const keys = groupBy.map((key) => `"${key}"`).join(', ');
  const columns = [...groupBy.map((key) => `${KEYS[key]} as "${key}"`), 'sum(sell) as amount'];
  const text = `
with asked as (
  select * from (
    select l.line_kind as kind, l.line_kind, l.product, $1::text as tenant_id, l.sell, l.resource_id, l.project_name as project, l.period,
           ${rows ? 'l.day, l.reason' : `null::text as day, 'no_rate' as reason`},
           ${asksResource ? OF_RESOURCE : 'l.region'}
      from ${rows ? GIVEN_LINES : RATED_LINES} ${asksResource ? 'left join cloud_resources r on r.id = l.resource_id' : ''}
     where ${rows ? 'true' : OF_THE_MONTHS}) lines
   where ${conditions.length === 0 ? 'true' : conditions.join(' and ')}),
groups as (select ${columns.join(', ')} from asked where sell is not null ${groupBy.length > 0 ? `group by ${groupBy.map((_key, at) => at + 1).join(', ')}` : ''})
select (select coalesce(json_agg(g), '[]') from (select ${keys === '' ? '' : `${keys}, `}amount::text as amount from groups where amount is not null
          order by groups.amount desc${keys === '' ? '' : `, ${keys}`} limit ${mostGroups + 1}) g) as groups,
       (select coalesce(sum(amount), 0)::text from groups) as amount,
       (select coalesce(json_agg(u), '[]') from (select kind, reason, count(distinct coalesce(resource_id::text, product))::int as count
          from asked where sell is null group by 1, 2 order by 1, 2) u) as unpriced`;
  return { text, values: [tenantId, ...(rows ? [JSON.stringify(rows)] : [since, until]), ...values] };
}

/** Milliseconds since 1970: begin and end. */
type TimeSpan = readonly [fromMs: number, untilMs: number];

const DAY_MS = 86_400_000;
/** Decimal places of a part of an amount. */
const PLACES = 10;

/** A part of an amount, of the day that it begins on, as `2026-10-07`. */
interface TimePart {
  readonly day: string;
  readonly amount: Money;
}

/**
 * The parts of an amount in a window, by day where `byDay`, spread evenly over the times that it is for. They are cut from its running sum in the
 * order of time, so that adjacent windows add up to the amount exactly. Pure. [PRC-1]
 */
function cutByTime(amount: Money, times: readonly TimeSpan[], window: TimeSpan, byDay: boolean): TimePart[] {
  const all = times.reduce((sum, [from, until]) => sum + until - from, 0);
  const units = amount.toUnits(PLACES);
  const upTo = (ms: number): bigint => (units * BigInt(ms)) / BigInt(Math.max(all, 1));
  const days = new Map<string, bigint>();
  let reached = 0;
  for (const [from, until] of times) {
    for (let at = from; at < until;) {
      const end = Math.min(
        until,
        ...[window[0], window[1], byDay ? (Math.floor(at / DAY_MS) + 1) * DAY_MS : Infinity].filter((cut) => cut > at),
      );
      const part = upTo(reached + end - at) - upTo(reached);
      const day = byDay ? new Date(at).toISOString().slice(0, 10) : '';
      if (at >= window[0] && at < window[1]) days.set(day, (days.get(day) ?? 0n) + part);
      reached += end - at;
      at = end;
    }
  }
  return [...days].map(([day, part]) => ({
    day,
    amount: Money.parse('1')
      .ratio(part, 10n ** BigInt(PLACES), PLACES)
      .trim(),
  }));
}

import { Database } from '#libs/database';
import { filterSql, type ResourceFilters } from '#libs/inventory';
import { Injectable } from '@nestjs/common';
import type { CostGroupKey, CostWindow } from './cost-window';

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
  day: 'null::text',
};

/** Set-based: the months of a window, and when those that have a completed run were rated last. $1 since, $2 until. */
const RATED_MONTHS = `
select count(*)::int as months, count(r.rated_at)::int as rated, min(r.rated_at) as rated_at
  from generate_series(date_trunc('month', $1::timestamptz at time zone 'UTC'), $2::timestamptz at time zone 'UTC' - interval '1 microsecond', interval '1 month') m
  left join lateral (select max(b.finished_at) as rated_at from billing_runs b where b.period = m::date and b.status = 'completed') r on true`;

/** What tenants pay for what they have: the only source of amounts of rated months that a tenant gets. It names no column with a buy amount. */
@Injectable()
export class TenantPrice {
  constructor(private readonly database: Database) {}

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
    const { tenant_id: _own, ...rest } = filters;
    const { text, values } = sellStatement(tenantId, window, groupBy, rest);
    return this.database.asTenant(tenantId, async (tx) => (await tx.query<SellSums>(text, values))[0]);
  }
}

/** Set-based: each line is in exactly one group. $1 since, $2 until, $3 tenant, then the filters. */
function sellStatement(
  tenantId: string,
  { since, until, mostGroups }: CostWindow,
  groupBy: readonly CostGroupKey[],
  filters: ResourceFilters,
) {
  const { conditions, values } = filterSql({ ...filters, include_deleted: true }, 4);
  const keys = groupBy.map((key) => `"${key}"`).join(', ');
  const columns = [...groupBy.map((key) => `${KEYS[key]} as "${key}"`), 'sum(sell) as amount'];
  const text = `
with asked as (
  select * from (
    select l.line_kind as kind, l.line_kind, l.product, l.tenant_id, l.sell, l.resource_id, l.project_name as project, l.period,
           coalesce(l.region, r.region) as region, r.status, r.size_slug, r.attributed_by, r.cloud_project_id, r.provider_id, r.urn, r.name, r.attrs,
           r.changed_at, r.deleted_at
      from rated_lines l left join cloud_resources r on r.id = l.resource_id
     where l.tenant_id = $3 and l.period >= ($1::timestamptz at time zone 'UTC')::date and l.period < ($2::timestamptz at time zone 'UTC')::date) lines
   where ${conditions.length === 0 ? 'true' : conditions.join(' and ')}),
groups as (select ${columns.join(', ')} from asked where sell is not null ${groupBy.length > 0 ? `group by ${groupBy.map((_key, at) => at + 1).join(', ')}` : ''})
select (select coalesce(json_agg(g), '[]') from (select ${keys === '' ? '' : `${keys}, `}amount::text as amount from groups where amount is not null
          order by groups.amount desc${keys === '' ? '' : `, ${keys}`} limit ${mostGroups + 1}) g) as groups,
       (select coalesce(sum(amount), 0)::text from groups) as amount,
       (select coalesce(json_agg(u), '[]') from (select kind, 'no_rate' as reason, count(*)::int as count from asked where sell is null group by 1 order by 1) u)
         as unpriced`;
  return { text, values: [since, until, tenantId, ...values] };
}

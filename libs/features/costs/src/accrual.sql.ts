import type { PriceBasis } from '#libs/catalog';
import { filterSql, PRICED_KINDS, type ResourceFilters } from '#libs/inventory';
import { accrualSteps, ordinals, PRODUCT_NAME } from './accrual-steps.sql';
import type { CostGroupKey, CostWindow } from './cost-window';

/** Measured: most resources of a month are alike, which the planner cannot know, so it would sort all of them instead of hashing. */
export const ACCRUAL_SETTINGS = `set local work_mem = '64MB'; set local enable_sort = off; set local jit = off`;

/** Kinds of which each resource is billed as some product. */
const BILLED_KINDS = `(${PRICED_KINDS.map((kind) => `'${kind}'`).join(', ')})`;

/** What an accrual is asked for. `tenant`: only what this tenant owned at each moment. */
export interface AccrualRequest {
  readonly window: CostWindow;
  readonly groupBy: readonly CostGroupKey[];
  readonly basis: PriceBasis;
  readonly tenant: string | undefined;
  readonly unattributed: boolean;
  /** Without `tenant_id` and `unattributed`, which are asked of each moment, not of now. */
  readonly filters: ResourceFilters;
}

/** What an answer can be grouped by, of a lifetime `l` with a price `p`, by its name in the answer. */
const DIMENSIONS = {
  kind: 'l.billed_kind',
  product: PRODUCT_NAME,
  project: 'l.project',
  resource: 'l.billed_id::text',
  region: 'l.region',
} as const satisfies Partial<Record<CostGroupKey, string>>;

/** SQL on a row of `priced` without a rate: why it has none. */
const UNPRICED_REASON = `case when product is null then case when own_kind in ${BILLED_KINDS} then 'not_priced_yet'
                                               else 'kind_without_details' end
                when units is null or own_kind = 'droplet' then 'unknown_size' else 'no_rate' end`;

/**
 * Set-based: the whole accrual is one statement, whatever the number of resources. Only lines that are cut (by a change of owner, by days, by a
 * window that is no whole month) have pieces: all others go to their only group. $1 since, $2 until, $3 tenant or null, then the filters.
 */
export function accrualStatement(request: AccrualRequest): { text: string; values: unknown[] } {
  const { window, groupBy, basis, tenant, unattributed, filters } = request;
  const { conditions, values } = filterSql({ ...filters, include_deleted: true }, 4);
  const has = (key: CostGroupKey) => groupBy.includes(key);
  const isForTenant = basis === 'list' && tenant !== undefined;
  const byOwner = has('tenant') || tenant !== undefined || unattributed;
  const cutsAll = has('day') || !window.isWhole;
  const dims = (Object.keys(DIMENSIONS) as (keyof typeof DIMENSIONS)[]).filter((key) => has(key) || key === 'kind');
  const columns = dims.map((key) => `of_${key}`).join(', ');
  const keys = groupBy.map((key) => `"${key}"`).join(', ');
  const owner = unattributed ? 'tenant is null and $3::text is null' : '($3::text is null or tenant = $3)';
  const parts = [
    ...(cutsAll
      ? []
      : [
          `select ${columns}, month, is_backup, tenant_id as tenant, null::timestamptz as day, cents * n / 100 as money from amounts where nth_of_line = 1 and not moved`,
        ]),
    ...(cutsAll || byOwner ? [`select ${columns}, month, is_backup, tenant, day, money from parts where nth = 2`] : []),
  ];
  const steps = accrualSteps({
    window,
    basis,
    byOwner,
    ofTenant: tenant !== undefined,
    isForTenant,
    conditions: [...conditions, ...(isForTenant && asksPresent(filters) ? ['r.tenant_id = $3'] : [])],
    columns: Object.fromEntries(dims.map((key) => [`of_${key}`, DIMENSIONS[key]])),
    isEachAlone: false,
    cuts: cutsAll || byOwner ? { byDay: has('day'), cutsAll } : null,
  });
  const text = `${steps},
groups as (
  select ${[...groupBy.map((key) => `${keySql(key)} as "${key}"`), 'sum(money) as amount'].join(', ')}
    from (${parts.join(' union all ')}) found where ${owner} ${groupBy.length > 0 ? `group by ${ordinals(groupBy.length)}` : ''}),
unpriced as (
  select kind, reason, max(count)::int as count from (
    select own_kind as kind, month, count(distinct single) + coalesce(sum(n) filter (where single is null), 0) as count,
           ${UNPRICED_REASON} as reason
      from priced where monthly is null and not is_backup and since < $2::timestamptz and until > $1::timestamptz
           and ${unattributed ? 'tenant_id is null' : `($3::text is null or tenant_id = $3)`} group by 1, 2, 4) by_month
   group by 1, 2)
select (select coalesce(json_agg(g), '[]') from (select ${keys === '' ? '' : `${keys}, `}amount::text as amount from groups where amount is not null
          order by groups.amount desc${keys === '' ? '' : `, ${keys}`} limit ${window.mostGroups + 1}) g) as groups,
       (select coalesce(sum(amount), 0)::text from groups) as amount,
       (select coalesce(json_agg(u order by kind, reason), '[]') from unpriced u) as unpriced`;
  return { text, values: [window.since, window.until, tenant ?? null, ...values] };
}

/** Filters by values that a later owner can change. To an earlier owner such values are those of another tenant. [TEN-3] */
const asksPresent = ({ kind: _kind, region: _region, provider_id: _id, urn: _urn, ...others }: ResourceFilters): boolean =>
  Object.values(others).some((value) => value !== undefined);

/** A key of a group as text. */
function keySql(key: CostGroupKey): string {
  switch (key) {
    case 'tenant':
      return 'tenant';
    case 'product':
      return `case when is_backup then 'Droplet Backups' else of_product end`;
    case 'month':
      return `to_char(month, 'YYYY-MM')`;
    case 'day':
      return `to_char(day, 'YYYY-MM-DD')`;
    case 'tax':
      return 'false';
    default:
      return `of_${key}`;
  }
}

/** What accrued for one line of a tenant in a month, as a line of the provider's invoice would have it. Numbers are decimal text. */
export interface AccruedLine {
  readonly product: string;
  readonly kind: string;
  readonly description: string;
  readonly resource_id: string;
  /** Null also for what another tenant has by now. [TEN-3] */
  readonly resource_name: string | null;
  readonly project_name: string | null;
  readonly project_id: string | null;
  readonly region: string | null;
  readonly sku: string | null;
  readonly tags: readonly string[];
  /** Hours of the whole line; of backups, how many were taken. */
  readonly hours: string;
  /** The tenant's part, at list prices. Null: there is no price, for the reason. */
  readonly amount: string | null;
  readonly reason: string | null;
  /** Microseconds of the line that are the tenant's, of all. */
  readonly weight: string;
  readonly of_weight: string;
  readonly line_s: number;
  /** When the line was the tenant's: begin and end, in milliseconds since 1970. */
  readonly times: readonly (readonly [number, number])[];
}

/** Seconds between two automatic backups. */
const BACKUP_EVERY_S = `case plan when 'daily' then 86400 else 604800 end`;

/**
 * Set-based: every line of a tenant in a month, each with its own row, in a fixed order; what has no price comes last. $1 since, $2 until,
 * $3 tenant. The window is one month, until now at the latest.
 */
export function accruedLinesStatement(window: CostWindow, tenantId: string): { text: string; values: unknown[] } {
  const steps = accrualSteps({
    window,
    basis: 'list',
    byOwner: true,
    ofTenant: true,
    isForTenant: true,
    conditions: [],
    columns: {
      of_kind: 'l.billed_kind',
      of_product: PRODUCT_NAME,
      of_project: 'l.project',
      of_resource: 'l.billed_id',
      of_region: 'l.region',
      of_sku: `substr(p.product, strpos(p.product, ':') + 1)`,
      of_plan: 'p.plan',
    },
    isEachAlone: true,
    cuts: { byDay: false, cutsAll: true },
  });
  const text = `${steps},
found as (
  select line, is_backup, single, of_kind, of_product, of_project, of_resource, of_region, of_sku, of_plan as plan, trim_scale(money)::text as amount, null as reason,
         round(own * 1000000)::text as weight, round(whole * 1000000)::text as of_weight, whole as line_s, times
    from parts where tenant = $3
  union all
  select min(line), false, single, of_kind, of_product, of_project, of_resource, of_region, of_sku, null, null, ${UNPRICED_REASON}, '1', '1', 1, '[]'
    from priced where monthly is null and not is_backup and tenant_id = $3 and since < $2::timestamptz and until > $1::timestamptz
   group by 3, 4, 5, 6, 7, 8, 9, 12)
select case when is_backup then 'Droplet Backups' else of_product end as product, case when is_backup then 'droplet_backup' else of_kind end as kind,
       coalesce(case when r.tenant_id = $3 then r.name end, of_product) as description, of_resource::text as resource_id,
       case when r.tenant_id = $3 then r.name end as resource_name, of_project as project_name, r.cloud_project_id::text as project_id, of_region as region,
       case when r.kind = 'droplet' then of_sku else r.size_slug end as sku,
       case when jsonb_typeof(r.attrs -> 'tags') = 'array' then r.attrs -> 'tags' else '[]' end as tags,
       floor(line_s / case when is_backup then ${BACKUP_EVERY_S} else 3600 end)::text as hours, amount, reason, weight, of_weight,
       greatest(round(line_s), 1)::int as line_s, times
  from found join cloud_resources r on r.id = found.single
 order by (reason is not null), single, of_product collate "C", of_sku collate "C", is_backup`;
  return { text, values: [window.since, window.until, tenantId] };
}

const LINE_KEYS: Record<CostGroupKey, string> = {
  tenant: 'tenant_id',
  kind: 'kind',
  project: 'project',
  product: 'product',
  resource: 'resource_id::text',
  region: 'region',
  tax: 'is_tax',
  month: `to_char(period, 'YYYY-MM')`,
  day: 'null::text',
};

/**
 * Set-based: sums the lines of invoices, each of which is in exactly one group. Tax is left out unless it is a group. A filter on a
 * field that only resources have leaves out lines without a resource. $1 since, $2 until, then the filters.
 */
export function invoicedStatement(
  { since, until, mostGroups }: CostWindow,
  groupBy: readonly CostGroupKey[],
  filters: ResourceFilters,
): { text: string; values: unknown[] } {
  const { conditions, values } = filterSql({ ...filters, include_deleted: true }, 3);
  const keys = groupBy.map((key) => `"${key}"`).join(', ');
  const columns = [...groupBy.map((key) => `${LINE_KEYS[key]} as "${key}"`), 'sum(amount) as amount'];
  const text = `
with asked as (
  select * from (
    select l.kind, l.product, l.tenant_id, l.amount, l.is_tax, l.resource_id, l.project_name as project, i.period, r.region, r.status, r.size_slug,
           r.attributed_by, r.cloud_project_id, r.provider_id, r.urn, r.name, r.attrs, r.changed_at, r.deleted_at
      from cloud_invoices i join cloud_cost_lines l on l.invoice_id = i.id left join cloud_resources r on r.id = l.resource_id
     where i.period >= ($1::timestamptz at time zone 'UTC')::date and i.period < ($2::timestamptz at time zone 'UTC')::date) lines
   where ${[...conditions, ...(groupBy.includes('tax') ? [] : ['not is_tax'])].join(' and ')}),
groups as (select ${columns.join(', ')} from asked ${groupBy.length > 0 ? `group by ${groupBy.map((_key, at) => at + 1).join(', ')}` : ''})
select (select coalesce(json_agg(g), '[]') from (select ${keys === '' ? '' : `${keys}, `}amount::text as amount from groups where amount is not null
          order by groups.amount desc${keys === '' ? '' : `, ${keys}`} limit ${mostGroups + 1}) g) as groups,
       (select coalesce(sum(amount), 0)::text from groups) as amount, '[]'::json as unpriced`;
  return { text, values: [since, until, ...values] };
}

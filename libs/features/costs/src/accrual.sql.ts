import type { PriceBasis } from '#libs/catalog';
import { filterSql, PRICED_KINDS, type ResourceFilters } from '#libs/inventory';
import { accrualSteps, ordinals, PRODUCT_NAME } from './accrual-steps.sql';
import { countsFrom, rolledSteps } from './cost-rollup.sql';
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
  /** Resources that are billed alike are read from the roll-up; `is_current` of the answer is whether it counts for the window. */
  readonly fromRollup?: boolean;
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
export const UNPRICED_REASON = `case when product is null then case when own_kind in ${BILLED_KINDS} then 'not_priced_yet'
                                               else 'kind_without_details' end
                when units is null or own_kind = 'droplet' then 'unknown_size' else 'no_rate' end`;

/**
 * Set-based: the whole accrual is one statement, whatever the number of resources. Only lines that are cut (by a change of owner, by days, by a
 * window that is no whole month) have pieces: all others go to their only group. $1 since, $2 until, $3 tenant or null, then the filters.
 */
export function accrualStatement(request: AccrualRequest): { text: string; values: unknown[] } {
  const { window, groupBy, basis, tenant, unattributed, filters, fromRollup = false } = request;
  const { conditions, values } = filterSql({ ...filters, include_deleted: true }, 4);
  const has = (key: CostGroupKey) => groupBy.includes(key);
  const isForTenant = basis === 'list' && tenant !== undefined;
  const byOwner = has('tenant') || tenant !== undefined || unattributed;
  const cutsAll = has('day') || !window.isWhole;
  const dims = (Object.keys(DIMENSIONS) as (keyof typeof DIMENSIONS)[]).filter((key) => has(key) || key === 'kind');
  const columns = dims.map((key) => `of_${key}`).join(', ');
  const keys = groupBy.map((key) => `"${key}"`).join(', ');
  const owner = unattributed ? 'tenant is null and $3::text is null' : '($3::text is null or tenant = $3)';
  const ofLines = (where: string) => `where ${where}${fromRollup ? ' and shape is null' : ''}`;
  const groupColumns = [
    ...dims.map((key) => `${DIMENSIONS[key]} as of_${key}`),
    `${byOwner ? 'l.tenant_id' : 'null::text'} as tenant`,
  ].join(', ');
  /** Fewer rows first where each has many days. `offset 0`: nearly all groups are wanted, and the planner expects few. */
  const rowsOfGroups = `(select shape, ${groupColumns}, ${cutsAll ? 'sum(n)' : 'n'} as n from rolled l cross join lateral (select l.product) p ${cutsAll ? `group by ${ordinals(dims.length + 2)}` : 'offset 0'}) l`;
  const ofGroups = (day: string, money: string, from: string) =>
    `select ${columns}, p.month, p.is_backup, l.tenant, ${day} as day, ${money} as money from ${from} p join ${rowsOfGroups} using (shape)`;
  const parts = [
    ...(cutsAll
      ? []
      : [
          `select ${columns}, month, is_backup, tenant_id as tenant, null::timestamptz as day, cents * n / 100 as money from amounts ${ofLines('nth_of_line = 1 and not moved')}`,
          ...(fromRollup
            ? [
                ofGroups(
                  'null::timestamptz',
                  'p.cents * l.n / 100',
                  `(select shape, month, is_backup, cents from amounts where nth_of_line = 1 and shape is not null)`,
                ),
              ]
            : []),
        ]),
    ...(cutsAll || byOwner ? [`select ${columns}, month, is_backup, tenant, day, money from parts ${ofLines('nth = 2')}`] : []),
    ...(cutsAll && fromRollup
      ? [ofGroups('p.day', 'p.money * l.n', `(select shape, month, is_backup, day, money from parts where nth = 2 and shape is not null)`)]
      : []),
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
    rolled: fromRollup ? rolledSteps(conditions) : null,
  });
  const text = `${steps},
groups as (
  select ${[...groupBy.map((key) => `${keySql(key)} as "${key}"`), 'sum(money) as amount'].join(', ')}
    from (${parts.join(' union all ')}) found where ${owner} ${groupBy.length > 0 ? `group by ${ordinals(groupBy.length)}` : ''}),
without_price as (
  select own_kind, month, tenant_id, single, n, shape, ${UNPRICED_REASON} as reason
    from priced where monthly is null and not is_backup and since < $2::timestamptz and until > $1::timestamptz),
unpriced as (
  select kind, reason, max(count)::int as count from (
    select own_kind as kind, month, count(distinct single) + coalesce(sum(n) filter (where single is null), 0) as count, reason
      from (${fromRollup ? `select * from without_price where shape is null union all select w.own_kind, w.month, l.tenant_id, null, l.n, w.shape, w.reason from without_price w join rolled l using (shape)` : 'select * from without_price'}) w
     where ${unattributed ? 'tenant_id is null' : `($3::text is null or tenant_id = $3)`} group by 1, 2, 4) by_month
   where count > 0 group by 1, 2)
select (select coalesce(json_agg(g), '[]') from (select ${keys === '' ? '' : `${keys}, `}amount::text as amount from groups where amount is not null
          order by groups.amount desc${keys === '' ? '' : `, ${keys}`} limit ${window.mostGroups + 1}) g) as groups,
       (select coalesce(sum(amount), 0)::text from groups) as amount,
       (select coalesce(json_agg(u order by kind, reason), '[]') from unpriced u) as unpriced${fromRollup ? `, ${countsFrom('$1::timestamptz')} as is_current` : ''}`;
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

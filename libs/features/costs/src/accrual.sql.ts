import type { PriceBasis } from '#libs/catalog';
import { filterSql, FREE_KINDS, INVOICE_PRODUCTS, PRICED_KINDS, type ResourceFilters } from '#libs/inventory';
import type { CostGroupKey, CostWindow } from './cost-window';

/** Kinds that DigitalOcean does not charge for, and kinds that another resource carries. */
const FREE = `(${FREE_KINDS.map((kind) => `'${kind}'`).join(', ')})`;

/** Kinds of which each resource is billed as some product. */
const BILLED_KINDS = `(${PRICED_KINDS.map((kind) => `'${kind}'`).join(', ')})`;

/** The product of a kind, as invoices name it. */
const PRODUCT_OF_KIND = `case l.kind ${Object.entries(INVOICE_PRODUCTS)
  .map(([kind, product]) => `when '${kind}' then '${product}'`)
  .join(' ')} else l.kind end`;

/** The first month of billing by seconds; before it started hours were billed (docs/digitalocean-facts.md 9.12). */
const SECONDS_SINCE = `timestamptz '2026-01-01T00:00:00Z'`;
/** 672 hours: after them a month has its full price. */
const CAP_S = 2_419_200;

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

/** Columns of a resource that an answer can be grouped by, by their name in the answer. */
const DIMENSIONS = {
  kind: 'billed_kind',
  product: 'product_name',
  project: 'project',
  resource: 'billed_id::text',
  region: 'region',
} as const satisfies Partial<Record<CostGroupKey, string>>;

/**
 * Set-based: the whole accrual is one statement, whatever the number of resources. Each step is one of the words of the README: lives, spans,
 * lines, pieces. Resources with the same life, product and group are one row with a count, because nearly all of a month are alike.
 * $1 since, $2 until, $3 now, $4 tenant or null, then the filters.
 */
export function accrualStatement(request: AccrualRequest): { text: string; values: unknown[] } {
  const { window, groupBy, basis, tenant, unattributed, filters } = request;
  const { conditions, values } = filterSql({ ...filters, include_deleted: true }, 5);
  const has = (key: CostGroupKey) => groupBy.includes(key);
  const splitsOwners = has('tenant') || tenant !== undefined || unattributed;
  const dimensions = (Object.keys(DIMENSIONS) as (keyof typeof DIMENSIONS)[]).filter((key) => has(key) || key === 'kind');
  const dims = dimensions.map((key) => `of_${key}`).join(', ');
  const keys = groupBy.map((key) => `"${key}"`).join(', ');
  const spanColumns = [
    ...dimensions.map((key) => `${DIMENSIONS[key]} as of_${key}`),
    'kind as own_kind',
    'month',
    'month_s',
    'product',
    'units',
    'plan',
    'since',
    'until',
    'moved',
    `${splitsOwners ? 'tenant_id' : 'null::text'} as tenant_id`,
    'case when moved or cut then id end as single',
  ];
  const owner = unattributed ? 'tenant is null' : '($4::text is null or tenant = $4)';
  const text = `
with bounds as (select date_trunc('month', $1::timestamptz) as since, $2::timestamptz as until, $3::timestamptz as now),
rates as materialized (select * from arcadia_rates(${basis === 'buy'})),
months as (
  select m as month, least(m + interval '1 month', b.now) as until, extract(epoch from (m + interval '1 month') - m) as month_s
    from bounds b cross join generate_series(b.since, b.until - interval '1 microsecond', interval '1 month') m),
moved as materialized (${splitsOwners ? MOVED : 'select null::uuid as resource_id where false'}),
lives as (${LIFETIMES}
     and ${conditions.join(' and ')}),
spans as (
  select ${spanColumns.join(', ')}, count(*) as n from (${SEGMENTS}) segments group by ${ordinals(spanColumns.length)}),
priced as (${PRICED}),
numbered as (
  select *, case when single is null then (dense_rank() over (order by ${dims}, month, product, units, plan, since, until, tenant_id))::text || part
                 else single::text || month::text || coalesce(product, '') || coalesce(units::text, '') || part end as line
    from priced),
lines as (
  select line, max(n) as n, bool_or(product in ('volume', 'snapshot')) as per_gib, min(month) as month, max(month_s) as month_s,
         sum(seconds) as seconds, sum(seconds * monthly) as weighted
    from numbered where monthly is not null group by line),
amounts as ( -- one division, so that half a cent is exact
  select line, n, case when weighted = 0 then 0 else greatest(1, round(
           case when per_gib then weighted * 100 * least(billed, month_s) / (seconds * month_s) else weighted * 100 * least(billed, ${CAP_S}) / (seconds * ${CAP_S}) end)) end as cents
    from (select *, case when month < ${SECONDS_SINCE} then ceil(seconds / 3600) * 3600 else greatest(ceil(seconds), 60) end as billed from lines) l),
pieces as (${piecesSql({ byDay: has('day'), byOwner: splitsOwners, isWhole: window.isWhole, dims })}),
owned as (
  select o.line, o.tenant_key, o.weight, a.n, div(a.cents * o.weight, o.whole) as cents, mod(a.cents * o.weight, o.whole) as rest, a.cents as all_cents
    from (select line, tenant_key, sum(weight) as weight, sum(sum(weight)) over (partition by line) as whole from pieces group by line, tenant_key) o
    join amounts a using (line)),
shares as (
  select *, cents + case when row_number() over (partition by line order by rest desc, tenant_key = '', tenant_key)
                              <= all_cents - sum(cents) over (partition by line) then 1 else 0 end as share
    from owned),
parts as ( -- the share of an owner over its pieces in the order of time: what is asked in parts adds up to what is asked as a whole
  select p.*, (div(s.share * p.reached, s.weight) - div(s.share * (p.reached - p.weight), s.weight)) * s.n / 100 as money
    from (select *, sum(weight) over (partition by line, tenant_key order by first_at, nth) as reached from pieces) p
    join shares s using (line, tenant_key)),
groups as (
  select ${[...groupBy.map((key) => `${keySql(key)} as "${key}"`), 'sum(money) as amount'].join(', ')}
    from parts where nth = 2 and ${owner} ${groupBy.length > 0 ? `group by ${ordinals(groupBy.length)}` : ''}),
unpriced as (
  select kind, reason, max(count)::int as count from (
    select own_kind as kind, month, count(distinct single) + coalesce(sum(n) filter (where single is null), 0) as count,
           case when product is null then case when own_kind in ${BILLED_KINDS} then 'not_priced_yet'
                                               else 'kind_without_details' end
                when units is null or own_kind = 'droplet' then 'unknown_size' else 'no_rate' end as reason
      from numbered where monthly is null and part = '' and since < $2::timestamptz and until > $1::timestamptz
           and ${unattributed ? 'tenant_id is null' : `($4::text is null or tenant_id = $4)`} group by 1, 2, 4) by_month
   group by 1, 2)
select (select coalesce(json_agg(g), '[]') from (select ${keys === '' ? '' : `${keys}, `}amount::text as amount from groups where amount is not null
          order by groups.amount desc${keys === '' ? '' : `, ${keys}`} limit ${window.mostGroups + 1}) g) as groups,
       (select coalesce(sum(amount), 0)::text from groups) as amount,
       (select coalesce(json_agg(u order by kind, reason), '[]') from unpriced u) as unpriced`;
  return { text, values: [window.since, window.until, window.now, tenant ?? null, ...values] };
}

/**
 * Resources that changed between owners since the first month. A first owner is no change: it reaches back to the
 * creation, unless an admin gave it from a time on.
 * The partial index of these events has them together.
 */
const MOVED = `
  select distinct e.resource_id from cloud_resource_events e cross join bounds b
   where e.type = 'attributed' and e.changes ? 'tenant_id' and e.at > b.since
     and (e.changes -> 'tenant_id' ->> 'old' is not null or e.changes ? 'effective_from' or exists (
       select from cloud_resource_events before where before.resource_id = e.resource_id and before.type = 'attributed' and before.changes ? 'tenant_id' and before.seq < e.seq))`;

/**
 * From the provider's time of creation, else the first sight, to the destroy action, else the first strike. A resource that was known when
 * the first month began was alive then, so its creation is not read. A node of a cluster is billed as the cluster.
 */
const LIFETIMES = `
  select r.*, coalesce(cluster.id, r.id) as billed_id, case when r.is_node then 'k8s_cluster' else r.kind end as billed_kind
    from (
      select r.*, p.name as project,
             m.resource_id is not null as moved, r.kind = 'droplet' and r.parents <> '{}' as is_node,
             case when r.first_seen_at <= b.since then '-infinity'::timestamptz
                  else least(r.first_seen_at, (r.attrs ->> 'created_at')::timestamptz) end as born,
             case when r.deleted_at is null then 'infinity'::timestamptz else least(r.deleted_at, coalesce(destroyed.at, struck.at)) end as died
        from cloud_resources r
        cross join bounds b
        left join moved m on m.resource_id = r.id
        left join cloud_projects p on p.id = r.cloud_project_id
        left join lateral (
          select max(coalesce((e.changes ->> 'completed_at')::timestamptz, (e.changes ->> 'started_at')::timestamptz)) as at
            from cloud_resource_events e where e.resource_id = r.id and e.type = 'provider_action' and e.changes ->> 'action' = 'destroy'
        ) destroyed on r.deleted_at is not null
        left join lateral (
          select min(s.started_at) as at from cloud_sweeps s
           where s.kind in (r.kind, 'project') and s.status = 'complete' and s.started_at > r.last_seen_at and r.stale_strike_count > 0
        ) struck on r.deleted_at is not null
       where r.kind not in ${FREE} and (r.deleted_at is null or r.deleted_at > b.since) and ($4::text is null or r.tenant_id = $4 or m.resource_id is not null)
    ) r
    left join lateral (
      select c.id from cloud_resources c where c.account_id = r.account_id and c.kind = 'k8s_cluster' and c.provider_id = substr(r.parents[1], strpos(r.parents[1], '/') + 1)
    ) cluster on r.is_node
   where true`;

/** A part of a life in one month, with one product and size. `cut`: the resource has several parts in the month. */
const SEGMENTS = `
  select l.*, m.month, m.month_s, p.product, p.units, p.plan,
         case when l.is_node then 'Kubernetes Clusters'
              when p.product like 'droplet:gpu-%' then 'GPU Droplets'
              when l.kind = 'snapshot' and l.attrs ->> 'resource_type' = 'volume' then 'Volume Snapshots'
              else ${PRODUCT_OF_KIND} end as product_name,
         greatest(l.born, m.month, p.valid_from) as since, least(l.died, m.until, p.valid_to) as until,
         coalesce(p.valid_from > m.month or p.valid_to < m.until, false) as cut
    from lives l cross join months m
    left join resource_prices p on p.resource_id = l.id and p.valid_from < m.until and p.valid_to > m.month
   where greatest(l.born, m.month, p.valid_from) < least(l.died, m.until, p.valid_to)`;

/** The spans with their rates. Backups are a line of their own, at a share of the price of the droplet. \`monthly\` is null without a rate. */
const PRICED = `
  select s.*, '' as part, greatest(s.since, t.counts_from) as paid_from, least(s.until, t.counts_until) as paid_until,
         extract(epoch from least(s.until, t.counts_until) - greatest(s.since, t.counts_from)) as seconds,
         case when s.units * t.amount is not null then case when s.units = 0 then 0 else greatest(s.units * t.amount, t.minimum) end end as monthly
    from spans s left join rates t on t.product = s.product and t.counts_from < s.until and t.counts_until > s.since
  union all
  select s.*, '/backups', greatest(s.since, t.counts_from, b.counts_from), least(s.until, t.counts_until, b.counts_until),
         extract(epoch from least(s.until, t.counts_until, b.counts_until) - greatest(s.since, t.counts_from, b.counts_from)), t.amount * b.amount / 100
    from spans s
    join rates t on t.product = s.product and t.counts_from < s.until and t.counts_until > s.since
    join rates b on b.product = 'backups:' || case s.plan when 'daily' then 'daily' else 'weekly' end and b.counts_from < s.until and b.counts_until > s.since
   where s.plan is not null and greatest(s.since, t.counts_from, b.counts_from) < least(s.until, t.counts_until, b.counts_until)`;

/**
 * ownerIntervals: who owned a resource and when, set-based, for the resources that changed between owners. The earliest known owner reaches back
 * to the creation, and a deleted resource keeps its last one.
 */
const OWNERS = `left join lateral (
      select o.tenant_id as owner, o.owned_from, o.owned_until from cloud_resource_owners o where o.resource_id = n.single) o on n.moved`;

/** The cuts of lines: at changes of owner, at midnight where days are asked for, and at the ends of the window. */
function piecesSql({ byDay, byOwner, isWhole, dims }: Cuts): string {
  const ends = [
    ...(byOwner ? [{ from: `coalesce(o.owned_from, '-infinity')`, until: `coalesce(o.owned_until, 'infinity')` }] : []),
    ...(byDay ? [{ from: 'd.day', until: `d.day + interval '1 day'` }] : []),
    ...(isWhole ? [] : [{ from: 'w.since', until: 'w.until' }]),
  ];
  const from = `greatest(${['n.paid_from', ...ends.map((end) => end.from)].join(', ')})`;
  const until = `least(${['n.paid_until', ...ends.map((end) => end.until)].join(', ')})`;
  const columns = [
    'n.line',
    dims,
    'n.part',
    'n.month',
    `${byOwner ? 'case when n.moved then o.owner else n.tenant_id end' : 'null::text'} as tenant`,
    `${byOwner ? `coalesce(case when n.moved then o.owner else n.tenant_id end, '')` : `''::text`} as tenant_key`,
    `${byDay ? 'd.day' : 'n.month'} as day`,
    `${isWhole ? '2' : 'w.nth'} as nth`,
  ];
  const days = `cross join lateral (select generate_series(date_trunc('day', n.paid_from), n.paid_until, interval '1 day') as day) d`;
  return `
  select ${columns.join(', ')}, min(${from}) as first_at, sum(extract(epoch from ${until} - ${from})) as weight
    from numbered n ${byOwner ? OWNERS : ''} ${byDay ? days : ''} ${isWhole ? '' : `cross join ${WINDOW}`}
   where n.monthly is not null and ${from} < ${until}
   group by ${ordinals(columns.length - 1 + dims.split(', ').length)}`;
}

/** What lines are cut at. `isWhole`: the window has whole months, so that its ends cut nothing. */
interface Cuts {
  readonly byDay: boolean;
  readonly byOwner: boolean;
  readonly isWhole: boolean;
  readonly dims: string;
}

/** The time before, in and after the window: a line keeps its amount of the month, and only its part in the window is asked for. */
const WINDOW = `(values ('-infinity'::timestamptz, $1::timestamptz, 1), ($1::timestamptz, $2::timestamptz, 2),
      ($2::timestamptz, 'infinity'::timestamptz, 3)) w(since, until, nth)`;

const ordinals = (count: number) => Array.from({ length: count }, (_, at) => at + 1).join(', ');

/** A key of a group as text. */
function keySql(key: CostGroupKey): string {
  switch (key) {
    case 'tenant':
      return 'tenant';
    case 'product':
      return `case when part = '/backups' then 'Droplet Backups' else of_product end`;
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

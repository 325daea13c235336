import type { PriceBasis } from '#libs/catalog';
import { FREE_KINDS, INVOICE_PRODUCTS, ownerIntervals } from '#libs/inventory';
import type { CostWindow } from './cost-window';

/** Kinds that DigitalOcean does not charge for, and kinds that another resource carries. */
export const FREE_KINDS_SQL = `(${FREE_KINDS.map((kind) => `'${kind}'`).join(', ')})`;

/** The product of a kind, as invoices name it. */
const PRODUCT_OF_KIND = `case l.kind ${Object.entries(INVOICE_PRODUCTS)
  .map(([kind, product]) => `when '${kind}' then '${product}'`)
  .join(' ')} else l.kind end`;

/** The first month of billing by seconds; before it started hours were billed (docs/digitalocean-facts.md 9.12). */
const SECONDS_SINCE = `timestamptz '2026-01-01T00:00:00Z'`;
/** 672 hours: after them a month has its full price. */
const CAP_S = 2_419_200;

/** The product of a lifetime `l` with a price `p`, as invoices name it. */
export const PRODUCT_NAME = `case when l.is_node then 'Kubernetes Clusters'
              when p.product like 'droplet:gpu-%' then 'GPU Droplets'
              when l.kind = 'snapshot' and l.resource_type = 'volume' then 'Volume Snapshots'
              else ${PRODUCT_OF_KIND} end`;

/** What the steps of an accrual differ in. */
export interface AccrualSteps {
  readonly window: CostWindow;
  readonly basis: PriceBasis;
  /** Owners over time are asked for: of all tenants, or of the one in $3. */
  readonly byOwner: boolean;
  readonly ofTenant: boolean;
  /** The answer is for that tenant: it gets no name of what another one has. */
  readonly isForTenant: boolean;
  /** SQL on a resource `r`. */
  readonly conditions: readonly string[];
  /** The columns of spans beyond those of every accrual, by name, of a lifetime `l` with a price `p`. */
  readonly columns: Readonly<Record<string, string>>;
  /** Every line has a row of its own. */
  readonly isEachAlone: boolean;
  /** What lines are cut at; null when nothing cuts them. */
  readonly cuts: Pick<Cuts, 'byDay' | 'cutsAll'> | null;
  /** SQL: the steps of the roll-up, which read no resources that are alike: a line with a `shape` stands for its groups. Null: all resources are read. */
  readonly rolled: string | null;
}

/**
 * SQL: the steps of an accrual, each one of the words of the README: lives, spans, lines, pieces. They end with `amounts`, the amount of each line, and
 * with `parts` where lines are cut. Spans that are alike are one row with their number, because nearly all of a month are. $1 since, $2 until, $3
 * tenant or null.
 */
export function accrualSteps({
  window,
  basis,
  byOwner,
  ofTenant,
  isForTenant,
  conditions,
  columns,
  isEachAlone,
  cuts,
  rolled,
}: AccrualSteps): string {
  const first = momentSql(monthOf(window.since));
  const spanColumns = {
    ...columns,
    own_kind: 'l.kind',
    month: 'm.month',
    product: 'p.product',
    units: 'p.units',
    plan: 'p.plan',
    since: 'greatest(l.born, m.month, p.valid_from)',
    until: 'least(l.died, m.until, p.valid_to)',
    moved: 'l.moved',
    tenant_id: byOwner ? 'l.tenant_id' : 'null::text',
    shape: 'l.shape',
    single: isEachAlone ? 'l.id' : 'case when l.moved or l.repeated then l.id end',
  };
  const alike = Object.keys(spanColumns);
  return `
with rates as materialized (select * from arcadia_rates(${basis === 'buy'})),
months (month, until) as (values ${monthsSql(window)}),
moved as materialized (${byOwner ? movedSql(first, ofTenant) : 'select null::uuid as resource_id where false'}),
repeated as materialized (${isEachAlone ? 'select null::uuid as resource_id where false' : repeatedSql(first)}),${rolled === null ? '' : `${rolled},`}
lives as (${lifetimesSql(first, ofTenant, isForTenant, rolled !== null)}
     ${conditions.map((condition) => `and ${condition} `).join('')}offset 0),
spans as materialized (
  select row_number() over () as span, alike.* from (
    select ${alike.join(', ')}, count(*) as n from ((${segmentsSql(spanColumns, ofTenant || rolled !== null)})${rolled === null ? '' : ` union all (${rolledSegmentsSql(spanColumns)})`}) segments
     where since < until group by ${ordinals(alike.length)}) alike),
numbered as (
  select s.*, 2 * s.span as number from spans s where s.single is null
  union all
  select s.*, 2 * min(s.span) over (partition by s.single, s.month, s.product, s.units) from spans s where s.single is not null),
priced as materialized (${PRICED}),
lines as (
  select p.*, sum(seconds) over whole as line_s, sum(seconds * monthly) over whole as weighted, row_number() over whole as nth_of_line,
         extract(epoch from (month + interval '1 month') - month) as month_s
    from priced p where monthly is not null window whole as (partition by line)),
amounts as materialized ( -- one division, so that half a cent is exact
  select *, case when weighted = 0 then 0 else greatest(1, round(
           case when product in ('volume', 'snapshot') then weighted * 100 * least(billed, month_s) / (line_s * month_s)
                else weighted * 100 * least(billed, ${CAP_S}) / (line_s * ${CAP_S}) end)) end as cents
    from (select *, case when month < ${SECONDS_SINCE} then ceil(line_s / 3600) * 3600 else greatest(ceil(line_s), 60) end as billed from lines) l)${
      cuts
        ? `,${sharesSql({ ...cuts, byOwner, isWhole: window.isWhole, columns: [...Object.keys(columns), 'shape', ...(isEachAlone ? ['single'] : [])].join(', '), withTimes: isEachAlone })}`
        : ''
    }`;
}

/**
 * Resources that changed between owners since the first month. A first owner is no change: it reaches back to the
 * creation, unless an admin gave it from a time on.
 * The partial index of these events has them together. Of one tenant, only those that it gained or lost.
 */
const movedSql = (first: string, ofTenant: boolean): string => `
  select distinct e.resource_id from cloud_resource_events e
   where e.type = 'attributed' and e.changes ? 'tenant_id' and e.at > ${first}
     ${ofTenant ? `and $3 in (e.changes -> 'tenant_id' ->> 'old', e.changes -> 'tenant_id' ->> 'new')` : ''}
     and (e.changes -> 'tenant_id' ->> 'old' is not null or e.changes ? 'effective_from' or exists (
       select from cloud_resource_events before where before.resource_id = e.resource_id and before.type = 'attributed' and before.changes ? 'tenant_id' and before.seq < e.seq))`;

/** Resources that have been billed as one thing twice, with another between them: both times of a month are one line. */
const repeatedSql = (first: string): string => `
  select p.resource_id
    from (select distinct later.resource_id from platform_resource_prices later where later.valid_from > ${first} and later.valid_from > '-infinity') changed
   cross join lateral (select p.* from platform_resource_prices p where p.resource_id = changed.resource_id offset 0) p
   group by p.resource_id having count(*) > count(distinct (p.product, p.units))`;

/**
 * From the provider's time of creation, else the first sight, to the destroy action, else the first strike. A resource that was known when
 * the first month began was alive then, so its creation is not read. A node of a cluster is billed as the cluster. `offset 0` after it: only
 * these columns are joined with prices, not the attributes. To a tenant the project of another tenant has no name.
 */
const lifetimesSql = (first: string, ofTenant: boolean, isForTenant: boolean, ofMoving: boolean): string => `
  select r.id, r.kind, r.tenant_id, r.project, r.region, r.is_node, r.moved, r.repeated, r.born, r.died,
         coalesce(cluster.id, r.id) as billed_id, case when r.is_node then 'k8s_cluster' else r.kind end as billed_kind,
         case when r.kind = 'snapshot' then r.attrs ->> 'resource_type' end as resource_type, null::uuid as shape
    from (
      select r.*, p.name as project,
             r.id in (select resource_id from moved) as moved, r.id in (select resource_id from repeated) as repeated,
             r.kind = 'droplet' and r.parents <> '{}' as is_node,
             case when r.first_seen_at <= ${first} then '-infinity'::timestamptz
                  else least(r.first_seen_at, (r.attrs ->> 'created_at')::timestamptz) end as born,
             case when r.deleted_at is null then 'infinity'::timestamptz else least(r.deleted_at, coalesce(${DESTROYED}, ${STRUCK})) end as died
        from ${ofMoving ? 'moving cross join lateral (select * from cloud_resources c where c.id = moving.resource_id offset 0) r' : 'cloud_resources r'}
        left join cloud_projects p on p.id = r.cloud_project_id ${isForTenant ? 'and p.tenant_id = $3' : ''}
       where r.kind not in ${FREE_KINDS_SQL} and ${ofTenant ? ofTenantSql(first) : `(r.deleted_at is null or r.deleted_at > ${first})`}
    ) r
    left join lateral (
      select c.id from cloud_resources c where c.account_id = r.account_id and c.kind = 'k8s_cluster' and c.provider_id = substr(r.parents[1], strpos(r.parents[1], '/') + 1)
    ) cluster on r.is_node
   where true`;

/** SQL on a resource: what the tenant had in the months, in the forms of two indexes and the key. */
const ofTenantSql = (first: string): string => `
             (r.tenant_id = $3 and r.deleted_at is null or r.tenant_id = $3 and r.deleted_at is not null and r.deleted_at > ${first}
              or r.id = any (array(select resource_id from moved)) and (r.deleted_at is null or r.deleted_at > ${first}))`;

const DESTROYED = `(
               select max(coalesce((e.changes ->> 'completed_at')::timestamptz, (e.changes ->> 'started_at')::timestamptz))
                 from cloud_resource_events e where e.resource_id = r.id and e.type = 'provider_action' and e.changes ->> 'action' = 'destroy')`;

const STRUCK = `(
               select min(s.started_at) from cloud_sweeps s
                where s.kind in (r.kind, 'project') and s.status = 'complete' and s.started_at > r.last_seen_at and r.stale_strike_count > 0)`;

/**
 * The parts of lifetimes in a month, with one product and size. Of few resources, prices are looked up for each: the planner would read them all.
 * `offset 0` at the end: each column is computed once, not for the condition on it too. */
const segmentsSql = (columns: Readonly<Record<string, string>>, ofFew: boolean): string => `
      select ${named(columns)}
        from lives l cross join months m
        left join ${ofFew ? 'lateral (select * from platform_resource_prices p where p.resource_id = l.id offset 0)' : 'platform_resource_prices'} p
               on p.resource_id = l.id and p.valid_from < m.until and p.valid_to > m.month
      offset 0`;

/** The same of the roll-up, where each lifetime has one price. The number of lines of a shape is not 1 but that of its groups. */
const rolledSegmentsSql = (columns: Readonly<Record<string, string>>): string => `
      select ${named(columns)}
        from (select * from begun union all select * from shapes) l cross join months m
        cross join lateral (select l.product, l.units, l.plan, '-infinity'::timestamptz as valid_from, 'infinity'::timestamptz as valid_to) p`;

const named = (columns: Readonly<Record<string, string>>): string =>
  Object.entries(columns)
    .map(([name, value]) => `${value} as ${name}`)
    .join(', ');

/** The spans with their rates. Backups are a line of their own, at a share of the price of the droplet. `monthly` is null without a rate. */
const PRICED = `
  select s.*, s.number as line, false as is_backup, greatest(s.since, t.counts_from) as paid_from, least(s.until, t.counts_until) as paid_until,
         extract(epoch from least(s.until, t.counts_until) - greatest(s.since, t.counts_from)) as seconds,
         case when s.units * t.amount is not null then case when s.units = 0 then 0 else greatest(s.units * t.amount, t.minimum) end end as monthly
    from numbered s left join rates t on t.product = s.product and t.counts_from < s.until and t.counts_until > s.since
  union all
  select s.*, s.number + 1, true, greatest(s.since, t.counts_from, b.counts_from), least(s.until, t.counts_until, b.counts_until),
         extract(epoch from least(s.until, t.counts_until, b.counts_until) - greatest(s.since, t.counts_from, b.counts_from)), t.amount * b.amount / 100
    from numbered s
    join rates t on t.product = s.product and t.counts_from < s.until and t.counts_until > s.since
    join rates b on b.product = 'backups:' || case s.plan when 'daily' then 'daily' else 'weekly' end and b.counts_from < s.until and b.counts_until > s.since
   where s.plan is not null and greatest(s.since, t.counts_from, b.counts_from) < least(s.until, t.counts_until, b.counts_until)`;

/** What lines are cut at. `isWhole`: the window has whole months, so that its ends cut nothing. `cutsAll`: every line is cut. */
interface Cuts {
  readonly byDay: boolean;
  readonly isWhole: boolean;
  readonly cutsAll: boolean;
  readonly byOwner: boolean;
  readonly columns: string;
  /** With the times of each piece, in their order. */
  readonly withTimes: boolean;
}

/** The cuts of lines at changes of owner, at midnight where days are asked for, and at the ends of the window; and the money of each piece. */
function sharesSql({ byDay, byOwner, isWhole, cutsAll, columns, withTimes }: Cuts): string {
  const ends = [
    ...(byOwner ? [{ from: `coalesce(o.owned_from, '-infinity')`, until: `coalesce(o.owned_until, 'infinity')` }] : []),
    ...(byDay ? [{ from: 'd.day', until: `d.day + interval '1 day'` }] : []),
    ...(isWhole ? [] : [{ from: 'w.since', until: 'w.until' }]),
  ];
  const from = `greatest(${['n.paid_from', ...ends.map((end) => end.from)].join(', ')})`;
  const until = `least(${['n.paid_until', ...ends.map((end) => end.until)].join(', ')})`;
  const tenant = byOwner ? 'case when n.moved then o.tenant_id else n.tenant_id end' : 'null::text';
  const cut = [
    'n.line',
    columns,
    'n.is_backup',
    'n.month',
    `${tenant} as tenant`,
    `coalesce(${tenant}, '') as tenant_key`,
    `${byDay ? 'd.day' : 'n.month'} as day`,
    `${isWhole ? '2' : 'w.nth'} as nth`,
  ];
  const days = `cross join lateral (select generate_series(date_trunc('day', n.paid_from), n.paid_until, interval '1 day') as day) d`;
  return `
owners as materialized (${byOwner ? ownerIntervals('resource_id = any (array(select resource_id from moved))') : 'select null where false'}),
pieces as (
  select ${cut.join(', ')}, min(${from}) as first_at, sum(extract(epoch from ${until} - ${from})) as weight, min(n.cents) as line_cents, min(n.n) as n${withTimes ? `, ${timesOf(from, until)}` : ''}
    from amounts n ${byOwner ? 'left join owners o on n.moved and o.resource_id = n.single' : ''} ${byDay ? days : ''} ${isWhole ? '' : `cross join ${WINDOW}`}
   where ${cutsAll ? '' : 'n.moved and'} ${from} < ${until}
   group by ${ordinals(cut.length - 1 + columns.split(', ').length)}),
owned as (
  select *, sum(weight) over (partition by line) as whole, sum(weight) over owner as own, sum(weight) over (owner order by first_at, nth) as reached,
         row_number() over (owner order by first_at, nth) as nth_of_owner
    from pieces window owner as (partition by line, tenant_key)),
divided as (select *, div(line_cents * own, whole) as cents, mod(line_cents * own, whole) as rest from owned),
ranked as (
  select *, dense_rank() over (partition by line order by rest desc, tenant_key = '', tenant_key) as place,
         line_cents - sum(cents) filter (where nth_of_owner = 1) over (partition by line) as left_over
    from divided),
shares as (select *, cents + case when place <= left_over then 1 else 0 end as share from ranked),
parts as ( -- the share of an owner over its pieces in the order of time: what is asked in parts adds up to what is asked as a whole
  select *, (div(share * reached, own) - div(share * (reached - weight), own)) * n / 100 as money from shares)`;
}

/** Milliseconds since 1970 of the begin and the end of each time of a piece. */
const timesOf = (from: string, until: string): string =>
  `json_agg(json_build_array(round(extract(epoch from ${from}) * 1000), round(extract(epoch from ${until}) * 1000)) order by ${from}) as times`;

/** The time before, in and after the window: a line keeps its amount of the month, and only its part in the window is asked for. */
const WINDOW = `(values ('-infinity'::timestamptz, $1::timestamptz, 1), ($1::timestamptz, $2::timestamptz, 2),
      ($2::timestamptz, 'infinity'::timestamptz, 3)) w(since, until, nth)`;

export const ordinals = (count: number) => Array.from({ length: count }, (_, at) => at + 1).join(', ');

const monthOf = (time: string): Date => new Date(`${time.slice(0, 7)}-01T00:00:00Z`);
const momentSql = (time: Date): string => `timestamptz '${time.toISOString()}'`;

/** The months of a window as rows, each with its end or now. As text, because the planner counts on a thousand rows of a function. */
function monthsSql({ since, until, now }: CostWindow): string {
  const rows: string[] = [];
  for (let month = monthOf(since); month < new Date(until);) {
    const next = new Date(Date.UTC(month.getUTCFullYear(), month.getUTCMonth() + 1, 1));
    rows.push(`(${momentSql(month)}, ${momentSql(next < new Date(now) ? next : new Date(now))})`);
    month = next;
  }
  return rows.join(', ');
}

import { FREE_KINDS } from '#libs/inventory';
import { FREE_KINDS_SQL } from './accrual-steps.sql';

/** As `cost_rollups` has them. */
const LEFT_OUT = `'${[...FREE_KINDS].sort().join(' ')}'`;

/** SQL: the month of the roll-up, if it has the kinds that this release asks for. */
export const ROLLUP_MONTH = `(select month from cost_rollups where kind = 'running' and free_kinds = ${LEFT_OUT})`;

/** The columns that make resources alike, beside their time. `id` of a group is a hash of them. */
const ALIKE = ['tenant_id', 'cloud_project_id', 'kind', 'region', 'is_node', 'resource_type', 'product', 'units', 'plan'];
const of = (alias: string) => ALIKE.map((column) => `${alias}.${column}`).join(', ');

/** With more noted changes than this, all resources are read instead. */
export const MOST_CHANGES = 20_000;

/** SQL: the begin of the month of the roll-up, and null where it is not built or too far behind. */
export const USABLE_ROLLUP = `(
  select ${ROLLUP_MONTH} where (select count(*) from (select from cost_rollup_changes limit ${MOST_CHANGES + 1}) c) <= ${MOST_CHANGES})`;

/** SQL on a group or a lifetime: the kind that it is billed as, as in the accrual. */
const BILLED_KIND = `case when is_node then 'k8s_cluster' else kind end as billed_kind`;

/**
 * SQL: the steps of an accrual that read the roll-up. `moving` are the resources that a question reads one by one, `begun` those that are billed
 * like a group since a time in the months, `rolled` the groups with the number `n` that each stands for, and `shapes` one of each price. What is
 * noted as changed is taken out of its group and looked at: the answer is exact however far the roll-up is behind. `conditions`: SQL on the columns of a group.
 */
export const rolledSteps = (conditions: readonly string[]): string => `
noted as materialized (select distinct resource_id from cost_rollup_changes),
moving as materialized (
  select resource_id from cost_rollup_members where group_id is null
  union
  select resource_id from noted),
left_out as (
  select m.group_id, count(*)::int as number from noted n join cost_rollup_members m using (resource_id) where m.group_id is not null and m.since is null group by 1),
wanted as not materialized (
  select g.*, ${BILLED_KIND} from cost_rollup_groups g where ${['true', ...conditions].join(' and ')}),
begun as (
  select null::uuid as id, g.kind, g.tenant_id, p.name as project, g.region, g.is_node, false as moved, false as repeated, m.since as born, 'infinity'::timestamptz as died,
         null::uuid as billed_id, g.billed_kind, g.resource_type, g.product, g.units, g.plan, null::uuid as shape
    from cost_rollup_members m cross join lateral (select * from wanted where wanted.id = m.group_id offset 0) g
    left join cloud_projects p on p.id = g.cloud_project_id
   where m.since is not null and not exists (select from noted n where n.resource_id = m.resource_id)),
rolled as not materialized (
  select g.shape, g.kind, g.tenant_id, p.name as project, g.region, g.is_node, g.billed_kind, g.resource_type, g.product, g.number - coalesce(o.number, 0) as n
    from wanted g left join left_out o on o.group_id = g.id left join cloud_projects p on p.id = g.cloud_project_id),
shapes as (
  select null::uuid as id, kind, null as tenant_id, null as project, null as region, false as is_node, false as moved, false as repeated,
         '-infinity'::timestamptz as born, 'infinity'::timestamptz as died, null::uuid as billed_id, kind as billed_kind, null as resource_type,
         product, units, plan, id as shape
    from cost_rollup_shapes)`;

/** SQL: whether the roll-up still counts for a window that begins in the month `first`; another process may have gone on to the next month. */
export const countsFrom = (first: string): string => `coalesce(${ROLLUP_MONTH} <= ${first}, false)`;

/** Set-based: begins a roll-up anew with all resources noted. $1 its month. */
export const BEGIN = [
  `delete from cost_rollup_changes`,
  `delete from cost_rollup_members`,
  `delete from cost_rollup_groups`,
  `delete from cost_rollup_shapes`,
  `delete from cost_rollups`,
  `insert into cost_rollup_changes select id from cloud_resources where kind not in ${FREE_KINDS_SQL} and (deleted_at is null or deleted_at > $1)`,
  `insert into cost_rollups (kind, month, free_kinds) values ('running', $1, ${LEFT_OUT})`,
] as const;

/** Set-based: goes on to another month. What was not alike all the time of the month before is noted, and empty groups go. $1 the month. */
export const TURN = [
  `insert into cost_rollup_changes select resource_id from cost_rollup_members where group_id is null or since is not null`,
  `delete from cost_rollup_groups g where number = 0 and not exists (select from cost_rollup_members m where m.group_id = g.id and m.since is not null)`,
  `update cost_rollups set month = $1`,
] as const;

/** A change of owner after the first one; it makes the month of a resource two owners'. The same as in the accrual. $1 the month. */
const MOVED = `exists (
  select from cloud_resource_events e
   where e.resource_id = r.id and e.type = 'attributed' and e.changes ? 'tenant_id' and e.at > $1::timestamptz
     and (e.changes -> 'tenant_id' ->> 'old' is not null or e.changes ? 'effective_from' or exists (
       select from cloud_resource_events b where b.resource_id = e.resource_id and b.type = 'attributed' and b.changes ? 'tenant_id' and b.seq < e.seq)))`;

/**
 * Set-based, under the lock `costRollup`: folds some noted changes into the roll-up, and returns how many. Notes and resources are read in one
 * snapshot, so a change that is committed later leaves a note that is not deleted here. $1 the month, $2 how many.
 */
export const FOLD = `
with taken as (
  delete from cost_rollup_changes where ctid = any (array(select ctid from cost_rollup_changes limit $2)) returning resource_id),
ids as materialized (select distinct resource_id from taken),
known as materialized (
  select m.* from ids cross join lateral (select * from cost_rollup_members m where m.resource_id = ids.resource_id offset 0) m),
found as materialized (
  select r.id as resource_id, r.tenant_id, r.cloud_project_id, r.kind, r.region, r.kind = 'droplet' and r.parents <> '{}' as is_node,
         case when r.kind = 'snapshot' then r.attrs ->> 'resource_type' end as resource_type, p.product, p.units, p.plan,
         case when r.first_seen_at > $1::timestamptz then nullif(greatest(least(r.first_seen_at, (r.attrs ->> 'created_at')::timestamptz), $1::timestamptz), $1::timestamptz) end as born,
         r.deleted_at is null and p.number <= 1 and coalesce(p.is_all_the_time, true) and not ${MOVED} as is_alike
    from ids
   cross join lateral (select * from cloud_resources r where r.id = ids.resource_id offset 0) r
   cross join lateral (
     select count(*) as number, min(product) as product, min(units) as units, min(plan) as plan,
            bool_and(valid_from <= $1::timestamptz and valid_to = 'infinity') as is_all_the_time
       from (select * from platform_resource_prices p where p.resource_id = r.id offset 0) p where valid_to > $1::timestamptz) p
   where r.kind not in ${FREE_KINDS_SQL} and (r.deleted_at is null or r.deleted_at > $1::timestamptz)),
placed as materialized (
  select f.*, md5(row(kind, product, units, plan)::text)::uuid as shape, case when is_alike then md5(row(${of('f')})::text)::uuid end as group_id, case when is_alike then born end as since from found f),
put as (
  insert into cost_rollup_members as m (resource_id, group_id, since) select resource_id, group_id, since from placed
  on conflict (resource_id) do update set group_id = excluded.group_id, since = excluded.since
   where (m.group_id, m.since) is distinct from (excluded.group_id, excluded.since)),
ended as (
  delete from cost_rollup_members m using known k where m.resource_id = k.resource_id and not exists (select from placed p where p.resource_id = k.resource_id)),
shaped as (
  insert into cost_rollup_shapes (id, kind, product, units, plan) select distinct on (shape) shape, kind, product, units, plan from placed where group_id is not null
  on conflict do nothing),
difference as materialized (
  select group_id, sum(one)::int as number
    from (select group_id, case when since is null then 1 else 0 end as one from placed where group_id is not null
          union all
          select group_id, -1 from known where group_id is not null and since is null) each
   group by 1),
grown as (
  insert into cost_rollup_groups as g (id, shape, ${ALIKE.join(', ')}, number)
  select d.group_id, p.shape, ${of('p')}, d.number
    from difference d join (select distinct on (group_id) * from placed where group_id is not null) p using (group_id) where d.number >= 0
  on conflict (id) do update set number = g.number + excluded.number where excluded.number > 0),
shrunk as (
  update cost_rollup_groups g set number = g.number + d.number from difference d where g.id = d.group_id and d.number < 0)
select count(*)::int as folded from taken`;

import type { RepeatableSql } from '#libs/database';

/**
 * The inventory at a time in the past: today's resources without the later events. Volatile attributes are not part of the history.
 * It works as the owner of the tables, so it checks the scope of the caller itself. [TEN-4] Set-based: all resources at once.
 * `down` of migration 1033 finds the lines about `cloud_event_last_values` by their exact text, with the spaces before them.
 */
const INVENTORY_AT = `
create or replace function arcadia_inventory_at(moment timestamptz, volatile_attrs jsonb) returns table (
  id uuid, provider text, kind text, provider_id text, urn text, name text, region text, status text, size_slug text, tenant_id text,
  cloud_project_id uuid, attributed_by text, attributed_ref text, attrs jsonb, first_seen_at timestamptz, last_seen_at timestamptz,
  stale_strike_count smallint, deleted_at timestamptz, changed_at timestamptz)
language sql stable security definer set search_path from current as $$
  with later as materialized (
    select e.resource_id, e.seq, e.type, e.changes from cloud_resource_events e where e.at > moment and e.type <> 'provider_action'),
  undone as (
    select f.resource_id, jsonb_object_agg(f.field, f.was) as was
      from (select distinct on (l.resource_id, c.key) l.resource_id, c.key as field, c.value -> 'old' as was
              from later l cross join lateral jsonb_each(l.changes) c
             where l.type in ('updated', 'tagged', 'restored', 'deleted', 'attributed')
             order by l.resource_id, c.key, l.seq) f
     group by f.resource_id),
  corrected as (
    select distinct on (l.resource_id) l.resource_id, l.changes -> 'tenant_id' ->> 'new' as tenant
      from later l
     where l.type = 'attributed' and l.changes ?& array['tenant_id', 'effective_from'] and (l.changes -> 'effective_from' ->> 'new')::timestamptz <= moment
     order by l.resource_id, l.seq desc),
  born as (select l.resource_id from later l where l.type = 'discovered'),
  then_ as (
    select r.*, coalesce(u.was, '{}') as was, u.resource_id is not null as touched, c.resource_id is not null as is_corrected, c.tenant as corrected
      from cloud_resources r left join undone u on u.resource_id = r.id left join corrected c on c.resource_id = r.id
     where r.first_seen_at <= moment and not exists (select 1 from born b where b.resource_id = r.id)),
  read as (
    select t.*,
           case when was ? 'status' then was ->> 'status' else t.status end as status_then,
           case when is_corrected then corrected when was ? 'tenant_id' then was ->> 'tenant_id' else t.tenant_id end as tenant_then,
           case when was ? 'project_id' then (was ->> 'project_id')::uuid else t.cloud_project_id end as project_then
      from then_ t)
  select t.id, t.provider, t.kind, t.provider_id, t.urn,
         case when was ? 'name' then was ->> 'name' else t.name end,
         case when was ? 'region' then was ->> 'region' else t.region end,
         status_then,
         case when was ? 'size_slug' then was ->> 'size_slug' else t.size_slug end,
         tenant_then, project_then,
         case when was ?| array['tenant_id', 'project_id'] then case when project_then is null then 'fallback' else 'project' end else t.attributed_by end,
         case when was ?| array['tenant_id', 'project_id'] then project_then::text else t.attributed_ref end,
         (t.attrs - coalesce((select array_agg(v) from jsonb_array_elements_text(volatile_attrs -> t.kind) v), '{}'))
           || (was - array['name', 'region', 'status', 'size_slug', 'tenant_id', 'project_id', 'effective_from']),
         t.first_seen_at, least(t.last_seen_at, moment),
         case when touched or t.last_strike_at > moment then 0::smallint else t.stale_strike_count end,
         case when status_then = 'deleted' then coalesce(
           (select max(d.at) from cloud_resource_events d where d.resource_id = t.id and d.type = 'deleted' and d.at <= moment),
                 (select (v.last_values ->> 'deleted_at')::timestamptz from cloud_event_last_values v
                   where v.resource_id = t.id order by v.month desc limit 1), t.deleted_at) end,
         least(t.changed_at, moment)
    from read t
   where arcadia_is_platform() or tenant_then = arcadia_tenant();
$$;
revoke all on function arcadia_inventory_at(timestamptz, jsonb) from public;
grant execute on function arcadia_inventory_at(timestamptz, jsonb) to arcadia_service;`;

/** In the order of the view, which `create or replace` cannot change. A new column of the table is not part of the view. */
const RESOURCE_COLUMNS = `r.id, r.account_id, r.provider, r.kind, r.provider_id, r.urn, r.name, r.region, r.status, r.size_slug, r.attrs, r.parents,
    r.content_hash, r.owner_override, r.tenant_id, r.cloud_project_id, r.attributed_by, r.attributed_ref, r.first_seen_at, r.last_seen_at,
    r.recorded_at, r.changed_at, r.stale_strike_count, r.last_strike_at, r.deleted_at, r.listed_by`;

/** Every name that a resource has had, and from when until when. Set-based: all resources at once. */
const RESOURCE_NAMES = `
create or replace view cloud_resource_names with (security_invoker = true) as
  select ${RESOURCE_COLUMNS}, lower(r.name collate "C") as used_name, coalesce(last.at, '-infinity') as used_from, 'infinity'::timestamptz as used_until
    from cloud_resources r
    left join (select resource_id, max(at) as at from cloud_resource_events where type in ('updated', 'restored') and changes ? 'name' group by 1) last
           on last.resource_id = r.id
   where r.name is not null
  union all
  select ${RESOURCE_COLUMNS}, lower(n.old_name collate "C"), coalesce(n.since, '-infinity'), n.at
    from (select resource_id, at, changes -> 'name' ->> 'old' as old_name, lag(at) over (partition by resource_id order by seq) as since
            from cloud_resource_events where type in ('updated', 'restored') and changes ? 'name') n
    join cloud_resources r on r.id = n.resource_id
   where n.old_name is not null;
grant select on cloud_resource_names to arcadia_service;`;

/**
 * SQL: every tenant that a resource has belonged to, and from when until when. An event with `effective_from` corrects history: its owner
 * counts from that time on, so it replaces the earlier events since then. Before a correction that reaches further back than the first sight, the earliest
 * known owner counts. A first owner that is given from a time on does not reach back: until then the resource belongs to no tenant. Any other first owner does.
 * A resource that never changed its owner has no row. Set-based.
 * `only`: a condition on `resource_id`. A condition on the result would not spare the histories of all the others.
 */
export const ownerIntervals = (only: string): string => `
  with noted as (
    select resource_id, seq, changes -> 'tenant_id' ->> 'old' as old_tenant, changes -> 'tenant_id' ->> 'new' as new_tenant,
           changes ? 'effective_from' as corrects,
           coalesce((changes -> 'effective_from' ->> 'new')::timestamptz,
             max(at) over (partition by resource_id order by seq)) as at -- a clock that was set back must not give one time two owners
      from cloud_resource_events where type = 'attributed' and changes ? 'tenant_id' and ${only}),
  judged as (
    select *, first_value(coalesce(old_tenant, case when not corrects then new_tenant end)) over (partition by resource_id order by seq) as first_tenant,
           bool_or(corrects) over (partition by resource_id) as is_corrected,
           coalesce(min(at) over (partition by resource_id order by seq rows between 1 following and unbounded following) <= at, false)
             and bool_or(corrects) over (partition by resource_id order by seq rows between 1 following and unbounded following) as is_replaced
      from noted),
  moves as (
    select *, lag(at) over w as since, coalesce(lag(corrects) over w, false) as since_corrected,
           case when not is_corrected then old_tenant when lag(seq) over w is null then first_tenant else lag(new_tenant) over w end as tenant_before
      from judged where not is_replaced window w as (partition by resource_id order by seq)),
  spans as (
    select resource_id, tenant_before as tenant_id, since as owned_from, since_corrected, at as owned_until, seq from moves
    union all
    select r.id, r.tenant_id, last.at, last.corrects, 'infinity', null
      from (select distinct on (resource_id) resource_id, at, corrects from moves order by resource_id, seq desc) last
      join cloud_resources r on r.id = last.resource_id),
  ended as (
    select *, coalesce(lead(since_corrected) over (partition by resource_id order by seq nulls last), false) as ends_by_correction from spans),
  known as (
    select *, bool_or(tenant_id is not null or ends_by_correction) over (partition by resource_id order by seq nulls last) as is_known from ended)
  select resource_id, tenant_id, owned_until,
         case when lag(is_known) over (partition by resource_id order by seq nulls last) then owned_from else '-infinity' end as owned_from
    from known where is_known`;

/** The owners of all resources. */
const RESOURCE_OWNERS = `
create or replace view cloud_resource_owners with (security_invoker = true) as ${ownerIntervals('true')};
grant select on cloud_resource_owners to arcadia_service;`;

/** More parents are compared with all resources at once: one search of the index for each would take longer. */
const MOST_SEARCHES = 1_000;

/**
 * The resources in scope, tombstones too, that have one of these parents (`<kind>/<provider id>`); `account` null stands for all accounts. Row
 * security keeps conditions on arrays from the index for parents, because their operators may leak. It works as the owner of the tables, so it
 * checks the scope of the caller itself. [TEN-4] Scans other than those of bitmaps are off, so that this index is used whatever the planner
 * expects.
 */
const CHILDREN = `
create or replace function arcadia_children(account uuid, refs text[]) returns setof uuid
language plpgsql stable security definer rows 20 set search_path from current set enable_seqscan = off set enable_indexscan = off set enable_indexonlyscan = off as $$
declare
  platform boolean := arcadia_is_platform();
  tenant text := arcadia_tenant();
begin
  if cardinality(refs) > ${MOST_SEARCHES} then
    return query select distinct r.id from cloud_resources r cross join unnest(r.parents) parent join unnest(refs) wanted(ref) on wanted.ref = parent
      where r.parents <> '{}' and (account is null or r.account_id = account) and (platform or r.tenant_id = tenant);
  else
    return query select distinct c.id from unnest(refs) wanted(ref)
      cross join lateral (select r.id, r.account_id, r.tenant_id from cloud_resources r where r.parents <> '{}' and r.parents @> array[wanted.ref] offset 0) c
      where (account is null or c.account_id = account) and (platform or c.tenant_id = tenant);
  end if;
end $$;
revoke all on function arcadia_children(uuid, text[]) from public;
grant execute on function arcadia_children(uuid, text[]) to arcadia_service;`;

export const INVENTORY_SQL: readonly RepeatableSql[] = [
  { kind: 'function', name: 'arcadia_children', sql: CHILDREN },
  { kind: 'function', name: 'arcadia_inventory_at', sql: INVENTORY_AT },
  { kind: 'view', name: 'cloud_resource_names', sql: RESOURCE_NAMES },
  { kind: 'view', name: 'cloud_resource_owners', sql: RESOURCE_OWNERS },
];

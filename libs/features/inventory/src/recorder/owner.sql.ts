import { KINDS } from '../kinds';

/** Kinds with the resources that use them as their parents, such as the members of a network. */
const SHARED_KINDS = KINDS.flatMap(({ kind, usedBy }) => (usedBy ? [`'${kind}'`] : [])).join(', ');

/** Parents may have parents themselves (the snapshot of a cluster's node). Attribution is passed on at most this many times. */
export const LONGEST_CHAIN = 4;

/** SQL: whether a condition of the rule `a` applies. A condition that the rule lacks applies to everything. */
const conditionsApply = (r: string, projectId: string) => `
       (a.kind is null or a.kind = ${r}.kind) and (a.region is null or a.region = ${r}.region)
       and (a.project_id is null or a.project_id = ${projectId})
       and (a.name_pattern is null or lower(${r}.name) like a.name_pattern)
       and (a.tag_pattern is null or exists (
         select from jsonb_array_elements_text(case jsonb_typeof(${r}.attrs -> 'tags') when 'array' then ${r}.attrs -> 'tags' else '[]' end) t(tag)
          where lower(t.tag) like a.tag_pattern))`;

/**
 * SQL for the owner of a resource: the first that applies of its explicit owner, its project's tenant, the tenant that its parents share,
 * the first rule that applies, the tenant that its users share, and the fallback project. A tenant that is closed or not registered owns
 * nothing. [TNT-1] [TNT-7] New rows and reattributed rows use this one text, so that both always agree. The project is the one that lists
 * the resource as a member, else the one in its own attributes: that one is known earlier and costs no call.
 * `r` is the alias of a row with `account_id, kind, provider_id, name, region, parents, attrs, owner_override`, and with `deleted_at` where
 * tombstones are among the rows: the last project of these counts, although they are members no more. Adds lateral `owner
 * (tenant_id, project_id, by, ref, parent_id)`.
 */
export function ownerOf(r: string, tombstones: 'with tombstones' | 'living' = 'living'): string {
  const membership = (state: string) => `
        select m.project_id, m.assigned_at, m.member_since, m.member_until from cloud_project_members m
         where m.account_id = ${r}.account_id and m.kind = ${r}.kind and m.provider_id = ${r}.provider_id and ${state}`;
  const ended = tombstones === 'living' ? '' : ` union all ${membership(`m.member_until is not null and ${r}.deleted_at is not null`)}`;
  return `
  left join lateral (
    select p.id as project_id, p.tenant_id
      from cloud_projects p
     where ${r}.attrs ? 'project_id' and p.account_id = ${r}.account_id and p.provider_id = ${r}.attrs ->> 'project_id' and p.deleted_at is null
  ) named on true
  left join lateral (
    select p.id as project_id, p.tenant_id
      from (${membership('m.member_until is null')}${ended}) m join cloud_projects p on p.id = m.project_id
     order by m.member_until desc nulls first, m.assigned_at desc nulls last, m.member_since desc limit 1
  ) listed on true
  cross join lateral (
    select coalesce(listed.project_id, named.project_id) as project_id,
           case when listed.project_id is null then named.tenant_id else listed.tenant_id end as tenant_id
  ) member
  left join lateral (
    select min(k.tenant_id) as tenant_id, min(k.id::text) as ref, (array_agg(k.cloud_project_id order by k.id))[1] as project_id
      from unnest(${r}.parents) parent_ref
      cross join lateral (
        select id, tenant_id, cloud_project_id from cloud_resources
         where account_id = ${r}.account_id and kind = split_part(parent_ref, '/', 1) and provider_id = substr(parent_ref, strpos(parent_ref, '/') + 1)
           and tenant_id is not null offset 0) k
    having count(distinct k.tenant_id) = 1
  ) related on true
  cross join lateral (
    select coalesce(member.project_id, related.project_id,
             (select f.id from cloud_projects f where f.account_id = ${r}.account_id and f.is_fallback)) as project_id,
           case when ${r}.kind in (${SHARED_KINDS}) then 'members' else 'parent' end as by
  ) relation
  left join lateral (
    select a.id::text as ref, a.tenant_id from attribution_rules a
     where ${r}.owner_override is null and member.tenant_id is null and (related.tenant_id is null or relation.by = 'members')
       and a.valid_from <= statement_timestamp() and coalesce(statement_timestamp() < a.valid_to, true)
       and ${conditionsApply(r, 'relation.project_id')}
     order by a.position, a.id limit 1
  ) rule on true
  cross join lateral (
    select case when ${r}.owner_override is not null then 'override' when member.tenant_id is not null then 'project'
                when rule.ref is not null then 'rule' when related.tenant_id is not null then relation.by else 'fallback' end as by
  ) decision
  left join lateral (
    select t.id from tenants t
     where t.id = case decision.by when 'override' then ${r}.owner_override when 'project' then member.tenant_id
                                   when 'rule' then rule.tenant_id else related.tenant_id end and t.status <> 'closed'
  ) registered on true
  cross join lateral (
    select registered.id as tenant_id, relation.project_id, decision.by,
           case decision.by when 'project' then member.project_id::text when 'rule' then rule.ref
                            when 'parent' then related.ref when 'members' then related.ref end as ref,
           case when decision.by in ('parent', 'members') then related.ref::uuid end as parent_id
  ) owner`;
}

/** SQL: the part of an event that corrects history. `cloud_resource_owners` and `arcadia_inventory_at` read it. */
export const effectiveFromSql = (time: string): string =>
  `jsonb_build_object('effective_from', jsonb_build_object('old', null, 'new', to_jsonb(${time}::timestamptz)))`;

/** SQL: whether the resource lives, or was alive at the time of a correction; the time is null where nothing is corrected. */
export const livingSince = (row: string, time: string): string =>
  `(${row}.deleted_at is null or coalesce(${row}.deleted_at > ${time}::timestamptz, false))`;

/** SQL: the resource that a row has its owner from. It is a column, because row security lets no index find a row by a text that is cast to an id. */
const parentOf = (row: string): string => `case when ${row}.attributed_by in ('parent', 'members') then ${row}.attributed_ref::uuid end`;

/**
 * SQL: whether only a rule asks for the move from the tenant that `was` the owner to another: the rule itself decides, or a parent that it
 * has given to that tenant. A resource that has left its parent for another one follows that one. Such a move waits for an admin. [TNT-7]
 */
const needsConfirmation = (was: string): string => `
  ((${was}.tenant_id <> owner.tenant_id) is true and (owner.by = 'rule' or (
    owner.by in ('parent', 'members') and not (${was}.by = owner.by and ${was}.ref is distinct from owner.ref) and exists (
      with recursive above as (
        select a.attributed_by as by, ${parentOf('a')} as parent_id, 1 as depth from cloud_resources a where a.id = owner.parent_id
        union all
        select p.attributed_by, ${parentOf('p')}, above.depth + 1
          from above join cloud_resources p on p.id = above.parent_id where above.depth < ${LONGEST_CHAIN})
      select from above where by = 'rule'))))`;

/**
 * Set-based. Computes the owners again and writes those that differ, with an `attributed` event where tenant or project changed. The event
 * belongs to the new tenant when there was none before. Otherwise it names two tenants, belongs to neither, and only admins read it.
 * [INV-13] A move that needs a confirmation keeps the tenant and becomes a finding; a finding that no longer stands is removed. Of the
 * tombstones only those are written that ended after $5, and none of them becomes a finding.
 * $1 account, $2 resource ids or null for all, $3 source of the event, $4 sweep, or audit entry for the source `admin`, $5 the time from which
 * the new owner counts, null for now, $6 which moves an admin has confirmed, so that they do not wait: `none`, `all`, or those of `followers`,
 * which a parent decides, $7 the owners before this transaction of the rows that it has written already, as JSON rows: these count, not what
 * it wrote meanwhile.
 */
export const REATTRIBUTE = (effectiveFrom: string): string => `
with judged as (
  select r.id, r.deleted_at, r.tenant_id as old_tenant, r.cloud_project_id as old_project, r.attributed_by as old_by, r.attributed_ref as old_ref,
         was.tenant_id as first_tenant, was.by as first_by, was.ref as first_ref, owner.*,
         coalesce(${needsConfirmation('was')} and not ($6 = 'all' or $6 = 'followers' and owner.by <> 'rule'), false) as waits
    from cloud_resources r ${ownerOf('r', 'with tombstones')}
    left join json_to_recordset($7::json) as first(id uuid, tenant_id text, by text, ref text) on first.id = r.id
   cross join lateral (
     select case when first.id is null then r.tenant_id else first.tenant_id end as tenant_id,
            case when first.id is null then r.attributed_by else first.by end as by,
            case when first.id is null then r.attributed_ref else first.ref end as ref) was
   where r.account_id = $1 and ($2::uuid[] is null or r.id = any ($2::uuid[])) and ${livingSince('r', '$5')}
     and (r.tenant_id, r.cloud_project_id, r.attributed_by, r.attributed_ref) is distinct from (owner.tenant_id, owner.project_id, owner.by, owner.ref)),
computed as (
  select id, old_tenant, old_project, old_by, old_ref, project_id, case when waits then first_tenant else tenant_id end as tenant_id,
         case when waits then first_by else by end as by, case when waits then first_ref else ref end as ref
    from judged),
changed as (
  update cloud_resources r
     set tenant_id = c.tenant_id, cloud_project_id = c.project_id, attributed_by = c.by, attributed_ref = c.ref, changed_at = clock_timestamp()
    from computed c
   where r.id = c.id and (r.tenant_id, r.cloud_project_id, r.attributed_by, r.attributed_ref) is distinct from (c.tenant_id, c.project_id, c.by, c.ref)
  returning r.id, r.kind, r.provider_id, c.old_tenant, c.old_project, c.old_by, c.old_ref, c.tenant_id, c.project_id),
found as (
  insert into attribution_findings as known (resource_id, account_id, from_tenant_id, to_tenant_id, attributed_by, attributed_ref)
  select id, $1, first_tenant, tenant_id, by, ref from judged where waits and deleted_at is null
  on conflict (resource_id) do update
     set from_tenant_id = excluded.from_tenant_id, to_tenant_id = excluded.to_tenant_id, attributed_by = excluded.attributed_by,
         attributed_ref = excluded.attributed_ref, found_at = excluded.found_at
   where (known.from_tenant_id, known.to_tenant_id, known.attributed_by, known.attributed_ref)
         is distinct from (excluded.from_tenant_id, excluded.to_tenant_id, excluded.attributed_by, excluded.attributed_ref)),
settled as (
  delete from attribution_findings f
   where f.account_id = $1 and ($2::uuid[] is null or f.resource_id = any ($2::uuid[]))
     and not exists (select from judged j where j.id = f.resource_id and j.waits)),
events as (
  insert into cloud_resource_events (resource_id, tenant_id, type, source, changes, sweep_id)
  select id, case when old_tenant is null then tenant_id end, 'attributed', $3,
         case when old_tenant is distinct from tenant_id then jsonb_build_object('tenant_id', jsonb_build_object('old', old_tenant, 'new', tenant_id)) else '{}' end ||
         case when old_project is distinct from project_id then jsonb_build_object('project_id', jsonb_build_object('old', old_project, 'new', project_id)) else '{}' end ||
         case when $5::timestamptz is not null then ${effectiveFrom} else '{}' end,
         $4
    from changed where (old_tenant, old_project) is distinct from (tenant_id, project_id))
select id, kind, provider_id, old_tenant, old_by, old_ref, tenant_id from changed`;

/** An object that more resources use gets no owner from them, such as the default network of a large account. */
const MOST_USERS = 200;

/**
 * Set-based. Makes the resources that use shared objects their parents, e.g. the members of a network. Returns the objects that changed.
 * $1 account, $2 kind of the objects, $3 kinds of the users, $4 the users' attribute with the id or ids.
 */
export const ADOPT_USED = `
with used as (
  select u.id, array_agg(r.kind || '/' || r.provider_id order by r.kind || '/' || r.provider_id) as users
    from cloud_resources r
   cross join lateral jsonb_array_elements_text(case jsonb_typeof(r.attrs -> $4) when 'array' then r.attrs -> $4
                                                when 'string' then jsonb_build_array(r.attrs -> $4) else '[]' end) u(id)
   where r.account_id = $1 and r.kind = any ($3::text[]) and r.deleted_at is null
   group by u.id having count(*) <= ${MOST_USERS}),
wanted as (
  select o.id, coalesce(u.users, '{}') as users from cloud_resources o left join used u on u.id = o.provider_id
   where o.account_id = $1 and o.kind = $2 and o.deleted_at is null)
update cloud_resources o set parents = w.users from wanted w where w.id = o.id and o.parents <> w.users returning o.id`;

/**
 * Measured. The same for one user: takes it out of the objects that it uses no more. $1 account, $2 kind of the objects, $3 id of the user,
 * $4 its `<kind>/<provider id>`, $5 the attribute. `?` is true for a text and for an item of a list.
 */
export const LEAVE_USED = `
update cloud_resources o set parents = array_remove(o.parents, $4)
 where o.id in (select id from arcadia_children($1, array[$4]) child(id)) and o.kind = $2
   and not exists (select from cloud_resources r where r.id = $3 and r.deleted_at is null and r.attrs -> $5 ? o.provider_id)
returning o.id`;

/**
 * Measured. The same for one user: makes it a parent of the objects that it uses. Those without parents have none or more than ${MOST_USERS}
 * users, so all of theirs are read. $1 account, $2 kind of the objects, $3 id of the user, $4 its `<kind>/<provider id>`, $5 the attribute, $6 kinds
 * of the users.
 */
export const JOIN_USED = `
update cloud_resources o set parents = w.users
  from (select n.id, case when cardinality(u.everyone) <= ${MOST_USERS} then u.everyone else '{}' end as users
          from cloud_resources r join cloud_resources n on n.account_id = $1 and n.kind = $2 and n.deleted_at is null
               and n.provider_id in (select jsonb_array_elements_text(case jsonb_typeof(r.attrs -> $5) when 'array' then r.attrs -> $5
                                                                      when 'string' then jsonb_build_array(r.attrs -> $5) else '[]' end))
         cross join lateral (select array_agg(one order by one) as everyone from (
           select unnest(n.parents || $4::text) as one where n.parents <> '{}' union all
           (select a.kind || '/' || a.provider_id from cloud_resources a
             where n.parents = '{}' and a.account_id = $1 and a.kind = any ($6::text[]) and a.deleted_at is null and a.attrs -> $5 ? n.provider_id
             limit ${MOST_USERS + 1})) users) u
         where r.id = $3 and r.deleted_at is null and not n.parents @> array[$4::text]) w
 where o.id = w.id and o.parents <> w.users returning o.id`;

/** Measured. The objects of kinds $3 that have this user as a parent. $1 account, $2 `<kind>/<provider id>` of the user. */
export const USED_BY = `
select o.id from arcadia_children($1, array[$2::text]) child(id) join cloud_resources o on o.id = child.id where o.kind = any ($3::text[])`;

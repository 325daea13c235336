import { lockTransaction, queryableOf, type Queryable } from '#libs/database';
import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { Resource } from '../entities/resource.entity';
import { KINDS } from '../kinds';

/**
 * The explicit owner of a resource that belongs to no tenant on purpose. A tenant id has no blank at its ends, so this is none, also for a
 * process of the previous release.
 */
const NO_TENANT = ' ';

/** The owner of a resource that belongs to no tenant on purpose. */
export const UNASSIGNED = Symbol('unassigned');

/** The owner that an admin sets: a tenant, no tenant on purpose, or null for the one that the rules find. */
export type ExplicitOwner = string | null | typeof UNASSIGNED;

/**
 * SQL for the owner of a resource: the first that applies of its explicit owner, its project's tenant, the tenant that its parents share,
 * and the fallback project. A tenant that is closed or not registered owns nothing. [TNT-1] New rows and reattributed rows use this one text, so that both always agree. The project is the one that lists
 * the resource as a member, else the one in its own attributes: that one is known earlier and costs no call.
 * `r` is the alias of a row with `account_id, kind, provider_id, parents, attrs, owner_override`. Adds lateral `owner (tenant_id,
 * project_id, by, ref)`.
 */
export function ownerOf(r: string): string {
  return `
  left join lateral (
    select p.id as project_id, p.tenant_id
      from cloud_projects p
     where ${r}.attrs ? 'project_id' and p.account_id = ${r}.account_id and p.provider_id = ${r}.attrs ->> 'project_id' and p.deleted_at is null
  ) named on true
  left join lateral (
    select p.id as project_id, p.tenant_id
      from cloud_project_members m join cloud_projects p on p.id = m.project_id
     where m.account_id = ${r}.account_id and m.kind = ${r}.kind and m.provider_id = ${r}.provider_id and m.member_until is null
     order by m.assigned_at desc nulls last, m.member_since desc limit 1
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
  ) parent on true
  left join lateral (
    select t.id from tenants t where t.id = coalesce(${r}.owner_override, member.tenant_id, parent.tenant_id) and t.status <> 'closed'
  ) registered on true
  cross join lateral (
    select registered.id as tenant_id,
           coalesce(member.project_id, parent.project_id,
             (select f.id from cloud_projects f where f.account_id = ${r}.account_id and f.is_fallback)) as project_id,
           case when ${r}.owner_override is not null then 'override' when member.tenant_id is not null then 'project'
                when parent.tenant_id is not null then 'parent' else 'fallback' end as by,
           case when ${r}.owner_override is not null then null when member.tenant_id is not null then member.project_id::text
                when parent.tenant_id is not null then parent.ref end as ref
  ) owner`;
}

/** Parents may have parents themselves (the snapshot of a cluster's node). Attribution is passed on at most this many times. */
const LONGEST_CHAIN = 4;

/** SQL: the part of an event that corrects history. `cloud_resource_owners` and `arcadia_inventory_at` read it. */
const effectiveFromSql = (time: string) =>
  `jsonb_build_object('effective_from', jsonb_build_object('old', null, 'new', to_jsonb(${time}::timestamptz)))`;

/**
 * Set-based: corrects the history of resources of which the change has no event yet, because their owner is the right one already, and of
 * the resources that follow them as their parents. $1 account, $2 resource ids, $3 audit entry, $4 time from which the owner counts.
 */
const CORRECT_HISTORY = `
with recursive followed as (
  select id, kind, provider_id, tenant_id, 0 as depth from cloud_resources where account_id = $1 and id = any ($2::uuid[]) and deleted_at is null
  union
  select c.id, c.kind, c.provider_id, c.tenant_id, f.depth + 1
    from followed f join cloud_resources c on c.account_id = $1 and c.parents @> array[f.kind || '/' || f.provider_id] and c.parents <> '{}'
   where c.deleted_at is null and c.attributed_by = 'parent' and f.depth < ${LONGEST_CHAIN})
insert into cloud_resource_events (resource_id, tenant_id, type, source, changes, sweep_id)
select distinct f.id, f.tenant_id, 'attributed', 'admin',
       jsonb_build_object('tenant_id', jsonb_build_object('old', f.tenant_id, 'new', f.tenant_id)) || ${effectiveFromSql('$4')}, $3::uuid
  from followed f
 where not exists (select from cloud_resource_events e
                    where e.resource_id = f.id and e.type = 'attributed' and e.changes ? 'tenant_id' and e.sweep_id = $3::uuid)`;

/**
 * Set-based. Computes the owners again and writes those that differ, with an `attributed` event where tenant or project changed. The event
 * belongs to the new tenant when there was none before. Otherwise it names two tenants, belongs to neither, and only admins read it.
 * [INV-13] $1 account, $2 resource ids or null for all, $3 source of the event, $4 sweep, or audit entry for the source `admin`, $5 the time
 * from which the new owner counts, null for now.
 */
const REATTRIBUTE = `
with computed as (
  select r.id, r.tenant_id as old_tenant, r.cloud_project_id as old_project, owner.*
    from cloud_resources r ${ownerOf('r')}
   where r.account_id = $1 and ($2::uuid[] is null or r.id = any ($2::uuid[])) and r.deleted_at is null
     and (r.tenant_id, r.cloud_project_id, r.attributed_by, r.attributed_ref) is distinct from (owner.tenant_id, owner.project_id, owner.by, owner.ref)),
changed as (
  update cloud_resources r
     set tenant_id = c.tenant_id, cloud_project_id = c.project_id, attributed_by = c.by, attributed_ref = c.ref, changed_at = clock_timestamp()
    from computed c where r.id = c.id
  returning r.id, c.old_tenant, c.old_project, c.tenant_id, c.project_id),
events as (
  insert into cloud_resource_events (resource_id, tenant_id, type, source, changes, sweep_id)
  select id, case when old_tenant is null then tenant_id end, 'attributed', $3,
         case when old_tenant is distinct from tenant_id then jsonb_build_object('tenant_id', jsonb_build_object('old', old_tenant, 'new', tenant_id)) else '{}' end ||
         case when old_project is distinct from project_id then jsonb_build_object('project_id', jsonb_build_object('old', old_project, 'new', project_id)) else '{}' end ||
         case when $5::timestamptz is not null then ${effectiveFromSql('$5')} else '{}' end,
         $4
    from changed where (old_tenant, old_project) is distinct from (tenant_id, project_id))
select id, kind, provider_id from changed join cloud_resources using (id)`;

/** Set-based. Live resources with a parent among $2 (`<kind>/<provider id>`). $1 account. */
const CHILDREN = `
select distinct r.id
  from cloud_resources r cross join unnest(r.parents) parent join unnest($2::text[]) changed(ref) on changed.ref = parent
 where r.account_id = $1 and r.parents <> '{}' and r.deleted_at is null`;

/**
 * Measured. Live children of one parent, found by the index, because other transactions wait for the attribution lock meanwhile.
 * $1 account, $2 `<kind>/<provider id>` of the parent.
 */
const CHILDREN_OF_ONE = `
select id from cloud_resources where account_id = $1 and parents @> array[$2::text] and parents <> '{}' and deleted_at is null`;

/**
 * Set-based. Live resources of kind $2, or with a parent of that kind, with an owner that their parents decide or could decide. Also
 * resources that were discovered since $3, are members of a tenant's project and have no owner: a membership pass ended while they were
 * being written. $1 account.
 */
const UNSETTLED = `
select id from cloud_resources
 where account_id = $1 and parents <> '{}' and deleted_at is null and attributed_by in ('parent', 'fallback')
   and (kind = $2 or exists (select 1 from unnest(parents) parent where split_part(parent, '/', 1) = $2))
union
select r.id
  from cloud_project_members m
  join cloud_projects p on p.id = m.project_id and p.tenant_id is not null
  join cloud_resources r on r.account_id = m.account_id and r.kind = m.kind and r.provider_id = m.provider_id
 where m.account_id = $1 and m.kind = $2 and m.member_until is null
   and r.first_seen_at >= $3 and r.deleted_at is null and r.attributed_by = 'fallback'`;

/**
 * Set-based. Sets the parent of children that were recorded before the parent that names them.
 * $1 account, $2 kind of the children, $3 kind of the parents, $4 naming attribute.
 */
const ADOPT_NAMED = `
update cloud_resources c set parents = array[$3 || '/' || r.provider_id]
  from cloud_resources r cross join jsonb_array_elements_text(r.attrs -> $4) child
 where r.account_id = $1 and r.kind = $3 and jsonb_typeof(r.attrs -> $4) = 'array' and r.attrs -> $4 <> '[]' and r.deleted_at is null
   and c.account_id = $1 and c.kind = $2 and c.provider_id = child and c.parents = '{}'`;

/** An object that more resources use gets no owner from them, such as the default network of a large account. */
const MOST_USERS = 200;

/**
 * Set-based. Makes the resources that use shared objects their parents, e.g. the members of a network. Returns the objects that changed.
 * $1 account, $2 kind of the objects, $3 kinds of the users, $4 the users' attribute with the id or ids.
 */
const ADOPT_USED = `
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

/** A change of an owner by an admin. */
interface OwnerChange {
  /** The entry of the audit log that the events name. */
  readonly changeId: string;
  /** RFC 3339, in the past: the time from which the owner counts. */
  readonly effectiveFrom?: string | null;
}

interface PreviousOwner {
  readonly tenantId: string | null;
}

interface SweepOfKind {
  readonly id: string;
  readonly accountId: string;
  readonly kind: string;
  readonly startedAt: Date;
}

/** Writes the owners of `cloud_resources`. */
@Injectable()
export class OwnershipRecorder {
  /**
   * Serialises ownership changes. Without this lock a statement would decide on rows as they were before a concurrent transaction
   * committed, and then overwrite its result. Call it first in every transaction that changes owners.
   */
  async lockAttribution(tx: Queryable): Promise<void> {
    await lockTransaction(tx, 'attribution');
  }

  /** Computes the owners of the given resources, or of all of the account's, again. Their children follow. */
  async reattribute(
    tx: Queryable,
    accountId: string,
    source: 'sweep' | 'admin' | 'saga',
    resourceIds: readonly string[] | null,
    writerId: string | null = null,
    effectiveFrom: string | null = null,
  ): Promise<void> {
    let ids = resourceIds;
    for (let link = 0; link < LONGEST_CHAIN; link += 1) {
      const changed = await tx.query<{ id: string; kind: string; provider_id: string }>(REATTRIBUTE, [
        accountId,
        ids,
        source,
        writerId,
        effectiveFrom,
      ]);
      if (changed.length === 0) return;
      const parents = changed.map((row) => `${row.kind}/${row.provider_id}`);
      ids = (await tx.query<{ id: string }>(CHILDREN, [accountId, parents])).map((child) => child.id);
      if (ids.length === 0) return;
    }
  }

  /** Call it after a sweep that changed rows of a kind. It attributes their children, the children among them, and new resources again. */
  async settle(tx: Queryable, { id: sweepId, accountId, kind, startedAt }: SweepOfKind): Promise<void> {
    for (const { kind: child, namedBy } of KINDS) {
      if (namedBy && (namedBy.kind === kind || child === kind)) await tx.query(ADOPT_NAMED, [accountId, child, namedBy.kind, namedBy.attr]);
    }
    const adopted: { id: string }[] = [];
    for (const { kind: shared, usedBy } of KINDS) {
      if (usedBy && (shared === kind || usedBy.kinds.includes(kind)))
        adopted.push(...(await tx.query<{ id: string }>(ADOPT_USED, [accountId, shared, usedBy.kinds, usedBy.attr])));
    }
    const unsettled = await tx.query<{ id: string }>(UNSETTLED, [accountId, kind, startedAt]);
    const ids = [...new Set([...unsettled, ...adopted].map(({ id }) => id))];
    if (ids.length > 0) await this.reattribute(tx, accountId, 'sweep', ids, sweepId);
  }

  /** Call it after one resource was recorded without a sweep. It attributes the resource, and its children, which may be older rows. */
  async settleOne(
    tx: Queryable,
    accountId: string,
    { id, kind, provider_id }: { id: string; kind: string; provider_id: string },
  ): Promise<void> {
    const children = await tx.query<{ id: string }>(CHILDREN_OF_ONE, [accountId, `${kind}/${provider_id}`]);
    await this.reattribute(tx, accountId, 'saga', [id, ...children.map((child) => child.id)]);
  }

  /** Lets the present owner of these resources, and of those that follow them, count from an earlier time on. */
  async correctHistory(tx: Queryable, accountId: string, ids: readonly string[], changeId: string, effectiveFrom: string): Promise<void> {
    await tx.query(CORRECT_HISTORY, [accountId, ids, changeId, effectiveFrom]);
  }

  /**
   * Sets or removes (null) the explicit owner, which beats every rule; `UNASSIGNED` makes it belong to no tenant. Returns the previous
   * owner; undefined when there is no such resource.
   */
  async override(
    em: EntityManager,
    resourceId: string,
    owner: ExplicitOwner,
    { changeId, effectiveFrom = null }: OwnerChange,
  ): Promise<PreviousOwner | undefined> {
    const resource = await em.findOneBy(Resource, { id: resourceId });
    if (!resource) return undefined;
    await em.update(Resource, { id: resourceId }, { ownerOverride: owner === UNASSIGNED ? NO_TENANT : owner });
    const tx = queryableOf(em);
    await this.reattribute(tx, resource.accountId, 'admin', [resourceId], changeId, effectiveFrom);
    if (effectiveFrom !== null) await this.correctHistory(tx, resource.accountId, [resourceId], changeId, effectiveFrom);
    return { tenantId: resource.tenantId };
  }
}

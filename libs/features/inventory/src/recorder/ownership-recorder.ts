import { ADVISORY_LOCKS, type Queryable } from '#libs/database';
import { Injectable } from '@nestjs/common';
import { ownerOf } from './attribution.sql';
import { KINDS } from '../kinds';

/** A tenant's parents may themselves have parents (snapshot of a cluster's node): so many times attribution is passed on. */
const LONGEST_CHAIN = 4;

/**
 * Looks again at whose resources are, and writes what differs, with an `attributed` event where the owner changed. The event
 * is the new owner's when nobody owned it before; otherwise it names two owners, belongs to neither, and only admins read it (INV-13).
 * $1 account, $2 resource ids or null for all, $3 source of the event, $4 sweep id.
 */
const REATTRIBUTE = `
with judged as (
  select r.id, r.tenant_id as old_tenant, r.cloud_project_id as old_project, owner.*
    from cloud_resources r ${ownerOf('r')}
   where r.account_id = $1 and ($2::uuid[] is null or r.id = any ($2::uuid[])) and r.deleted_at is null
     and (r.tenant_id, r.cloud_project_id, r.attributed_by, r.attributed_ref) is distinct from (owner.tenant_id, owner.project_id, owner.by, owner.ref)),
changed as (
  update cloud_resources r
     set tenant_id = j.tenant_id, cloud_project_id = j.project_id, attributed_by = j.by, attributed_ref = j.ref, changed_at = clock_timestamp()
    from judged j where r.id = j.id
  returning r.id, j.old_tenant, j.old_project, j.tenant_id, j.project_id),
told as (
  insert into cloud_resource_events (resource_id, tenant_id, type, source, changes, sweep_id)
  select id, case when old_tenant is null then tenant_id end, 'attributed', $3,
         case when old_tenant is distinct from tenant_id then jsonb_build_object('tenant_id', jsonb_build_object('old', old_tenant, 'new', tenant_id)) else '{}' end ||
         case when old_project is distinct from project_id then jsonb_build_object('project_id', jsonb_build_object('old', old_project, 'new', project_id)) else '{}' end,
         $4
    from changed where (old_tenant, old_project) is distinct from (tenant_id, project_id))
select id, kind, provider_id from changed join cloud_resources using (id)`;

/** Live resources whose parents are among $2 (`<kind>/<provider id>`). $1 account. */
const CHILDREN = `
select distinct r.id
  from cloud_resources r cross join unnest(r.parents) parent join unnest($2::text[]) changed(ref) on changed.ref = parent
 where r.account_id = $1 and r.parents <> '{}' and r.deleted_at is null`;

/** Live children of one parent, by the index: everybody else's turn waits meanwhile. $1 account, $2 `<kind>/<provider id>` of the parent. */
const CHILDREN_OF_ONE = `
select id from cloud_resources where account_id = $1 and parents @> array[$2::text] and parents <> '{}' and deleted_at is null`;

/**
 * Live resources of kind $2, or with a parent of it, whose owner their parents decide or could; and what was discovered since $3, is
 * listed by a tenant's project and still nobody's: a membership pass ended while it was being written. $1 account.
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

/** Children that were seen before the parent that names them. $1 account, $2 kind of the children, $3 kind of the parents, $4 naming attribute. */
const ADOPT_NAMED = `
update cloud_resources c set parents = array[$3 || '/' || r.provider_id]
  from cloud_resources r cross join jsonb_array_elements_text(r.attrs -> $4) child
 where r.account_id = $1 and r.kind = $3 and jsonb_typeof(r.attrs -> $4) = 'array' and r.attrs -> $4 <> '[]' and r.deleted_at is null
   and c.account_id = $1 and c.kind = $2 and c.provider_id = child and c.parents = '{}'`;

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
   * Lets one transaction at a time say whose things are. What a statement judges would otherwise be what stood before somebody else's
   * change, which it waits for and then overwrites. First statement of every transaction that changes owners.
   */
  async lockAttribution(tx: Queryable): Promise<void> {
    await tx.query(`select pg_advisory_xact_lock(${ADVISORY_LOCKS.attribution})`);
  }

  /** All of the account's resources, or the named ones; what they are parents of follows. */
  async reattribute(
    tx: Queryable,
    accountId: string,
    source: 'sweep' | 'admin' | 'saga',
    named: readonly string[] | null,
    sweepId: string | null = null,
  ): Promise<void> {
    let ids = named;
    for (let link = 0; link < LONGEST_CHAIN; link += 1) {
      const changed = await tx.query<{ id: string; kind: string; provider_id: string }>(REATTRIBUTE, [accountId, ids, source, sweepId]);
      if (changed.length === 0) return;
      const parents = changed.map((row) => `${row.kind}/${row.provider_id}`);
      ids = (await tx.query<{ id: string }>(CHILDREN, [accountId, parents])).map((child) => child.id);
      if (ids.length === 0) return;
    }
  }

  /** After a sweep that changed rows of a kind: what hangs on them, what they hang on, and what is new are looked at again. */
  async settle(tx: Queryable, { id: sweepId, accountId, kind, startedAt }: SweepOfKind): Promise<void> {
    for (const { kind: child, namedBy } of KINDS) {
      if (namedBy && (namedBy.kind === kind || child === kind)) await tx.query(ADOPT_NAMED, [accountId, child, namedBy.kind, namedBy.attr]);
    }
    const unsettled = await tx.query<{ id: string }>(UNSETTLED, [accountId, kind, startedAt]);
    const ids = unsettled.map(({ id }) => id);
    if (ids.length > 0) await this.reattribute(tx, accountId, 'sweep', ids, sweepId);
  }

  /** After one resource was recorded without a sweep: itself, and what hangs on it, which may have been seen before it. */
  async settleOne(
    tx: Queryable,
    accountId: string,
    { id, kind, provider_id }: { id: string; kind: string; provider_id: string },
  ): Promise<void> {
    const children = await tx.query<{ id: string }>(CHILDREN_OF_ONE, [accountId, `${kind}/${provider_id}`]);
    await this.reattribute(tx, accountId, 'saga', [id, ...children.map((child) => child.id)]);
  }

  /** Sets or takes back the explicit owner, which beats every rule. Answers false when there is no such resource. */
  async override(tx: Queryable, resourceId: string, tenantId: string | null): Promise<boolean> {
    const [row] = await tx.query<{ account_id: string }>(
      'update cloud_resources set owner_override = $2 where id = $1 returning account_id',
      [resourceId, tenantId],
    );
    if (row) await this.reattribute(tx, row.account_id, 'admin', [resourceId]);
    return row !== undefined;
  }
}

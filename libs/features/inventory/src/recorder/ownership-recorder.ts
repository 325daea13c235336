import { lockTransaction, queryableOf, type Database, type Queryable } from '#libs/database';
import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { Resource } from '../entities/resource.entity';
import { OwnerAfterEndError } from '../inventory.errors';
import { KINDS } from '../kinds';
import { ADOPT_USED, effectiveFromSql, JOIN_USED, LEAVE_USED, livingSince, LONGEST_CHAIN, REATTRIBUTE, USED_BY } from './owner.sql';
import { type Correction, OwnerCorrections } from './owner-corrections';

/**
 * The explicit owner of a resource that belongs to no tenant on purpose. A tenant id has no blank at its ends, so this is none, also for a
 * process of the previous release.
 */
const NO_TENANT = ' ';

/** The owner of a resource that belongs to no tenant on purpose. */
export const UNASSIGNED = Symbol('unassigned');

/** The owner that an admin sets: a tenant, no tenant on purpose, or null for the one that the rules find. */
export type ExplicitOwner = string | null | typeof UNASSIGNED;

const REATTRIBUTION = REATTRIBUTE(effectiveFromSql('$5'));

/**
 * Measured. Resources with a parent among $2 (`<kind>/<provider id>`): live ones, and those that ended after $3 (or null). They are found by
 * the index, because other transactions wait for the attribution lock meanwhile. $1 account.
 */
const CHILDREN = `
select r.id from arcadia_children($1, $2::text[]) child(id) join cloud_resources r on r.id = child.id where ${livingSince('r', '$3')}`;

/**
 * Set-based. Live resources of kind $2 that changed since the last complete sweep of that kind began, and the children of those, with an owner
 * that their parents decide or could decide. A sweep that was stopped between its pages and its end has left some unsettled, so what it
 * changed counts too. Also resources that were discovered since $3, are members of a tenant's project and do not follow it: a membership pass
 * ended while they were being written. $1 account.
 */
const UNSETTLED = `
with since as (
  select least($3::timestamptz, coalesce(max(started_at), '-infinity')) as at from cloud_sweeps where kind = $2 and status = 'complete'),
changed as (
  select id, provider_id, parents, attributed_by, deleted_at from cloud_resources
   where account_id = $1 and kind = $2 and changed_at >= (select at from since))
select id from changed where parents <> '{}' and deleted_at is null and attributed_by not in ('override', 'project')
union
select r.id from arcadia_children($1, array(select $2 || '/' || provider_id from changed)) child(id) join cloud_resources r on r.id = child.id
 where r.deleted_at is null and r.attributed_by not in ('override', 'project')
union
select r.id
  from cloud_project_members m
  join cloud_projects p on p.id = m.project_id and p.tenant_id is not null
  join cloud_resources r on r.account_id = m.account_id and r.kind = m.kind and r.provider_id = m.provider_id
 where m.account_id = $1 and m.kind = $2 and m.member_until is null
   and r.first_seen_at >= $3 and r.deleted_at is null and r.attributed_by not in ('override', 'project')`;

/**
 * Set-based. Sets the parent of children that were recorded before the parent that names them, and returns them.
 * $1 account, $2 kind of the children, $3 kind of the parents, $4 naming attribute.
 */
const ADOPT_NAMED = `
update cloud_resources c set parents = array[$3 || '/' || r.provider_id]
  from cloud_resources r cross join jsonb_array_elements_text(r.attrs -> $4) child
 where r.account_id = $1 and r.kind = $3 and jsonb_typeof(r.attrs -> $4) = 'array' and r.attrs -> $4 <> '[]' and r.deleted_at is null
   and c.account_id = $1 and c.kind = $2 and c.provider_id = child and c.parents = '{}' returning c.id`;

/** A resource of which the owner was written: its tenant before and after. Both are the same where only the reason or the project differs. */
export interface Reattributed {
  readonly id: string;
  readonly kind: string;
  readonly provider_id: string;
  readonly old_tenant: string | null;
  readonly old_by: string;
  readonly old_ref: string | null;
  readonly tenant_id: string | null;
}

/** For the audit log, which finds an entry by each of its `tenant_ids`: the tenants that lost or got one of these resources, and `others`. */
export function tenantsMoved(
  moved: readonly Pick<Reattributed, 'old_tenant' | 'tenant_id'>[],
  others: readonly (string | null)[] = [],
): { readonly tenant_ids?: readonly string[] } {
  const owners = [...others, ...moved.flatMap(({ old_tenant, tenant_id }) => [old_tenant, tenant_id])];
  const tenant_ids = [...new Set(owners.flatMap((owner) => owner ?? []))].sort();
  return tenant_ids.length > 0 ? { tenant_ids } : {};
}

interface ReattributionOptions {
  /** The sweep that writes the events, or the audit entry for the source `admin`. */
  readonly writerId?: string | null;
  /** The time from which the new owners count. */
  readonly effectiveFrom?: string | null;
  readonly confirmed?: boolean;
}

interface OwnerChange extends Omit<Correction, 'effectiveFrom'> {
  readonly effectiveFrom?: string;
}

/** What an explicit owner has changed. */
interface Overridden {
  readonly previousTenantId: string | null;
  /** The resource and its followers that got another tenant. */
  readonly moved: readonly Reattributed[];
  /** Other tenants that owned one of them in the time that the correction gives to another one. */
  readonly pastTenants: readonly string[];
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
  constructor(private readonly corrections: OwnerCorrections) {}

  /**
   * Serialises ownership changes. Without this lock a statement would decide on rows as they were before a concurrent transaction
   * committed, and then overwrite its result. Call it first in every transaction that changes owners.
   */
  async lockAttribution(tx: Queryable): Promise<void> {
    await lockTransaction(tx, 'attribution');
  }

  /**
   * Computes the owners of the given resources, or of all of the account's, again. Their children follow. Returns the resources that got
   * another tenant, by id. `confirmed`: an admin has confirmed the moves of these resources, and of what follows them.
   */
  async reattribute(
    tx: Queryable,
    accountId: string,
    source: 'sweep' | 'admin' | 'saga',
    resourceIds: readonly string[] | null,
    { writerId = null, effectiveFrom = null, confirmed = false }: ReattributionOptions = {},
  ): Promise<Map<string, Reattributed>> {
    const moved = new Map<string, Reattributed>();
    let ids = resourceIds;
    for (let link = 0; link < LONGEST_CHAIN; link += 1) {
      const free = !confirmed ? 'none' : link === 0 ? 'all' : 'followers';
      const first = (ids ?? []).flatMap((id) => moved.get(id) ?? []).map(firstOwner);
      const values = [accountId, ids, source, writerId, effectiveFrom, free, JSON.stringify(first)];
      const changed = await tx.query<Reattributed>(REATTRIBUTION, values);
      for (const row of changed) {
        const { old_tenant, old_by, old_ref } = moved.get(row.id) ?? row;
        moved.set(row.id, { ...row, old_tenant, old_by, old_ref });
      }
      if (changed.length === 0) break;
      const parents = changed.map((row) => `${row.kind}/${row.provider_id}`);
      ids = (await tx.query<{ id: string }>(CHILDREN, [accountId, parents, effectiveFrom])).map((child) => child.id);
      if (ids.length === 0) break;
    }
    for (const [id, { old_tenant, tenant_id }] of moved) if (old_tenant === tenant_id) moved.delete(id);
    return moved;
  }

  /** Call it after a sweep that changed rows of a kind. It attributes these rows, their children, and new resources again. */
  async settle(tx: Queryable, { id: sweepId, accountId, kind, startedAt }: SweepOfKind): Promise<void> {
    const adopted: { id: string }[] = [];
    for (const { kind: child, namedBy } of KINDS) {
      if (namedBy && (namedBy.kind === kind || child === kind))
        adopted.push(...(await tx.query<{ id: string }>(ADOPT_NAMED, [accountId, child, namedBy.kind, namedBy.attr])));
    }
    for (const { kind: shared, usedBy } of KINDS) {
      if (usedBy && (shared === kind || usedBy.kinds.includes(kind)))
        adopted.push(...(await tx.query<{ id: string }>(ADOPT_USED, [accountId, shared, usedBy.kinds, usedBy.attr])));
    }
    const unsettled = await tx.query<{ id: string }>(UNSETTLED, [accountId, kind, startedAt]);
    const ids = [...new Set([...unsettled, ...adopted].map(({ id }) => id))];
    if (ids.length > 0) await this.reattribute(tx, accountId, 'sweep', ids, { writerId: sweepId });
  }

  /**
   * Call it after one resource was recorded without a sweep. It attributes the resource, and its children, which may be older rows, and the objects
   * that it shares with others, such as its network.
   */
  async settleOne(
    tx: Queryable,
    accountId: string,
    { id, kind, provider_id }: { id: string; kind: string; provider_id: string },
  ): Promise<void> {
    const children = await tx.query<{ id: string }>(CHILDREN, [accountId, [`${kind}/${provider_id}`], null]);
    const shared = await this.settleShared(tx, accountId, { id, kind, provider_id });
    await this.reattribute(tx, accountId, 'saga', [id, ...children.map((child) => child.id), ...shared]);
  }

  /**
   * Call it outside a transaction, after one resource was found deleted without a sweep: what it shared with others gets their owner. Most
   * resources share nothing with an owner, and wait for no other change of owners.
   */
  async settleDeleted(database: Database, accountId: string, deleted: { id: string; kind: string; provider_id: string }): Promise<void> {
    const kinds = KINDS.flatMap(({ kind, usedBy }) => (usedBy?.kinds.includes(deleted.kind) ? [kind] : []));
    if (kinds.length === 0) return;
    if ((await database.query(USED_BY, [accountId, `${deleted.kind}/${deleted.provider_id}`, kinds])).length === 0) return;
    await database.transaction(async (tx) => {
      await this.lockAttribution(tx);
      await this.reattribute(tx, accountId, 'saga', await this.settleShared(tx, accountId, deleted));
    });
  }

  private async settleShared(
    tx: Queryable,
    accountId: string,
    { id, kind, provider_id }: { id: string; kind: string; provider_id: string },
  ): Promise<string[]> {
    const changed: { id: string }[] = [];
    for (const { kind: shared, usedBy } of KINDS) {
      if (!usedBy?.kinds.includes(kind)) continue;
      const values = [accountId, shared, id, `${kind}/${provider_id}`, usedBy.attr];
      changed.push(...(await tx.query<{ id: string }>(LEAVE_USED, values)));
      changed.push(...(await tx.query<{ id: string }>(JOIN_USED, [...values, usedBy.kinds])));
    }
    return changed.map((one) => one.id);
  }

  /**
   * Sets or removes (null) the explicit owner, which beats every rule; `UNASSIGNED` makes it belong to no tenant. Undefined when there is no such resource. Throws `OwnerAfterEndError` for a resource that ended before the owner would count.
   */
  async override(
    em: EntityManager,
    resourceId: string,
    owner: ExplicitOwner,
    { changeId, by, effectiveFrom }: OwnerChange,
  ): Promise<Overridden | undefined> {
    const resource = await em.findOneBy(Resource, { id: resourceId });
    if (!resource) return undefined;
    const { accountId, deletedAt, tenantId } = resource;
    if (deletedAt && (effectiveFrom === undefined || Date.parse(effectiveFrom) >= deletedAt.getTime()))
      throw new OwnerAfterEndError(deletedAt);
    await em.update(Resource, { id: resourceId }, { ownerOverride: owner === UNASSIGNED ? NO_TENANT : owner });
    const tx = queryableOf(em);
    const moved = await this.reattribute(tx, accountId, 'admin', [resourceId], { writerId: changeId, effectiveFrom });
    const correction = effectiveFrom !== undefined && { changeId, by, effectiveFrom };
    const pastTenants = correction ? await this.corrections.correct(tx, accountId, [resourceId], [...moved.keys()], correction) : [];
    return { previousTenantId: tenantId, moved: [...moved.values()], pastTenants };
  }
}

const firstOwner = ({ id, old_tenant, old_by, old_ref }: Reattributed) => ({ id, tenant_id: old_tenant, by: old_by, ref: old_ref });

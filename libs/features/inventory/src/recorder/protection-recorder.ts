import type { Queryable } from '#libs/database';
import { Injectable } from '@nestjs/common';
import type { Resource } from '../entities/resource.entity';
import type { Row } from '../view-of';

/** Who protects a resource. */
export type Protector = NonNullable<Resource['protectedBy']>;

/** A resource, locked until the transaction ends unless it was only read. */
export type LockedResource = Row<
  Resource,
  'id' | 'kind' | 'providerId' | 'name' | 'tenantId' | 'ownerOverride' | 'protectedBy' | 'deletedAt'
>;

/** Writes the protection of `cloud_resources`, and reads it in a way that waits for a change under way. */
@Injectable()
export class ProtectionRecorder {
  /** Locks the existing resources among `ids` for a change. */
  lock(tx: Queryable, ids: readonly string[]): Promise<LockedResource[]> {
    return tx.query<LockedResource>(`${SELECT} for no key update`, [ids]);
  }

  /** The existing resources among `ids`. */
  read(tx: Queryable, ids: readonly string[]): Promise<LockedResource[]> {
    return tx.query<LockedResource>(SELECT, [ids]);
  }

  /** Waits for transactions that change one of the resources, and delays later ones until this transaction ends. */
  readStable(tx: Queryable, ids: readonly string[]): Promise<LockedResource[]> {
    return tx.query<LockedResource>(`${SELECT} for share`, [ids]);
  }

  /** Those of the resources that got another owner after this time, ms since 1970. */
  async findMoved(tx: Queryable, ids: readonly string[], sinceMs: number): Promise<ReadonlySet<string>> {
    const moved = await tx.query<{ id: string }>(MOVED, [ids, sinceMs]);
    return new Set(moved.map(({ id }) => id));
  }

  /** Null lifts the protection. Call `lock` first. */
  async set(tx: Queryable, ids: readonly string[], by: Protector | null): Promise<void> {
    await tx.query(SET, [ids, by]);
  }
}

/** Fenced by row locks, which all callers take in the order of the ids. $1 ids. */
const SELECT = `
select id, kind, provider_id, name, tenant_id, owner_override, protected_by, deleted_at from cloud_resources where id = any ($1::uuid[]) order by id`;

/** Set-based: the droplets of one saga, by the index of changed owners. $1 ids, $2 ms. */
const MOVED = `
select distinct e.resource_id as id from cloud_resource_events e
 where e.resource_id = any ($1::uuid[]) and e.type = 'attributed' and e.changes ? 'tenant_id' and e.at > to_timestamp($2::double precision / 1000)`;

/** Set-based: a bulk change protects thousands. Rows that have the value already stay unwritten. $1 ids, $2 protector or null. */
const SET = `
update cloud_resources set protected_by = $2, changed_at = clock_timestamp()
 where id = any ($1::uuid[]) and protected_by is distinct from $2`;

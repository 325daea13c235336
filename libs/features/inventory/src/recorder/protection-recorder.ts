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

  /** Null lifts the protection. Call `lock` first. */
  async set(tx: Queryable, ids: readonly string[], by: Protector | null): Promise<void> {
    await tx.query(SET, [ids, by]);
  }
}

/** Fenced by row locks, which all callers take in the order of the ids. $1 ids. */
const SELECT = `
select id, kind, provider_id, name, tenant_id, owner_override, protected_by, deleted_at from cloud_resources where id = any ($1::uuid[]) order by id`;

/** Set-based: a bulk change protects thousands. Rows that have the value already stay unwritten. $1 ids, $2 protector or null. */
const SET = `
update cloud_resources set protected_by = $2, changed_at = clock_timestamp()
 where id = any ($1::uuid[]) and protected_by is distinct from $2`;

import { queryableOf, type Queryable } from '#libs/database';
import { TenantRegistry } from '#libs/tenants';
import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { OwnershipRecorder } from '../recorder/ownership-recorder';

/** Assigns many resources in the transaction of a caller that has locked them. */
@Injectable()
export class BulkOwnership {
  constructor(
    private readonly recorder: OwnershipRecorder,
    private readonly tenants: TenantRegistry,
  ) {}

  /** Call it first in the transaction. Throws `UnknownTenantError`, and `TenantNotActiveError` for a tenant that may own nothing new. */
  async prepare(em: EntityManager, tenantId: string | null): Promise<void> {
    await this.recorder.lockAttribution(queryableOf(em));
    if (tenantId !== null) await this.tenants.requireOwner(em, tenantId);
  }

  /** Sets the explicit owner, or removes it (null). The events name the entry of the audit log. */
  async assign(tx: Queryable, ids: readonly string[], tenantId: string | null, changeId: string): Promise<void> {
    const accounts = await tx.query<{ account_id: string }>(SET_OWNER, [ids, tenantId]);
    for (const account of new Set(accounts.map(({ account_id }) => account_id)))
      await this.recorder.reattribute(tx, account, 'admin', ids, { writerId: changeId });
  }
}

/** Set-based: thousands of resources in one statement. $1 ids, $2 tenant or null. */
const SET_OWNER = 'update cloud_resources set owner_override = $2 where id = any ($1::uuid[]) returning account_id';

import { AuditLog, type AuditContext } from '#libs/audit';
import { queryableOf, Transaction, type Queryable } from '#libs/database';
import { EventLog } from '#libs/events';
import {
  BulkOwnership,
  InventoryReader,
  ProtectionRecorder,
  tenantsMoved,
  type LockedResource,
  type Reattributed,
  type ResourceFilters,
} from '#libs/inventory';
import { domainError, ValidationFailedError } from '#libs/kernel';
import { DesiredStateRepository, holdOf, protectionEvents } from '#libs/provisioning';
import { SagaQueries } from '#libs/saga';
import { Injectable } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import type { EntityManager } from 'typeorm';
import { AdoptionService } from './adoption.service';

export const BULK_ACTIONS = ['adopt', 'assign', 'protect', 'unprotect'] as const;
export type BulkAction = (typeof BULK_ACTIONS)[number];

/** Resources that one bulk change may touch. */
export const MOST_ROWS = 10_000;

/** A change of many resources: of those with these ids, or of all that match the filters. */
export interface BulkChange {
  readonly action: BulkAction;
  readonly ids?: readonly string[];
  readonly filter?: ResourceFilters;
  /** Of `assign`: the owner; null gives the resources back to the rules. */
  readonly tenantId?: string | null;
}

/** What a bulk change did, or would do. `matched` is the sum of the other two. */
export interface BulkReport {
  readonly matched: number;
  readonly changed: number;
  /** Why a resource stays as it is: `already_managed`, `already_assigned`, `already_protected`, `not_protected`, `resource_busy`, … */
  readonly skipped: readonly { readonly id: string; readonly code: string }[];
}

/** Adopts, assigns and protects many resources in one transaction, with one audit entry that lists them. [OPS-9] */
@Injectable()
export class BulkChangeService {
  constructor(
    private readonly transaction: Transaction,
    private readonly inventory: InventoryReader,
    private readonly protection: ProtectionRecorder,
    private readonly owners: BulkOwnership,
    private readonly desiredStates: DesiredStateRepository,
    private readonly adoption: AdoptionService,
    private readonly sagas: SagaQueries,
    private readonly audit: AuditLog,
    private readonly events: EventLog,
  ) {}

  /** Returns what `apply` would do now, and changes nothing. Throws like `apply`. */
  async plan(change: BulkChange): Promise<BulkReport> {
    const ids = await this.freeze(change);
    return this.transaction.run(async (em) => (await this.judge(em, change, ids)).report);
  }

  /**
   * The ids are read first: what begins to match while the change is under way stays as it is. Throws `ValidationFailedError` for more than
   * 10,000 resources, `UnknownTenantError` and `TenantNotActiveError`.
   */
  async apply(change: BulkChange, because: AuditContext): Promise<BulkReport> {
    const ids = await this.freeze(change);
    const entryId = randomUUID();
    return this.transaction.run(async (em) => {
      const { report, changed } = await this.judge(em, change, ids);
      const tx = queryableOf(em);
      const moved = changed.length > 0 ? await this.write(tx, change, changed, { ...because, id: entryId }) : [];
      if (change.action === 'protect' && (await this.sagas.holdsAtPivot(em, changed.map(holdOf))).size > 0) throw new BegunMeanwhile();
      const { action, tenantId, filter } = change;
      const named = { ...(tenantId !== undefined && { tenant_id: tenantId }), ...(filter && { filter }) };
      await this.audit.record(tx, {
        ...because,
        id: entryId,
        action: 'inventory_bulk_changed',
        target: { type: 'inventory', id: action },
        details: {
          action,
          ...named,
          matched: report.matched,
          changed: changed.map(({ id }) => id),
          ...tenantsMoved(
            moved,
            changed.map(({ tenant_id }) => tenant_id),
          ),
          skipped: report.skipped,
        },
      });
      return report;
    });
  }

  private async freeze({ ids, filter }: BulkChange): Promise<readonly string[]> {
    const found = ids ? [...new Set(ids)] : await this.inventory.idsOf(filter ?? {}, MOST_ROWS + 1);
    if (found.length > MOST_ROWS)
      throw new ValidationFailedError([
        { field: ids ? 'ids' : 'filter', message: `matches more than ${MOST_ROWS} resources: narrow it, and send several requests` },
      ]);
    return found;
  }

  /** Locks the resources, so that the judgement holds until the end of the transaction. */
  private async judge(
    em: EntityManager,
    { action, tenantId }: BulkChange,
    ids: readonly string[],
  ): Promise<{ readonly report: BulkReport; readonly changed: readonly LockedResource[] }> {
    const tx = queryableOf(em);
    if (action === 'assign') await this.owners.prepare(em, tenantId ?? null);
    const found = new Map((await this.protection.lock(tx, ids)).map((row) => [row.id, row] as const));
    const rows = [...found.values()];
    const managed = action === 'adopt' ? await this.desiredStates.managedAmong(tx, ids) : new Set<string>();
    const busy = action === 'protect' ? await this.sagas.holdsAtPivot(em, rows.map(holdOf)) : new Set<string>();
    const codeOf = (row: LockedResource | undefined): string | undefined => {
      if (!row) return 'resource_not_found';
      if (row.deleted_at) return 'resource_gone';
      if (managed.has(row.id)) return 'already_managed';
      if (action === 'assign') return row.owner_override === (tenantId ?? null) ? 'already_assigned' : undefined;
      if (action === 'unprotect') return row.protected_by === null ? 'not_protected' : undefined;
      if (action === 'protect' && row.protected_by === 'admin') return 'already_protected';
      return busy.has(holdOf(row)) ? 'resource_busy' : undefined;
    };
    const skipped = ids.flatMap((id) => {
      const code = codeOf(found.get(id));
      return code === undefined ? [] : [{ id, code }];
    });
    const stays = new Set(skipped.map(({ id }) => id));
    const changed = rows.filter(({ id }) => !stays.has(id));
    return { report: { matched: ids.length, changed: changed.length, skipped }, changed };
  }

  /** Returns the resources that got another tenant, also those that followed the changed ones. */
  private async write(
    tx: Queryable,
    { action, tenantId }: BulkChange,
    rows: readonly LockedResource[],
    entry: AuditContext & { readonly id: string },
  ): Promise<readonly Reattributed[]> {
    const ids = rows.map(({ id }) => id);
    if (action === 'assign') return this.owners.assign(tx, ids, tenantId ?? null, entry.id);
    if (action === 'adopt') await this.adoption.adoptAll(tx, ids);
    else {
      const protectedBy = action === 'protect' ? 'admin' : null;
      await this.protection.set(tx, ids, protectedBy);
      await this.events.append(tx, protectionEvents(rows, protectedBy, entry));
    }
    return [];
  }
}

/** A saga reached its pivot between the judgement and the write. The caller repeats the request, which then skips that resource. */
class BegunMeanwhile extends domainError(
  'resource_busy',
  'conflict',
  'A saga has just begun to destroy one of the resources: nothing was changed, send the request again',
) {}

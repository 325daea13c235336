import { AuditLog, type AuditContext } from '#libs/audit';
import { queryableOf, Transaction } from '#libs/database';
import { EventLog, type NewEvent } from '#libs/events';
import type { Scope } from '#libs/identity';
import { ProtectionRecorder, ResourceDeletedError, ResourceNotFoundError, type LockedResource, type Protector } from '#libs/inventory';
import { domainError } from '#libs/kernel';
import { ResourceBusyError, SagaQueries } from '#libs/saga';
import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';

/** Only admins lift the protection of an admin. */
export class ProtectedByAdminError extends domainError(
  'protected_by_admin',
  'forbidden',
  'An admin protects this resource, and only an admin can lift that: ask the operator',
) {}

/** Protects resources and lifts protections, each in one transaction with its audit entry. [OPS-9, TNT-5] */
@Injectable()
export class ResourceProtection {
  constructor(
    private readonly transaction: Transaction,
    private readonly recorder: ProtectionRecorder,
    private readonly sagas: SagaQueries,
    private readonly audit: AuditLog,
    private readonly events: EventLog,
  ) {}

  /**
   * Throws `ResourceNotFoundError`, also for resources of other tenants, `ResourceDeletedError`, `ProtectedByAdminError`, and
   * `ResourceBusyError` when a saga can no longer be kept from destroying the resource.
   */
  set(scope: Scope, resourceId: string, isProtected: boolean, because: AuditContext): Promise<void> {
    return this.transaction.run((em) => this.setWithin(em, scope, resourceId, isProtected, because));
  }

  /** The same in a transaction that changes the resource in other ways too. */
  async setWithin(em: EntityManager, scope: Scope, resourceId: string, isProtected: boolean, because: AuditContext): Promise<void> {
    const tx = queryableOf(em);
    const [resource] = await this.recorder.lock(tx, [resourceId]);
    if (!resource || (scope.kind === 'tenant' && resource.tenant_id !== scope.tenantId)) throw new ResourceNotFoundError();
    if (resource.deleted_at) throw new ResourceDeletedError();
    const protectedBy = protectionAfter(resource.protected_by, isProtected, scope.kind === 'tenant' ? 'tenant' : 'admin');
    await this.recorder.set(tx, [resourceId], protectedBy);
    if (isProtected) await this.assertNotBeingDestroyed(em, resource);
    await this.audit.record(tx, {
      ...because,
      action: isProtected ? 'resource_protected' : 'resource_unprotected',
      target: { type: 'resource', id: resourceId },
      details: { protected_by: protectedBy, previous_protected_by: resource.protected_by, tenant_id: resource.tenant_id },
    });
    await this.events.append(tx, protectionEvents([resource], protectedBy, because));
  }

  /** A saga at its pivot reads the protection after it has recorded that it begins, so one of the two always sees the other. */
  private async assertNotBeingDestroyed(em: EntityManager, resource: LockedResource): Promise<void> {
    const hold = holdOf(resource);
    if ((await this.sagas.holdsAtPivot(em, [hold])).has(hold)) throw new ResourceBusyError(hold);
  }
}

/** The feed's events of a changed protection, for the resources that had another protection before. Pure. [EVT-1] */
export const protectionEvents = (resources: readonly LockedResource[], after: Protector | null, { by }: AuditContext): NewEvent[] =>
  resources
    .filter(({ protected_by }) => protected_by !== after)
    .map(({ id, kind, name, tenant_id, protected_by }) => ({
      type: 'resource.changed',
      tenantId: tenant_id,
      actor: by,
      source: 'api',
      subject: { type: 'resource', id, name, kind },
      data: { changes: { protected_by: { old: protected_by, new: after } } },
    }));

/** The hold under which sagas destroy a resource. */
export const holdOf = ({ kind, provider_id }: Pick<LockedResource, 'kind' | 'provider_id'>): string => `${kind}:${provider_id}`;

/** Who protects a resource after a change; null without a protection. A tenant adds nothing to the protection of an admin. Pure. */
export function protectionAfter(present: Protector | null, isProtected: boolean, by: Protector): Protector | null {
  if (!isProtected && present === 'admin' && by === 'tenant') throw new ProtectedByAdminError();
  if (!isProtected) return null;
  return present === 'admin' ? 'admin' : by;
}

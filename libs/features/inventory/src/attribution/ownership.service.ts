import { ProjectService, type ProjectChange, type ProjectView } from '#libs/accounts';
import { AuditLog, type AuditContext } from '#libs/audit';
import { queryableOf, Transaction } from '#libs/database';
import { Injectable } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import type { EntityManager } from 'typeorm';
import { ResourceNotFoundError } from '../inventory.errors';
import { InventoryReader, type ResourceAnswer } from '../queries/inventory-reader';
import { OwnershipRecorder, UNASSIGNED, type ExplicitOwner } from '../recorder/ownership-recorder';

/** Assigns resources and projects to tenants. Each change, its effect on resources and its audit entry are one transaction. [OPS-9] */
@Injectable()
export class OwnershipService {
  constructor(
    private readonly transaction: Transaction,
    private readonly projects: ProjectService,
    private readonly recorder: OwnershipRecorder,
    private readonly reader: InventoryReader,
    private readonly audit: AuditLog,
  ) {}

  /**
   * Sets the explicit owner of a resource, which beats every rule. Null removes it, so that the rules decide again; `UNASSIGNED` lets
   * the resource belong to no tenant. `also` changes the resource in other ways, in the same transaction. Throws `ResourceNotFoundError`.
   */
  async setOwner(
    resourceId: string,
    owner: ExplicitOwner,
    context: AuditContext,
    also?: (em: EntityManager) => Promise<void>,
  ): Promise<ResourceAnswer> {
    const entryId = randomUUID();
    await this.transaction.run(async (em) => {
      const tx = queryableOf(em);
      await this.recorder.lockAttribution(tx);
      const previous = await this.recorder.override(em, resourceId, owner, entryId);
      if (!previous) throw new ResourceNotFoundError();
      const change = owner === UNASSIGNED ? { tenant_id: null, unassigned: true } : { tenant_id: owner };
      await this.audit.record(tx, {
        ...context,
        id: entryId,
        action: 'owner_set',
        target: { type: 'resource', id: resourceId },
        details: { ...change, previous_tenant_id: previous.tenantId },
      });
      await also?.(em);
    });
    return this.reader.getAnswer({ kind: 'platform' }, resourceId);
  }

  /** Sets the tenant and our classification of a project. Sweeps keep both. The tenant applies to the project's resources at once. */
  async setProject(projectId: string, change: ProjectChange, context: AuditContext): Promise<ProjectView> {
    const entryId = randomUUID();
    return this.transaction.run(async (em) => {
      const tx = queryableOf(em);
      await this.recorder.lockAttribution(tx);
      const { accountId, project, previous } = await this.projects.update(em, projectId, change);
      const members = await tx.query<{ id: string }>(
        `select r.id from cloud_resources r where r.account_id = $1 and (r.cloud_project_id = $2 or exists (
           select 1 from cloud_project_members m where m.project_id = $2 and m.kind = r.kind and m.provider_id = r.provider_id and m.member_until is null))`,
        [accountId, projectId],
      );
      const memberIds = members.map((member) => member.id);
      await this.recorder.reattribute(tx, accountId, 'admin', memberIds, entryId);
      await this.audit.record(tx, {
        ...context,
        id: entryId,
        action: 'project_changed',
        target: { type: 'project', id: projectId },
        details: { ...change, ...previous },
      });
      return project;
    });
  }
}

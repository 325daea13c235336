import { DescribedTenants, type ProjectChange, ProjectService, type ProjectView } from '#libs/accounts';
import { type AuditContext, AuditLog } from '#libs/audit';
import { type Queryable, queryableOf, Transaction } from '#libs/database';
import { type NewTenant, TenantRegistry, type TenantView, TenantWriter } from '#libs/tenants';
import { Injectable } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import type { EntityManager } from 'typeorm';
import { ResourceNotFoundError } from '../inventory.errors';
import { InventoryReader, type ResourceAnswer } from '../queries/inventory-reader';
import { OwnerCorrections } from '../recorder/owner-corrections';
import { type ExplicitOwner, OwnershipRecorder, type Reattributed, tenantsMoved, UNASSIGNED } from '../recorder/ownership-recorder';

/** How a change of owner reaches into the past. */
export interface OwnerOptions {
  /** RFC 3339, in the past: the owner counts from this time on, also in the history. */
  readonly effectiveFrom?: string;
}

/** Set-based: the resources of a project, also those that were recorded after their membership. $1 account, $2 project. */
const RESOURCES_OF_PROJECT = `
select r.id from cloud_resources r where r.account_id = $1 and (r.cloud_project_id = $2 or exists (
  select 1 from cloud_project_members m where m.project_id = $2 and m.kind = r.kind and m.provider_id = r.provider_id and m.member_until is null))`;

/** Set-based: the resources among these with the project as their owner. $1 resource ids, $2 project. */
const OWNED_BY_PROJECT = `select id from cloud_resources where id = any ($1::uuid[]) and attributed_by = 'project' and attributed_ref = $2`;

/** Assigns resources and projects to tenants. Each change, its effect on resources and its audit entry are one transaction. [OPS-9] */
@Injectable()
export class OwnershipService {
  constructor(
    private readonly transaction: Transaction,
    private readonly projects: ProjectService,
    private readonly described: DescribedTenants,
    private readonly tenants: TenantRegistry,
    private readonly tenantWriter: TenantWriter,
    private readonly recorder: OwnershipRecorder,
    private readonly corrections: OwnerCorrections,
    private readonly reader: InventoryReader,
    private readonly audit: AuditLog,
  ) {}

  /**
   * Sets the explicit owner of a resource, which beats every rule. Null removes it, so that the rules decide again; `UNASSIGNED` lets
   * the resource belong to no tenant. `also` changes the resource in other ways, in the same transaction. Throws `ResourceNotFoundError`,
   * `OwnerAfterEndError` and the errors of `TenantRegistry.requireOwner`. [TNT-1]
   */
  async setOwner(
    resourceId: string,
    owner: ExplicitOwner,
    context: AuditContext,
    { effectiveFrom }: OwnerOptions = {},
    also?: (em: EntityManager) => Promise<void>,
  ): Promise<ResourceAnswer> {
    const entryId = randomUUID();
    await this.transaction.run(async (em) => {
      const tx = queryableOf(em);
      await this.recorder.lockAttribution(tx);
      if (typeof owner === 'string') await this.tenants.requireOwner(em, owner);
      const changed = await this.recorder.override(em, resourceId, owner, { changeId: entryId, by: context.by, effectiveFrom });
      if (!changed) throw new ResourceNotFoundError();
      const change = owner === UNASSIGNED ? { tenant_id: null, unassigned: true } : { tenant_id: owner };
      await this.audit.record(tx, {
        ...context,
        id: entryId,
        action: 'owner_set',
        target: { type: 'resource', id: resourceId },
        details: {
          ...change,
          previous_tenant_id: changed.previousTenantId,
          ...tenantsMoved(changed.moved, changed.pastTenants),
          ...(effectiveFrom !== undefined && { effective_from: effectiveFrom }),
        },
      });
      await also?.(em);
    });
    return this.reader.getAnswer({ kind: 'platform' }, resourceId);
  }

  /** Sets the tenant and our classification of a project. Sweeps keep both. The tenant applies to the project's resources at once. */
  async setProject(
    projectId: string,
    change: ProjectChange,
    context: AuditContext,
    { effectiveFrom }: OwnerOptions = {},
  ): Promise<ProjectView> {
    const entryId = randomUUID();
    return this.transaction.run(async (em) => {
      const tx = queryableOf(em);
      await this.recorder.lockAttribution(tx);
      const { accountId, project, previous } = await this.projects.update(em, projectId, change);
      const { ids, moved } = await this.attributeProject(tx, accountId, projectId, entryId, effectiveFrom);
      let pastTenants: readonly string[] = [];
      if (effectiveFrom !== undefined) {
        const owned = (await tx.query<{ id: string }>(OWNED_BY_PROJECT, [ids, projectId])).map(({ id }) => id);
        const correction = { changeId: entryId, by: context.by, effectiveFrom };
        pastTenants = await this.corrections.correct(tx, accountId, owned, [...moved.keys()], correction);
      }
      const tenants = tenantsMoved([...moved.values()], pastTenants);
      await this.audit.record(tx, {
        ...context,
        id: entryId,
        action: 'project_changed',
        target: { type: 'project', id: projectId },
        details: { ...change, ...previous, ...tenants, ...(effectiveFrom !== undefined && { effective_from: effectiveFrom }) },
      });
      return project;
    });
  }

  /** Registers a tenant. The projects with a description that names it become its own at once, unless an admin has set their owner. */
  async registerTenant(tenant: NewTenant, context: AuditContext): Promise<TenantView> {
    return this.transaction.run(async (em) => {
      const tx = queryableOf(em);
      await this.recorder.lockAttribution(tx);
      const registered = await this.tenantWriter.create(em, tenant, context);
      for (const { id, accountId, tenantId } of await this.described.assignTo(em, tenant.id)) {
        const entryId = randomUUID();
        const { moved } = await this.attributeProject(tx, accountId, id, entryId);
        await this.audit.record(tx, {
          ...context,
          id: entryId,
          action: 'project_changed',
          target: { type: 'project', id },
          details: {
            tenant_id: tenant.id,
            previous_tenant_id: tenantId,
            ...tenantsMoved([...moved.values()]),
            tenant_set_by: 'description',
          },
        });
      }
      return registered;
    });
  }

  private async attributeProject(
    tx: Queryable,
    accountId: string,
    projectId: string,
    entryId: string,
    effectiveFrom?: string,
  ): Promise<{ readonly ids: string[]; readonly moved: ReadonlyMap<string, Reattributed> }> {
    const members = await tx.query<{ id: string }>(RESOURCES_OF_PROJECT, [accountId, projectId]);
    const ids = members.map(({ id }) => id);
    const moved = await this.recorder.reattribute(tx, accountId, 'admin', ids, { writerId: entryId, effectiveFrom });
    return { ids, moved };
  }
}

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

  /** Sets the explicit owner, or removes it (null). The events name the entry of the audit log. Returns what got another tenant. */
  async assign(tx: Queryable, ids: readonly string[], tenantId: string | null, changeId: string): Promise<Reattributed[]> {
    const accounts = await tx.query<{ account_id: string }>(SET_OWNER, [ids, tenantId]);
    const moved: Reattributed[] = [];
    for (const account of new Set(accounts.map(({ account_id }) => account_id)))
      moved.push(...(await this.recorder.reattribute(tx, account, 'admin', ids, { writerId: changeId })).values());
    return moved;
  }
}

/** Set-based: thousands of resources in one statement. $1 ids, $2 tenant or null. */
const SET_OWNER = 'update cloud_resources set owner_override = $2 where id = any ($1::uuid[]) returning account_id';

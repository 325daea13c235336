import { AuditLog, type AuditContext } from '#libs/audit';
import { ADVISORY_LOCKS, lockTransaction, queryableOf, sql, Transaction } from '#libs/database';
import { EventLog } from '#libs/events';
import { isTenantId } from '#libs/identity';
import { ValidationFailedError } from '#libs/kernel';
import { Injectable } from '@nestjs/common';
import { Any, type EntityManager } from 'typeorm';
import { Tenant } from './entities/tenant.entity';
import { tenantView, TenantRegistry, type TenantView } from './tenant-registry';
import { TENANT_RIGHTS, TENANT_TRANSITIONS, type TenantStatus } from './tenant.states';
import { OPEN_SAGA } from './tenant-usage';
import { TenantExistsError, TenantNotEmptyError, TenantNotFoundError, TenantTransitionError } from './tenants.errors';

/** A tenant that an admin registers. */
export interface NewTenant {
  readonly id: string;
  /** The id unless given. */
  readonly name?: string;
  readonly contact_email?: string | null;
  readonly notes?: string | null;
}

/** The change that an admin makes to a tenant. An absent field stays unchanged. */
export interface TenantChange {
  readonly name?: string;
  readonly contact_email?: string | null;
  readonly notes?: string | null;
  readonly status?: TenantStatus;
  /** Null lets the tenant order again. */
  readonly orders_blocked_reason?: string | null;
}

/** What a new status would stop, and what the tenant has that goes on. */
export interface StatusPreview {
  readonly from: TenantStatus;
  readonly to: TenantStatus;
  readonly stops: readonly ('reads' | 'new_starts' | 'new_ownership')[];
  readonly resumes: readonly ('reads' | 'new_starts' | 'new_ownership')[];
  readonly resources: number;
  readonly projects: number;
  readonly open_sagas: number;
  /** Why the change would be refused; null when it would not. */
  readonly refused: { readonly status: 409; readonly code: string; readonly detail: string } | null;
}

/** Words that routes use in the place of an id. */
const RESERVED_IDS = ['unknown', 'default'];

interface Holdings {
  readonly resources: number;
  readonly projects: number;
  readonly open_sagas: number;
}

/** Set-based: counts what a tenant still has. $1 tenant. */
const HOLDINGS = `
select (select count(*)::int from cloud_resources where tenant_id = $1 and deleted_at is null) as resources,
       (select count(*)::int from cloud_projects where tenant_id = $1 and deleted_at is null) as projects,
       (select count(*)::int from saga_runs where tenant_id = $1 and ${OPEN_SAGA}) as open_sagas`;

/** Fenced: serialises a change of status with the acceptance of sagas, which takes the same lock. $1 tenant. */
const LOCK_STARTS = `select pg_advisory_xact_lock(${ADVISORY_LOCKS.tenantStarts}) from (select $1::text as tenant) changed`;

/** The only writer of `tenants`. */
@Injectable()
export class TenantWriter {
  constructor(
    private readonly transaction: Transaction,
    private readonly registry: TenantRegistry,
    private readonly audit: AuditLog,
    private readonly events: EventLog,
  ) {}

  /** Registers a tenant in the transaction of the caller. Throws `TenantExistsError`, also for an id that differs in letter case only. */
  async create(em: EntityManager, { id, name = id, contact_email, notes }: NewTenant, context: AuditContext): Promise<TenantView> {
    if (RESERVED_IDS.includes(id))
      throw new ValidationFailedError([{ field: 'id', message: `id must not be ${RESERVED_IDS.join(' or ')}` }]);
    const tx = queryableOf(em);
    await lockTransaction(tx, 'attribution');
    const existing = sameInAnyCase(id, await this.registry.ids(em));
    if (existing !== undefined) throw new TenantExistsError(id, existing);
    const values = { id, name, contactEmail: contact_email ?? null, notes: notes ?? null, source: 'admin' as const };
    await em.insert(Tenant, values);
    await this.audit.record(tx, {
      ...context,
      action: 'tenant_created',
      target: { type: 'tenant', id },
      details: { tenant_id: id, name, contact_email: values.contactEmail },
    });
    await this.events.append(tx, tenantEvent('tenant.created', { id, name }, context, { status: 'active' }));
    return tenantView(await em.findOneByOrFail(Tenant, { id }));
  }

  /**
   * Changes a tenant. A status that is set already is no change. Throws `TenantNotFoundError`, `TenantTransitionError`, and
   * `TenantNotEmptyError` for a tenant that cannot be closed yet.
   */
  async update(id: string, change: TenantChange, context: AuditContext): Promise<TenantView> {
    return this.transaction.run((em) => this.change(em, id, () => change, context));
  }

  /**
   * Replaces the reason for which a tenant cannot order, in the transaction of the caller, when it is still `from`: a block that somebody else wrote
   * stays. Null is no block. Throws `TenantNotFoundError`.
   */
  async replaceBlock(em: EntityManager, id: string, from: string | null, to: string | null, context: AuditContext): Promise<void> {
    await this.change(em, id, (before) => (before.ordersBlockedReason === from ? { orders_blocked_reason: to } : {}), context);
  }

  /**
   * Serialises the changes of a tenant until the transaction ends. A decision about its block has to be taken afterwards: before, another transaction
   * can still change what it is taken by. Throws `TenantNotFoundError`.
   */
  async lock(em: EntityManager, id: string): Promise<Tenant> {
    const tx = queryableOf(em);
    await lockTransaction(tx, 'attribution'); // nothing may be assigned to a tenant that is being closed
    await tx.query(LOCK_STARTS, [id]); // nor may anything start for it
    const tenant = await em.findOne(Tenant, { where: { id }, lock: { mode: 'pessimistic_write' } });
    if (!tenant) throw new TenantNotFoundError();
    return tenant;
  }

  /** What `status` would stop. Changes nothing. */
  async preview(id: string, to: TenantStatus): Promise<StatusPreview> {
    return this.transaction.run(async (em) => {
      const tenant = await em.findOneBy(Tenant, { id });
      if (!tenant) throw new TenantNotFoundError();
      const holdings = await this.holdings(em, id);
      const refusal = refusalOf(tenant, to, holdings);
      const refused = refusal ? { status: 409 as const, code: refusal.code, detail: refusal.message } : null;
      return { from: tenant.status, to, stops: lost(tenant.status, to), resumes: lost(to, tenant.status), ...holdings, refused };
    });
  }

  /**
   * Registers the ids that project descriptions named when their account was first mirrored. Of ids that differ in letter case only, the
   * first is registered and the others stay findings. The caller holds the attribution lock. Returns the ids that may own something now.
   */
  async registerDescribed(em: EntityManager, ids: readonly string[]): Promise<string[]> {
    const known = await this.registry.ids(em);
    for (const id of ids) {
      if (!isTenantId(id) || RESERVED_IDS.includes(id) || sameInAnyCase(id, known) !== undefined) continue;
      await em.insert(Tenant, { id, name: id, source: 'description' });
      known.push(id);
    }
    return this.owners(em, ids);
  }

  /** The ids among these that a description may assign a project to. */
  async owners(em: EntityManager, ids: readonly string[]): Promise<string[]> {
    if (ids.length === 0) return [];
    const found = await em.find(Tenant, { where: { id: Any([...ids]) }, select: { id: true, status: true } });
    return found.filter(({ status }) => TENANT_RIGHTS[status].ownsNew).map(({ id }) => id);
  }

  private async change(
    em: EntityManager,
    id: string,
    changeOf: (before: Tenant) => TenantChange,
    context: AuditContext,
  ): Promise<TenantView> {
    const tx = queryableOf(em);
    const before = await this.lock(em, id);
    const change = changeOf(before);
    const { status = before.status } = change;
    const refusal = refusalOf(before, status, status === 'closed' && before.status !== 'closed' ? await this.holdings(em, id) : undefined);
    if (refusal) throw refusal;
    const values = changedValues(before, change);
    if (Object.keys(values).length === 0) return tenantView(before);
    await em.update(Tenant, { id }, values);
    const after = tenantView(await em.findOneByOrFail(Tenant, { id }));
    await this.audit.record(tx, {
      ...context,
      action: 'tenant_changed',
      target: { type: 'tenant', id },
      details: { tenant_id: id, ...differences(tenantView(before), after) },
    });
    const seen = { status: after.status, previous_status: before.status, orders_blocked: after.orders_blocked_reason !== null };
    await this.events.append(tx, tenantEvent('tenant.changed', after, context, seen));
    return after;
  }

  private async holdings(em: EntityManager, id: string): Promise<Holdings> {
    const [found] = await sql<Holdings>(em, HOLDINGS, [id]);
    return found ?? { resources: 0, projects: 0, open_sagas: 0 };
  }
}

/** The tenant may read the event, so it has no notes and no reason of an admin. */
function tenantEvent(
  type: 'tenant.created' | 'tenant.changed',
  { id, name }: { id: string; name: string },
  { by }: AuditContext,
  data: Record<string, unknown>,
) {
  return { type, tenantId: id, actor: by, source: 'api', subject: { type: 'tenant', id, name }, data } as const;
}

function sameInAnyCase(id: string, known: readonly string[]): string | undefined {
  const folded = id.toLowerCase();
  return known.find((one) => one.toLowerCase() === folded);
}

/** The rights that a change of status takes away. */
function lost(from: TenantStatus, to: TenantStatus): StatusPreview['stops'] {
  const rights = { reads: 'reads', starts: 'new_starts', ownsNew: 'new_ownership' } as const;
  const keys = Object.keys(rights) as (keyof typeof rights)[];
  return keys.filter((right) => TENANT_RIGHTS[from][right] && !TENANT_RIGHTS[to][right]).map((right) => rights[right]);
}

/** Why a tenant cannot get this status. */
function refusalOf(
  { id, status: from }: Tenant,
  to: TenantStatus,
  holdings?: Holdings,
): TenantTransitionError | TenantNotEmptyError | undefined {
  if (from === to) return undefined;
  if (!TENANT_TRANSITIONS[from].includes(to)) return new TenantTransitionError(from, to);
  const { resources = 0, projects = 0, open_sagas: sagas = 0 } = to === 'closed' && holdings ? holdings : {};
  const counted = [
    [resources, 'living resources'],
    [projects, 'projects'],
    [sagas, 'open sagas'],
  ] as const;
  const present = counted.filter(([count]) => count > 0).map(([count, what]) => `${count} ${count === 1 ? what.slice(0, -1) : what}`);
  return present.length === 0 ? undefined : new TenantNotEmptyError(id, present.join(', '));
}

function changedValues(before: Tenant, change: TenantChange): Partial<Tenant> {
  const { name, notes, status } = change;
  const asked = { name, contactEmail: change.contact_email, notes, status, ordersBlockedReason: change.orders_blocked_reason };
  const changed = Object.entries(asked).filter(([key, value]) => value !== undefined && value !== before[key as keyof Tenant]);
  const isNewStatus = status !== undefined && status !== before.status;
  return { ...(Object.fromEntries(changed) as Partial<Tenant>), ...(isNewStatus && { closedAt: status === 'closed' ? new Date() : null }) };
}

/** The changed fields with their old values as `previous_<field>`. Notes are for people and stay out of the log. */
function differences(before: TenantView, after: TenantView): Record<string, unknown> {
  const fields = ['name', 'contact_email', 'status', 'orders_blocked_reason'] as const;
  const changed = fields.filter((field) => before[field] !== after[field]);
  const notes = before.notes === after.notes ? {} : { notes: 'changed' };
  return {
    ...Object.fromEntries(
      changed.flatMap((field) => [
        [field, after[field]],
        [`previous_${field}`, before[field]],
      ]),
    ),
    ...notes,
  };
}

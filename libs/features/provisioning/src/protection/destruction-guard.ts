import { Database, type Queryable } from '#libs/database';
import { ProtectionRecorder } from '#libs/inventory';
import { domainError, type DomainError, type WriteFailure } from '#libs/kernel';
import { fail, SagaRegistry, type AcceptanceGuard, type GuardedStart, type Judgement, type StepAnswer, type StepContext } from '#libs/saga';
import { TenantRegistry } from '#libs/tenants';
import { Injectable } from '@nestjs/common';
import { stepErrorOf } from '../provisioning.errors';

/** The write was not sent, because the resource must not be destroyed or overwritten now. */
const NOT_SENT: WriteFailure = { is: 'refused' };

/** The resource is protected. [TNT-5] */
export class ResourceProtectedError extends domainError(
  'resource_protected',
  'conflict',
  ({ id, name, protected_by }: { readonly id: string; readonly name: string | null; readonly protected_by: string | null }) =>
    `${name ?? id} is protected by ${protected_by === 'admin' ? 'an admin' : 'its tenant'}: lift the protection (PATCH /api/v1/inventory/${id} with "protected": false), then start again`,
) {
  override get writeFailure(): WriteFailure {
    return NOT_SENT;
  }
}

/** The resource belongs to another owner than at the start of the saga, who did not ask for this. */
export class OwnerChangedError extends domainError(
  'owner_changed',
  'conflict',
  (name: string) => `${name} has another owner than when the saga was started: its present owner or an admin may start it again`,
) {
  override get writeFailure(): WriteFailure {
    return NOT_SENT;
  }
}

/** The owner has left. Sagas of a tenant that is suspended or leaves go on. */
export class OwnerLeftError extends domainError('tenant_not_active', 'conflict', (tenantId: string) => `Tenant ${tenantId} is closed`) {
  override get writeFailure(): WriteFailure {
    return NOT_SENT;
  }
}

/**
 * Decides whether sagas may destroy or overwrite a resource: once when they are accepted, and again right before the write, because
 * protection and owner may change while a saga waits. The owner is read again before every other change too. [TEN-6, TNT-5]
 */
@Injectable()
export class DestructionGuard implements AcceptanceGuard {
  readonly judgesUnowned = true;

  constructor(
    private readonly database: Database,
    private readonly protection: ProtectionRecorder,
    private readonly registry: SagaRegistry,
    private readonly tenants: TenantRegistry,
  ) {}

  /** Refuses starts of definitions that declare that they destroy or overwrite a protected resource. */
  async judgeAll(starts: readonly GuardedStart[], transaction: Queryable): Promise<readonly Judgement[]> {
    const targets = starts.map(({ kind, input }) => this.registry.get(kind).destroys?.(input) ?? []);
    const ids = [...new Set(targets.flat())];
    const found = ids.length === 0 ? [] : await this.protection.read(transaction, ids);
    const guarded = new Map(found.flatMap((resource) => (resource.protected_by === null ? [] : [[resource.id, resource] as const])));
    return targets.map((destroyed): Judgement => {
      const [target] = destroyed.flatMap((id) => guarded.get(id) ?? []);
      return { limits: [], ...(target && { refusal: new ResourceProtectedError(target) }) };
    });
  }

  /**
   * Call it in `send`, when the intent is recorded: a protection that is set later is refused, because it sees the intent, and one that is
   * being set now is waited for. Throws `ResourceProtectedError`, `OwnerChangedError` and `OwnerLeftError`. A deleted resource needs no protection.
   */
  async assertStillAllowed({ tenantId }: Pick<StepContext, 'tenantId'>, resourceId: string): Promise<void> {
    const [resource] = await this.database.transaction((tx) => this.protection.readStable(tx, [resourceId]));
    if (!resource || resource.deleted_at) return;
    if (resource.protected_by !== null) throw new ResourceProtectedError(resource);
    if (resource.tenant_id !== tenantId) throw new OwnerChangedError(resource.name ?? resource.id);
    const owner = tenantId === null ? undefined : await this.tenants.standingOf(tenantId, { fresh: true });
    if (tenantId !== null && owner?.status === 'closed') throw new OwnerLeftError(tenantId);
  }

  /**
   * Call it in `send` of a write that neither destroys nor overwrites, but not where a saga restores what it has changed. `target`: what the saga
   * changes. `companions`: droplets that take part; an admin may have named those of another owner, so only a later change counts. A saga of an
   * earlier release may name no target. Throws `OwnerChangedError`.
   */
  async assertSameOwner(
    { tenantId, createdAtMs }: Pick<StepContext, 'tenantId' | 'createdAtMs'>,
    target: string | undefined,
    companions: readonly string[] = [],
  ): Promise<void> {
    const ids = [...(target === undefined ? [] : [target]), ...companions];
    if (ids.length === 0) return;
    const changed = await this.database.transaction(async (tx) => {
      const foreign = (await this.protection.readStable(tx, ids)).filter((one) => !one.deleted_at && one.tenant_id !== tenantId);
      if (foreign.length === 0) return undefined;
      const moved = await this.protection.findMoved(tx, companions, createdAtMs);
      return foreign.find(({ id }) => id === target || moved.has(id));
    });
    if (changed) throw new OwnerChangedError(changed.name ?? changed.id);
  }
}

/**
 * The answer of a step whose write the guard has refused, undefined for another error. `mayHaveBeenSent`: an earlier send of the same write
 * has no known outcome, so the step cannot say that it had no effect.
 */
export function answerGuard(error: DomainError, mayHaveBeenSent: boolean): StepAnswer<never> | undefined {
  if (![ResourceProtectedError, OwnerChangedError, OwnerLeftError].some((type) => error instanceof type)) return undefined;
  return fail(stepErrorOf(error), mayHaveBeenSent ? 'unknown' : 'none');
}

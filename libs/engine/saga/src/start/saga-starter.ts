import { createHash } from 'node:crypto';
import type { AuditContext } from '#libs/audit';
import { canonicalJson, type DomainError, type Json } from '#libs/kernel';
import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Raw, type Repository } from 'typeorm';
import type { SagaPlan, StoredPlan } from '../definition/plan';
import { SagaRegistry } from '../definition/saga-registry';
import { SagaIdempotencyKey } from '../entities/saga-idempotency-key.entity';
import { SagaPlanner, type AskedStart, type JudgedStart } from './saga-planner';
import { IdempotencyKeyReusedError, PlanChangedError, ResourceBusyError } from '../saga.errors';
import { SagaStartWriter, StartConflict, StartRefused } from './saga-start-writer';

export interface StartRequest {
  readonly kind: string;
  /** Already validated against the definition's input class. */
  readonly input: Readonly<Record<string, unknown>>;
  /** The tenant that asks; null means the platform. It decides what the saga may touch, and its limit counts. */
  readonly tenantId: string | null;
  /** For the platform: the owner of what the saga works on, where the kind has no `ownerOf`. That tenant sees the saga. [TEN-3] */
  readonly ownerId?: string | null;
  /** An admin has decided that limits do not refuse this start. `because` has the reason. */
  readonly override?: boolean;
  /** Requests with the same key, tenant and body get the same saga. [SAG-17] */
  readonly idempotencyKey?: string;
  /** The hash of the plan that the caller has read. The start runs only while its plan is still that one. [TNT-4] */
  readonly planHash?: string;
  /** The rolled back saga that this one repeats. */
  readonly redrivenFrom?: string;
  readonly because: AuditContext;
  /** Additional details for the audit log: why another part of the product started the saga. */
  readonly details?: Readonly<Record<string, unknown>>;
}

/** Accepts sagas. After the commit of a start the saga reaches an end without further help. [SAG-1] */
@Injectable()
export class SagaStarter {
  constructor(
    @InjectRepository(SagaIdempotencyKey) private readonly keys: Repository<SagaIdempotencyKey>,
    private readonly registry: SagaRegistry,
    private readonly planner: SagaPlanner,
    private readonly writer: SagaStartWriter,
  ) {}

  /** Returns what a start would do. Throws `UnknownSagaKindError`, and what `SagaPlanner.plan` throws. */
  async plan(asked: AskedStart): Promise<SagaPlan> {
    return this.planner.plan(this.registry.get(asked.kind), asked);
  }

  /** The plan of a start that its caller refuses before its kind is asked. */
  async refusedPlan(asked: AskedStart, refusal: DomainError): Promise<SagaPlan> {
    return this.planner.answerOf(this.planner.refused(asked, refusal));
  }

  /**
   * Returns the id of the saga. Throws `UnknownSagaKindError`, `IdempotencyKeyReusedError`, `ResourceBusyError`, `PlanChangedError`, the
   * refusals of the acceptance guard, and the errors of the kind. A repeated request is found by its key before anything is judged, because
   * the resources that it names may have been deleted meanwhile.
   */
  async start(request: StartRequest): Promise<string> {
    const key = keyOf(request);
    const known = key && (await this.findByKey(key));
    if (known) return known;
    const judged = await this.judge(request);
    const { input, steps, holds, ownerId } = judged;
    const { kind, tenantId, override, because, details, redrivenFrom } = request;
    const start = { kind, input, tenantId, ownerId, override };
    try {
      if (judged.refusal) throw new StartRefused(judged.refusal);
      return await this.writer.accept({ ...start, steps, holds, plan: storedPlan(judged), key, because, details, redrivenFrom });
    } catch (error) {
      if (!(error instanceof StartConflict || error instanceof StartRefused)) throw error;
      const meanwhile = key && (await this.findByKey(key)); // the same request may have been accepted concurrently, in the tenant's last place
      if (meanwhile) return meanwhile;
      if (error instanceof StartRefused) throw error.refusal;
      throw new ResourceBusyError((await this.planner.firstBusyOf(holds)) ?? holds.join(', '));
    }
  }

  /** Deletes idempotency keys older than two days. They must be valid for at least one day. [SAG-17] */
  async forgetOldKeys(): Promise<void> {
    await this.keys.delete({ startedAt: Raw((column) => `${column} < clock_timestamp() - interval '2 days'`) });
  }

  /** A refusal by the state counts before a changed plan. */
  private async judge(request: StartRequest): Promise<JudgedStart> {
    const definition = this.registry.get(request.kind);
    const judged = await this.planner.judge(definition, request);
    if (request.planHash === undefined || judged.refusal) return judged;
    const limited = await this.planner.withLimits(judged, request);
    if (limited.refusal || (await this.planner.isStill(limited, request.planHash))) return limited;
    throw new PlanChangedError(CHANGED, await this.planner.answerOf(limited));
  }

  private async findByKey({ scope, name, bodyHash }: RequestKey): Promise<string | undefined> {
    const known = await this.keys.findOneBy({ scope, key: name });
    if (known && known.bodyHash !== bodyHash) throw new IdempotencyKeyReusedError();
    return known?.sagaId;
  }
}

const CHANGED =
  'The start would no longer do what its plan showed, or the plan has expired: read the new plan, and start with its plan_hash';

interface RequestKey {
  readonly scope: string;
  readonly name: string;
  readonly bodyHash: string;
}

/** A start without `override` has the digest that earlier releases stored. */
function keyOf({ idempotencyKey, tenantId, kind, input, override }: StartRequest): RequestKey | null {
  if (idempotencyKey === undefined) return null;
  const body = canonicalJson({ kind, input: input as Json, ...(override && { override }) });
  return {
    scope: tenantId === null ? 'platform' : `tenant:${tenantId}`,
    name: idempotencyKey,
    bodyHash: createHash('sha256').update(body).digest('hex'),
  };
}

function storedPlan({ plan, fingerprint }: JudgedStart): StoredPlan {
  const { steps, creates, changes, destroys, cost } = plan;
  return { steps: steps.map(({ name }) => name), creates, changes, destroys, cost, fingerprint };
}

import { AuditLog, type AuditContext } from '#libs/audit';
import { queryableOf, Transaction } from '#libs/database';
import { EventLog } from '#libs/events';
import { DomainError, isRetryable } from '#libs/kernel';
import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { IsNull, Raw, type EntityManager, type Repository } from 'typeorm';
import { SagaRegistry } from '../definition/saga-registry';
import { SagaApproval, type ApprovalDecision } from '../entities/saga-approval.entity';
import { SagaHold } from '../entities/saga-hold.entity';
import { SagaRun } from '../entities/saga-run.entity';
import { NotAwaitingApprovalError, OwnApprovalError, PlanChangedError, SagaNotFoundError } from '../saga.errors';
import type { SagaStatus } from '../saga.states';
import { Acceptance } from './acceptance-guard';
import { SagaPlanner } from './saga-planner';
import { decisionEvent } from './start-events';

const NEXT_VERSION = () => 'version + 1';
/** Rejections by the service in one round. */
const MOST_EXPIRED = 100;

/** Decides about starts that wait for approval. A waiting saga has done nothing, so a rejected one leaves nothing. [TNT-3] */
@Injectable()
export class SagaApprovals {
  constructor(
    private readonly transaction: Transaction,
    private readonly registry: SagaRegistry,
    private readonly acceptance: Acceptance,
    private readonly planner: SagaPlanner,
    private readonly audit: AuditLog,
    private readonly events: EventLog,
    @InjectRepository(SagaRun) private readonly runs: Repository<SagaRun>,
    @InjectRepository(SagaApproval) private readonly approvals: Repository<SagaApproval>,
  ) {}

  /**
   * Lets the saga run, if it still could be started now. Throws `SagaNotFoundError`, `NotAwaitingApprovalError`, `OwnApprovalError`,
   * `PlanChangedError` when the world no longer allows what was asked, and the refusals of the acceptance guard.
   */
  async approve(id: string, because: AuditContext): Promise<void> {
    const run = await this.runs.findOneBy({ id });
    if (!run) throw new SagaNotFoundError();
    assertMayDecide(run, because);
    await this.assertSamePlan(run);
    await this.transaction.run(async (em) => {
      const { kind, input, tenantId: ownerId, byPlatform } = run;
      const start = { kind, input, tenantId: byPlatform ? null : ownerId, ownerId, sagaId: id };
      const [judgement] = await this.acceptance.lockAndJudge([start], queryableOf(em)); // takes its lock before that of the run
      const locked = await lockWaiting(em, id);
      if (judgement?.refusal) throw judgement.refusal;
      await em.update(SagaRun, { id }, { status: 'pending', wakeAt: () => 'clock_timestamp()', version: NEXT_VERSION });
      await this.decide(em, locked, 'approved', because);
    });
  }

  /** Ends the saga before it did anything. Throws `SagaNotFoundError`, `NotAwaitingApprovalError` and `OwnApprovalError`. */
  async reject(id: string, because: AuditContext): Promise<void> {
    await this.transaction.run(async (em) => {
      const run = await lockWaiting(em, id);
      assertMayDecide(run, because);
      await this.end(em, run, 'rejected', 'rejected', because);
    });
  }

  /** Ends the waiting saga of a locked run, because the person who asked no longer wants it. */
  cancel(em: EntityManager, run: SagaRun, because: AuditContext): Promise<void> {
    return this.end(em, run, 'rolled_back', 'cancelled', because);
  }

  /** Rejects the starts without a decision in time. Several processes may do it at once. */
  async rejectExpired(): Promise<void> {
    const expired = await this.approvals.find({
      where: { decision: IsNull(), subject: 'start', expiresAt: Raw((column) => `${column} <= clock_timestamp()`) },
      order: { expiresAt: 'ASC' },
      take: MOST_EXPIRED,
    });
    const because = { by: { sub: 'approvals', role: 'service' }, reason: 'There was no decision in time' };
    for (const { sagaId } of expired) {
      await this.transaction.run(async (em) => {
        const run = await em.findOne(SagaRun, { where: { id: sagaId }, lock: { mode: 'pessimistic_write' } });
        if (run?.status === 'awaiting_approval') await this.end(em, run, 'rejected', 'expired', because);
      });
    }
  }

  /** Judges the plan anew. What the input names may have been deleted since, or cost something else. [TNT-4] */
  private async assertSamePlan({ kind, input, tenantId, byPlatform, plan }: SagaRun): Promise<void> {
    const definition = this.registry.get(kind);
    const asked = { kind, input, tenantId: byPlatform ? null : tenantId, ...(!definition.ownerOf && { ownerId: tenantId }) };
    const judged = await this.planner.judge(definition, asked).catch((error: unknown) => {
      if (error instanceof DomainError && !isRetryable(error)) throw new PlanChangedError(changedBy(error.message));
      throw error;
    });
    const { refusal, fingerprint, ownerId } = judged;
    if (refusal) throw new PlanChangedError(changedBy(refusal.message), await this.planner.answerOf(judged));
    if (ownerId !== tenantId)
      throw new PlanChangedError(changedBy('it would work for another owner by now'), await this.planner.answerOf(judged));
    if (plan && plan.fingerprint !== fingerprint)
      throw new PlanChangedError(changedBy('it would do or cost something else by now'), await this.planner.answerOf(judged));
  }

  private async end(em: EntityManager, run: SagaRun, status: SagaStatus, decision: ApprovalDecision, because: AuditContext): Promise<void> {
    await em.update(SagaRun, { id: run.id }, { status, finishedAt: () => 'clock_timestamp()', version: NEXT_VERSION });
    await em.delete(SagaHold, { sagaId: run.id });
    await this.decide(em, run, decision, because);
  }

  private async decide(
    em: EntityManager,
    { id, kind, input, tenantId }: SagaRun,
    decision: ApprovalDecision,
    because: AuditContext,
  ): Promise<void> {
    const decided = { decision, decidedBy: because.by.sub, decidedAt: () => 'clock_timestamp()', reason: because.reason ?? null };
    await em.update(SagaApproval, { sagaId: id, decision: IsNull() }, decided);
    const action = AUDITED[decision];
    const details = { kind, tenant_id: tenantId };
    await this.audit.record(queryableOf(em), { ...because, action, target: { type: 'saga', id }, details });
    await this.events.append(queryableOf(em), decisionEvent({ id, kind, input, ownerId: tenantId }, decision, because));
  }
}

const changedBy = (change: string): string =>
  `What was asked for is not possible any more: ${change}. Reject it, and let a new saga be started`;

const AUDITED: Record<ApprovalDecision, string> = {
  approved: 'saga_approved',
  rejected: 'saga_rejected',
  expired: 'saga_rejected',
  cancelled: 'saga_cancelled',
};

/** Locks the run until the transaction ends, so that only one decision counts. */
async function lockWaiting(em: EntityManager, id: string): Promise<SagaRun> {
  const run = await em.findOne(SagaRun, { where: { id }, lock: { mode: 'pessimistic_write' } });
  if (!run) throw new SagaNotFoundError();
  if (run.status !== 'awaiting_approval') throw new NotAwaitingApprovalError(run.status);
  return run;
}

/** Two people are needed, also when both are admins. */
function assertMayDecide({ status, createdBy }: SagaRun, { by }: AuditContext): void {
  if (status !== 'awaiting_approval') throw new NotAwaitingApprovalError(status);
  if (by.sub === createdBy) throw new OwnApprovalError();
}

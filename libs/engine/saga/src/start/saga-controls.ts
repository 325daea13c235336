import { AuditLog, type AuditContext } from '#libs/audit';
import { queryableOf, Transaction } from '#libs/database';
import { EventLog } from '#libs/events';
import type { Scope } from '#libs/identity';
import { Injectable } from '@nestjs/common';
import { In, type EntityManager, type QueryDeepPartialEntity } from 'typeorm';
import { SagaRegistry } from '../definition/saga-registry';
import { SagaHold } from '../entities/saga-hold.entity';
import { SagaRun } from '../entities/saga-run.entity';
import { SagaStep } from '../entities/saga-step.entity';
import { Acceptance, type Judgement } from './acceptance-guard';
import { SagaApprovals } from './saga-approvals';
import {
  NotCancellableError,
  NotReleasableError,
  NotRetryableError,
  OperatorSagaError,
  ResourceBusyError,
  SagaNotFoundError,
} from '../saga.errors';
import { verbEvents } from './start-events';
import { assertVersion, takeKey, type VerbOptions } from './verb-requests';
import { FAILED_STATUSES, isFailed, OPEN_STATUSES, SAGA_TRANSITIONS, type FailedStatus } from '../saga.states';

const NOW = () => 'clock_timestamp()';
const NEXT_VERSION = () => 'version + 1';

/** Cancel, retry and release: what people do with an open or failed saga. Each is one transaction with its audit entry and event. [OPS-9] */
@Injectable()
export class SagaControls {
  constructor(
    private readonly transaction: Transaction,
    private readonly registry: SagaRegistry,
    private readonly approvals: SagaApprovals,
    private readonly acceptance: Acceptance,
    private readonly audit: AuditLog,
    private readonly events: EventLog,
  ) {}

  /**
   * Requests that the saga ends at its next step boundary and everything is undone; one that awaits approval ends at once. A second request changes nothing. Throws
   * `NotCancellableError` after a pivot and for a saga that has ended, `SagaNotFoundError` also for other tenants' sagas, and
   * `OperatorSagaError` to the tenant of a saga that an operator started.
   */
  async cancel(scope: Scope, id: string, because: AuditContext, options: VerbOptions = {}): Promise<void> {
    await this.transaction.run(async (em) => {
      if ((await takeKey(em, 'cancel', { id, ...options }, {})) !== undefined) return;
      const run = await lockRun(em, scope, id);
      assertVersion(run, options);
      if (run.status === 'awaiting_approval') return this.approvals.cancel(em, run, because);
      const isOpen = OPEN_STATUSES.includes(run.status);
      const reason = isOpen ? 'The saga has reached the step after which nothing is undone' : `The saga is ${run.status} already`;
      if (await this.hasBegunPivot(em, run)) throw new NotCancellableError(reason);
      const { affected } = await em.update(
        SagaRun,
        { id, status: In(OPEN_STATUSES), pivotPassed: false },
        {
          cancelRequested: true,
          wakeAt: () => `case when paused_at is null then least(wake_at, clock_timestamp()) else wake_at end`,
          version: NEXT_VERSION,
        },
      );
      if (affected !== 1) throw new NotCancellableError(reason);
      await this.record(em, 'saga_cancelled', run, because);
    });
  }

  /**
   * Continues a failed saga at its failed step, or repeats its failed compensations. The tries and limits of those steps start again. What
   * continues is judged like a start, because limits and protection may have changed; what is undone is not. Throws `NotRetryableError`,
   * `SagaNotFoundError`, the refusals of the guards, and `ResourceBusyError` when another saga has acquired a released hold. `override`: an
   * admin sets the limits aside. [TNT-2, TNT-5]
   */
  async retry(scope: Scope, id: string, because: AuditContext, override = false, options: VerbOptions = {}): Promise<void> {
    await this.transaction.run(async (em) => {
      if ((await takeKey(em, 'retry', { id, ...options }, { override })) !== undefined) return;
      const seen = await findRun(em, scope, id);
      const judgement = seen.status === 'failed' ? await this.judgeAgain(em, seen, override) : undefined;
      const run = await lockRun(em, scope, id);
      assertVersion(run, options);
      if (!isFailed(run.status) || run.status !== seen.status) throw new NotRetryableError(run.status);
      if (judgement?.refusal) throw judgement.refusal;
      await reacquireHolds(em, this.registry, run);
      await RETRIES[run.status](em, run);
      await this.record(em, 'saga_retried', run, because, judgement?.overridden?.length ? { override: judgement.overridden } : {});
    });
  }

  /** Takes its locks before that of the run. The run does not count as another one. */
  private async judgeAgain(em: EntityManager, run: SagaRun, override: boolean): Promise<Judgement | undefined> {
    const { id, kind, input, tenantId: ownerId, byPlatform } = run;
    const start = { kind, input, tenantId: byPlatform ? null : ownerId, ownerId, override, sagaId: id };
    const [judgement] = await this.acceptance.lockAndJudge([start], queryableOf(em));
    return judgement;
  }

  /**
   * Releases the holds of a failed saga, so that other sagas may use its resources. A later retry acquires the holds again, or is
   * refused. Throws `NotReleasableError` for a saga that has not failed, and `SagaNotFoundError`.
   */
  async releaseHolds(scope: Scope, id: string, because: AuditContext, options: VerbOptions = {}): Promise<void> {
    await this.transaction.run(async (em) => {
      if ((await takeKey(em, 'release', { id, ...options }, {})) !== undefined) return;
      const run = await lockRun(em, scope, id);
      assertVersion(run, options);
      const released = await holdsOf(em, id);
      const releasedHolds = [...run.releasedHolds, ...released];
      const { affected } = await em.update(SagaRun, { id, status: In(FAILED_STATUSES) }, { releasedHolds, version: NEXT_VERSION });
      if (affected !== 1) throw new NotReleasableError(run.status);
      await em.delete(SagaHold, { sagaId: id });
      await this.record(em, 'saga_holds_released', run, because, { released });
    });
  }

  private async record(em: EntityManager, action: string, run: SagaRun, because: AuditContext, details: object = {}): Promise<void> {
    const target = { type: 'saga', id: run.id };
    await this.audit.record(queryableOf(em), {
      ...because,
      action,
      target,
      details: { kind: run.kind, ...(run.tenantId !== null && { tenant_id: run.tenantId }), ...details },
    });
    await this.events.append(queryableOf(em), verbEvents(run, action, because, { ...details }));
  }

  /** A begun pivot may have had its effect. Only if it turns out to have had none are the earlier steps undone, and that happens anyway. */
  private async hasBegunPivot(em: EntityManager, { id, kind, steps, stepIdx }: SagaRun): Promise<boolean> {
    if (this.registry.step(kind, steps[stepIdx] ?? '')?.pivot !== true) return false;
    return em.existsBy(SagaStep, { sagaId: id, stepIdx });
  }
}

/** Acquires the holds of a failed run that an operator has released. Throws `ResourceBusyError`. */
export async function reacquireHolds(em: EntityManager, registry: SagaRegistry, run: SagaRun): Promise<void> {
  const { id, kind, input, releasedHolds } = run;
  const wanted = [...(registry.get(kind).holds?.(input) ?? []), ...releasedHolds];
  const kept = await holdsOf(em, id);
  await acquireHolds(
    em,
    id,
    wanted.filter((resource) => !kept.includes(resource)),
  );
}

/** The run stays locked until the transaction ends, so no worker writes a checkpoint or begins a pivot meanwhile. [TEN-6] */
export const lockRun = (em: EntityManager, scope: Scope, id: string): Promise<SagaRun> =>
  findRun(em, scope, id, { mode: 'pessimistic_write' });

async function findRun(em: EntityManager, scope: Scope, id: string, lock?: { mode: 'pessimistic_write' }): Promise<SagaRun> {
  const where = scope.kind === 'tenant' ? { id, tenantId: scope.tenantId } : { id };
  const run = await em.findOne(SagaRun, { where, ...(lock && { lock }) });
  if (!run) throw new SagaNotFoundError();
  if (scope.kind === 'tenant' && run.byPlatform) throw new OperatorSagaError();
  return run;
}

const RETRIES: Record<FailedStatus, (em: EntityManager, run: SagaRun) => Promise<void>> = {
  /** Continues the saga at its failed step. */
  failed: async (em, { id, stepIdx }) => {
    const [status] = SAGA_TRANSITIONS.failed;
    await em.update(SagaStep, { sagaId: id, stepIdx }, { status, attempts: 0, triedSince: NOW, finishedAt: null });
    await reopen(em, id, 'failed', { cancelRequested: false });
  },
  /** Repeats the failed compensations, last first. */
  compensation_failed: async (em, { id, stepIdx }) => {
    const [status] = SAGA_TRANSITIONS.compensation_failed;
    const failed = { sagaId: id, status: 'compensation_failed' } as const;
    const last = await em.maximum(SagaStep, 'stepIdx', failed);
    await em.update(SagaStep, failed, { status, compensationAttempts: 0, compensatingSince: NOW, finishedAt: null });
    await reopen(em, id, 'compensation_failed', { stepIdx: last ?? stepIdx, leftovers: [] });
  },
};

/** Opens a failed saga again, on condition that it still has the status `from`. */
async function reopen(em: EntityManager, id: string, from: FailedStatus, changes: QueryDeepPartialEntity<SagaRun>): Promise<void> {
  const [status] = SAGA_TRANSITIONS[from];
  const opened = { ...changes, status, releasedHolds: [], wakeAt: NOW, finishedAt: null, leaseUntil: null, version: NEXT_VERSION };
  const { affected } = await em.update(SagaRun, { id, status: from }, opened);
  if (affected !== 1) throw new NotRetryableError(from);
}

async function holdsOf(em: EntityManager, sagaId: string): Promise<string[]> {
  const holds = await em.find(SagaHold, { where: { sagaId }, order: { resource: 'ASC' } });
  return holds.map(({ resource }) => resource);
}

/** Acquires all holds or none. Throws `ResourceBusyError` with the name of a resource on which another saga has a hold. */
async function acquireHolds(em: EntityManager, sagaId: string, holds: readonly string[]): Promise<void> {
  if (holds.length === 0) return;
  const wanted = [...new Set(holds)].sort();
  const insert = em.createQueryBuilder().insert().into(SagaHold).orIgnore().returning('resource').updateEntity(false);
  const { raw } = await insert.values(wanted.map((resource) => ({ resource, sagaId }))).execute();
  const own = new Set((raw as Pick<SagaHold, 'resource'>[]).map(({ resource }) => resource));
  const busy = wanted.find((resource) => !own.has(resource));
  if (busy !== undefined) throw new ResourceBusyError(busy);
}

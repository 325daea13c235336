import type { AuditContext } from '#libs/audit';
import { Transaction } from '#libs/database';
import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { IsNull, Raw, type EntityManager, type Repository } from 'typeorm';
import type { StepDefinition } from '../definition/saga-definition';
import { SagaRegistry } from '../definition/saga-registry';
import type { Fields, StepAnswer } from '../definition/step-answer';
import { SagaApproval, type ApprovalDecision } from '../entities/saga-approval.entity';
import { SagaRun } from '../entities/saga-run.entity';
import { SagaStep } from '../entities/saga-step.entity';
import { afterOutput } from '../run/decide';
import { NotAwaitingApprovalError, OutputRefusedError, OwnApprovalError, SagaNotFoundError, StepMovedOnError } from '../saga.errors';
import { PAUSED_UNTIL } from '../saga.states';
import { lockRun, reacquireHolds } from './saga-controls';
import { SagaVerbs, UNPAUSED } from './saga-verbs';
import { assertAllowed, assertVersion, readFacts, validOutput, type VerbRequest } from './verb-requests';
import { refusalOf } from './verb-table';

const NOW = () => 'clock_timestamp()';
const CHECK_LIMIT_MS = 30_000;
/** The reason of the pause in which a proposed output waits for its decision. */
const DECISION_PAUSE = 'The output of its step waits for a decision';

type Done = Extract<StepAnswer, { is: 'done' }>;

/**
 * Completes a step with an unknown outcome by an output that a person gives. The step checks it by its schema and at the provider, and another
 * admin approves; the checks are repeated then. Meanwhile the saga is paused. [OPV-3]
 */
@Injectable()
export class StepOutputs {
  constructor(
    private readonly transaction: Transaction,
    private readonly registry: SagaRegistry,
    private readonly verbs: SagaVerbs,
    @InjectRepository(SagaRun) private readonly runs: Repository<SagaRun>,
    @InjectRepository(SagaStep) private readonly steps: Repository<SagaStep>,
    @InjectRepository(SagaApproval) private readonly approvals: Repository<SagaApproval>,
  ) {}

  /** Throws `VerbNotAllowedError`, `ValidationFailedError` and `OutputRefusedError`. */
  async propose(request: VerbRequest, output: Fields): Promise<void> {
    const run = await this.find(request.id);
    const seen = await this.transaction.run(async (em) => {
      assertVersion(run, request);
      return readFacts(em, this.registry, run);
    });
    const stepOf = this.stepOf(run);
    if (refusalOf('complete-with-output', seen) === undefined) await this.check(run, run.stepIdx, output);
    const { because } = request;
    await this.verbs.perform('complete-with-output', request, { output }, async (em, locked) => {
      if (locked.stepIdx !== run.stepIdx) throw new StepMovedOnError(stepOf?.name ?? '');
      const why = `Completes the step ${stepOf?.name} with an output that a person gave`;
      const asked = { sagaId: run.id, subject: 'step_output', stepIdx: run.stepIdx, why, askedBy: because.by.sub } as const;
      await em.insert(SagaApproval, { ...asked, output: output as object, expiresAt: () => `clock_timestamp() + interval '7 days'` });
      const isOpen = locked.status === 'running' && !locked.pausedAt;
      const pause = { pausedAt: NOW, pausedBy: because.by.sub, pauseReason: DECISION_PAUSE, wakeAt: () => `'${PAUSED_UNTIL}'` };
      return { ...(isOpen && { set: pause }), details: { step: stepOf?.name, output, subject: 'step_output' } };
    });
  }

  /** Whether an output of the saga waits for a decision. */
  isProposed(sagaId: string): Promise<boolean> {
    return this.approvals.existsBy({ sagaId, subject: 'step_output', decision: IsNull() });
  }

  /** Throws `OwnApprovalError` to the person who proposed it, `OutputRefusedError`, and `StepMovedOnError` when the step has an outcome by now. */
  async approve(id: string, because: AuditContext): Promise<void> {
    const run = await this.find(id);
    const approval = await this.approvals.findOneBy({ sagaId: id, subject: 'step_output', decision: IsNull() });
    if (!approval) throw new NotAwaitingApprovalError(run.status);
    if (approval.askedBy === because.by.sub) throw new OwnApprovalError();
    const { stepIdx, output } = approval;
    const answer = stepIdx === run.stepIdx && output ? await this.check(run, stepIdx, output) : undefined;
    const moved = await this.transaction.run(async (em) => {
      const locked = await lockRun(em, { kind: 'platform' }, id);
      const facts = { ...(await readFacts(em, this.registry, locked)), undecided: null };
      if (!answer || locked.stepIdx !== stepIdx || refusalOf('complete-with-output', facts) !== undefined) {
        await this.decide(em, approval, 'cancelled', because);
        return true;
      }
      assertAllowed('complete-with-output', facts);
      await this.decide(em, approval, 'approved', because);
      await this.complete(em, locked, answer, because);
      return false;
    });
    if (moved) throw new StepMovedOnError(run.steps[stepIdx ?? 0] ?? '');
  }

  /** The person who proposed the output takes it back by this. */
  async reject(id: string, because: AuditContext): Promise<void> {
    await this.end(id, because, (approval) => (approval.askedBy === because.by.sub ? 'cancelled' : 'rejected'));
  }

  /** Ends the proposals without a decision in time. Several processes may do it at once. */
  async rejectExpired(): Promise<void> {
    const late = Raw((column) => `${column} <= clock_timestamp()`);
    const expired = await this.approvals.findBy({ decision: IsNull(), subject: 'step_output', expiresAt: late });
    const because = { by: { sub: 'approvals', role: 'service' }, reason: 'There was no decision in time' };
    for (const { sagaId } of expired) {
      await this.end(sagaId, because, () => 'expired').catch((error: unknown) => {
        if (!(error instanceof NotAwaitingApprovalError)) throw error;
      });
    }
  }

  private async end(id: string, because: AuditContext, decisionOn: (approval: SagaApproval) => ApprovalDecision): Promise<void> {
    await this.transaction.run(async (em) => {
      const run = await lockRun(em, { kind: 'platform' }, id);
      const approval = await em.findOneBy(SagaApproval, { sagaId: id, subject: 'step_output', decision: IsNull() });
      if (!approval) throw new NotAwaitingApprovalError(run.status);
      await this.decide(em, approval, decisionOn(approval), because);
      await this.verbs.record(em, 'reject', run, because, { ...this.endOfPause(run) }, 'saga_output_rejected');
    });
  }

  private async complete(em: EntityManager, run: SagaRun, answer: Done, because: AuditContext): Promise<void> {
    const step = this.stepOf(run);
    if (!step) throw new StepMovedOnError('');
    if (run.status === 'failed') await reacquireHolds(em, this.registry, run);
    const change = { ...this.endOfPause(run), details: { step: step.name, output: answer.output } };
    await this.verbs.record(em, 'approve', run, because, change, 'saga_output_approved');
    await this.verbs.moveOn(em, run, (claimed) => afterOutput(claimed, step, answer));
  }

  /** A pause that a person made for another reason goes on. */
  private endOfPause({ pauseReason }: SagaRun) {
    return pauseReason === DECISION_PAUSE ? { set: UNPAUSED } : {};
  }

  private async decide(em: EntityManager, { id }: SagaApproval, decision: ApprovalDecision, { by, reason }: AuditContext): Promise<void> {
    const decided = { decision, decidedBy: by.sub, decidedAt: NOW, reason: reason ?? null };
    const { affected } = await em.update(SagaApproval, { id, decision: IsNull() }, decided);
    if (affected !== 1) throw new NotAwaitingApprovalError('decided');
  }

  /** The schema, and the check of the step at the provider. It is no execution: it records nothing and sends no write. */
  private async check(run: SagaRun, stepIdx: number, output: Fields): Promise<Done> {
    const step = this.stepOf(run);
    if (!step?.checkOutput) throw new StepMovedOnError(run.steps[stepIdx] ?? '');
    const valid = validOutput(step, output);
    const line = await this.steps.findOneBy({ sagaId: run.id, stepIdx });
    const { id: sagaId, tenantId, createdAt, input, context } = run;
    const signal = AbortSignal.timeout(CHECK_LIMIT_MS);
    const known = { sagaId, tenantId, createdAtMs: createdAt.getTime(), input, context, intent: line?.intent ?? null, signal };
    const answer = await step.checkOutput(known, valid);
    if (answer.is === 'done') return answer;
    throw new OutputRefusedError(step.name, answer.is === 'wait' ? answer.why : answer.error.detail);
  }

  private stepOf({ kind, steps, stepIdx }: SagaRun): StepDefinition | undefined {
    return this.registry.step(kind, steps[stepIdx] ?? '');
  }

  private async find(id: string): Promise<SagaRun> {
    const run = await this.runs.findOneBy({ id });
    if (!run) throw new SagaNotFoundError();
    return run;
  }
}

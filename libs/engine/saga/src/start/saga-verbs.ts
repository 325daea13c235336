import { AuditLog, type AuditContext } from '#libs/audit';
import { CONFIG, type Config } from '#libs/config';
import { queryableOf, sql, Transaction } from '#libs/database';
import { EventLog } from '#libs/events';
import { Inject, Injectable } from '@nestjs/common';
import type { EntityManager, QueryDeepPartialEntity } from 'typeorm';
import type { StepPolicy } from '../definition/saga-definition';
import { SagaRegistry } from '../definition/saga-registry';
import type { Fields } from '../definition/step-answer';
import { SagaRun } from '../entities/saga-run.entity';
import { SagaStep } from '../entities/saga-step.entity';
import { CheckpointWriter } from '../run/checkpoint-writer';
import { CLAIM_FOR_PERSON, READ_LEDGERS } from '../run/checkpoint.sql';
import { afterSkip } from '../run/decide';
import type { Checkpoint, LedgerLine, SagaRun as ClaimedRun } from '../run/saga-run';
import { AlreadyRedrivenError, LeaseLostError, OutputRequiredError } from '../saga.errors';
import { PAUSED_UNTIL } from '../saga.states';
import { lockRun, reacquireHolds } from './saga-controls';
import { SagaStarter } from './saga-starter';
import { verbEvents } from './start-events';
import { assertAllowed, assertVersion, findKey, readFacts, takeKey, validOutput, type VerbRequest } from './verb-requests';
import type { SagaFacts, SagaVerb } from './verb-table';

const NOW = () => 'clock_timestamp()';
const PLATFORM = { kind: 'platform' } as const;

/** What a verb changed: columns of the run, and details for the audit log and the event. Null: it changed nothing. */
export type VerbChange = {
  readonly set?: QueryDeepPartialEntity<SagaRun>;
  readonly details?: Readonly<Record<string, unknown>>;
} | null;

const AUDITED: Partial<Record<SagaVerb, string>> = {
  pause: 'saga_paused',
  resume: 'saga_resumed',
  'retry-step': 'saga_step_retried',
  'set-policy': 'saga_policy_set',
  skip: 'saga_step_skipped',
  'complete-with-output': 'saga_output_proposed',
  redrive: 'saga_redriven',
};

/** A pause ends with these. */
export const UNPAUSED = { pausedAt: null, pausedBy: null, pauseReason: null, wakeAt: NOW };

/**
 * The verbs by which admins steer a saga. Each is one transaction: it takes its idempotency key, locks the run, asks the table of verbs, changes
 * the run, raises its version, and appends its audit entry and event. A refused verb changes nothing. [OPV-1, OPS-9]
 */
@Injectable()
export class SagaVerbs {
  constructor(
    private readonly transaction: Transaction,
    private readonly registry: SagaRegistry,
    private readonly starter: SagaStarter,
    private readonly writer: CheckpointWriter,
    private readonly audit: AuditLog,
    private readonly events: EventLog,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  /**
   * The step in flight ends and its result is kept; no other step begins. A step is in flight from the claim or checkpoint before it. A second
   * pause changes nothing. [OPV-2]
   */
  pause(request: VerbRequest): Promise<void> {
    return this.perform('pause', request, {}, async (_em, run) => {
      if (run.pausedAt) return null;
      const { by, reason } = request.because;
      return { set: { pausedAt: NOW, pausedBy: by.sub, pauseReason: reason ?? null, wakeAt: () => `'${PAUSED_UNTIL}'` } };
    });
  }

  /** Lets the run go on now. The limits of its waits stood still during the pause. It changes no saga that is not paused. */
  resume(request: VerbRequest): Promise<void> {
    return this.perform('resume', request, {}, async (em, run) => {
      if (!run.pausedAt) return null;
      await forgetPause(em, run);
      return { set: UNPAUSED };
    });
  }

  /** Gives the current step, or its compensation, all its tries and its whole time for waits again, and runs it now. */
  retryStep(request: VerbRequest): Promise<void> {
    return this.perform('retry-step', request, {}, async (em, run) => {
      const fresh = run.status === 'compensating' ? { compensationAttempts: 0, compensatingSince: NOW } : { attempts: 0, triedSince: NOW };
      await em.update(SagaStep, { sagaId: run.id, stepIdx: run.stepIdx }, fresh);
      return { set: UNPAUSED, details: { step: run.steps[run.stepIdx] } };
    });
  }

  /** Sets limits of the steps of this run. A step in flight keeps its own until its end. */
  setPolicy(request: VerbRequest, policy: Partial<StepPolicy>): Promise<void> {
    return this.perform('set-policy', request, policy, async (_em, run) => ({
      set: { policy: { ...run.policy, ...policy } },
      details: { policy },
    }));
  }

  /** Goes on without the current step, with the given output in the place of its own. Throws `OutputRequiredError`. [OPV-3] */
  skip(request: VerbRequest, output: Fields | null): Promise<void> {
    return this.perform('skip', request, { output }, async (em, run) => {
      const name = run.steps[run.stepIdx] ?? '';
      const step = this.registry.step(run.kind, name);
      if (!step || (step.skippable === 'with_output' && !output)) throw new OutputRequiredError(name);
      const given = output && validOutput(step, output);
      if (run.status === 'failed') await reacquireHolds(em, this.registry, run);
      await this.moveOn(em, run, (claimed) => afterSkip(claimed, step, given, request.because.reason ?? ''));
      return { details: { step: name } };
    });
  }

  /**
   * Starts a new saga with the kind and input of a rolled back one, judged anew as the platform's start for the owner. Returns its id. While a
   * redriven saga may still have an effect there is no second one: `AlreadyRedrivenError`. [OPV-3]
   */
  async redrive(request: VerbRequest): Promise<string> {
    const { id, because } = request;
    const seen = await this.transaction.run(async (em) => {
      const run = await lockRun(em, PLATFORM, id);
      const known = await findKey(em, 'redrive', request, {});
      if (known !== undefined) return { known };
      assertVersion(run, request);
      assertAllowed('redrive', await readFacts(em, this.registry, run));
      const children = await em.find(SagaRun, { where: { redrivenFrom: id }, select: { id: true, status: true } });
      const living = children.find(({ status }) => status !== 'rolled_back' && status !== 'rejected');
      if (living) throw new AlreadyRedrivenError(living.id);
      return { known: undefined, run, nr: children.length };
    });
    if (seen.known !== undefined) return seen.known;
    const { kind, input, tenantId: ownerId } = seen.run;
    const start = { kind, input, tenantId: null, ownerId, redrivenFrom: id, because, details: { redriven_from: id } };
    const created = await this.starter.start({ ...start, idempotencyKey: `redrive:${id}:${seen.nr}` }); // of concurrent ones, one starts
    await this.perform('redrive', { ...request, idempotencyKey: undefined, expectedVersion: undefined }, {}, async (em) => {
      const known = await takeKey(em, 'redrive', request, {}, created);
      return known === undefined ? { details: { redriven_as: created } } : null;
    });
    return created;
  }

  /** Runs a verb in a transaction. `body`: what a repeated request must repeat, besides the saga. */
  async perform(
    verb: SagaVerb,
    request: VerbRequest,
    body: object,
    work: (em: EntityManager, run: SagaRun, facts: SagaFacts) => Promise<VerbChange>,
  ): Promise<void> {
    await this.transaction.run(async (em) => {
      if ((await takeKey(em, verb, request, body)) !== undefined) return;
      const run = await lockRun(em, PLATFORM, request.id);
      assertVersion(run, request);
      const facts = await readFacts(em, this.registry, run);
      assertAllowed(verb, facts);
      const change = await work(em, run, facts);
      if (change) await this.record(em, verb, run, request.because, change);
    });
  }

  /** Raises the version, and appends the audit entry and the event. */
  async record(
    em: EntityManager,
    verb: SagaVerb,
    run: SagaRun,
    because: AuditContext,
    change: NonNullable<VerbChange>,
    action = AUDITED[verb],
  ) {
    const { set, details } = change;
    await em.update(SagaRun, { id: run.id }, { ...set, version: () => 'version + 1' });
    const target = { type: 'saga', id: run.id };
    await this.audit.record(queryableOf(em), {
      ...because,
      action: action ?? verb,
      target,
      details: { kind: run.kind, ...(run.tenantId !== null && { tenant_id: run.tenantId }), ...details },
    });
    await this.events.append(queryableOf(em), verbEvents(run, action ?? verb, because, details));
  }

  /** Claims the run like a worker, and writes the checkpoint with which a person ends its current step. Throws `LeaseLostError`. */
  async moveOn(em: EntityManager, run: SagaRun, decide: (claimed: ClaimedRun) => Checkpoint): Promise<void> {
    const [claimed] = await sql<Omit<ClaimedRun, 'ledger'>>(em, CLAIM_FOR_PERSON, [run.id, this.config.saga.leaseMs]);
    if (!claimed) throw new LeaseLostError();
    const ledger = await sql<LedgerLine>(em, READ_LEDGERS, [[run.id]]);
    const decided = decide({ ...claimed, ledger });
    await this.writer.writeIn(queryableOf(em), decided.wakeInMs === null ? { ...decided, wakeInMs: 0 } : decided);
  }
}

/** Moves the begin of the current step's waits by the time of the pause. The time of a step that began during the pause counts from its begin. */
async function forgetPause(em: EntityManager, { id, stepIdx }: SagaRun): Promise<void> {
  await sql(
    em,
    `update saga_steps s
        set tried_since = s.tried_since + (clock_timestamp() - greatest(r.paused_at, s.tried_since)),
            compensating_since = s.compensating_since + (clock_timestamp() - greatest(r.paused_at, s.compensating_since))
       from saga_runs r where r.id = $1 and s.saga_id = r.id and s.step_idx = $2`,
    [id, stepIdx],
  );
}

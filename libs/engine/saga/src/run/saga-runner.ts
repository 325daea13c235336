import { Database, isServerFailure } from '#libs/database';
import { inSpan, withCallRecord, withLogFields, type OutboundCall } from '#libs/observability';
import { Injectable, Logger } from '@nestjs/common';
import type { StepContext, StepDefinition, StepKey, StepPolicy } from '../definition/saga-definition';
import { SagaRegistry } from '../definition/saga-registry';
import { LeaseLostError } from '../saga.errors';
import { SagaMetrics } from '../saga.metrics';
import { assertSagaTransition, assertStepTransition, FINAL_STATUSES } from '../saga.states';
import { CheckpointWriter } from './checkpoint-writer';
import { CHECK_LEASE, RECORD_INTENT, RELEASE_LEASE } from './checkpoint.sql';
import {
  afterCancel,
  afterCompensation,
  afterExecution,
  compensationPolicy,
  contextKeyOf,
  executionPolicy,
  ledgerLineOf,
  mustSettle,
  wasSkippedByPerson,
} from './decide';
import { performEffect, type WriteLog } from './perform-effect';
import type { Checkpoint, LedgerLine, SagaRun } from './saga-run';
import { TrackedWrites } from './tracked-writes';
import { DomainError, errorCode, isRetryable } from '#libs/kernel';
import { wait, type StepAnswer } from '../definition/step-answer';

/** When the runner stops: at once when `lost` is aborted, at the next checkpoint when `ending` returns true. */
export interface RunSignals {
  readonly lost: AbortSignal;
  readonly ending: () => boolean;
}

/** The intents that the steps of a run have recorded, by step index. */
type Intents = Map<number, NonNullable<StepContext['intent']>>;

/** Runs a claimed saga from checkpoint to checkpoint until it waits, ends, or its lease is lost. */
@Injectable()
export class SagaRunner {
  private readonly log = new Logger('Saga');

  constructor(
    private readonly database: Database,
    private readonly registry: SagaRegistry,
    private readonly writer: CheckpointWriter,
    private readonly writes: TrackedWrites,
    private readonly metrics: SagaMetrics,
  ) {}

  /** Rejects with `LeaseLostError` or the database's error. The lease then lapses, and another worker continues the run. */
  run(claimed: SagaRun, signals: RunSignals): Promise<void> {
    const { id, kind, traceparent } = claimed;
    const attributes = { saga_id: id, 'arcadia.kind': kind };
    // The parent span is the request that started the saga, not the wake-up that led to the claim.
    const span = { name: `saga ${kind}`, kind: 'consumer', attributes, parent: traceparent ?? '' } as const;
    return withLogFields({ saga_id: id, kind, job_id: undefined }, () => inSpan(span, () => this.advance(claimed, signals)));
  }

  private async advance(claimed: SagaRun, signals: RunSignals): Promise<void> {
    let run = claimed;
    const intents = new Map(claimed.ledger.flatMap(({ step_idx, intent }) => (intent ? [[step_idx, intent] as const] : [])));
    this.metrics.recordClaim(run.kind, run.late_ms);
    for (;;) {
      const calls: OutboundCall[] = [];
      const decided = await withCallRecord(calls, () => this.nextCheckpoint(run, intents, signals.lost));
      assertTransitions(run, decided);
      const { cancelRequested, status, paused, policy } = await this.writer.write({ ...decided, calls });
      const checkpoint = { ...decided, status };
      const ended = FINAL_STATUSES.includes(status);
      this.logCheckpoint(run, checkpoint);
      this.metrics.recordCheckpoint(run.kind, checkpoint.step, ended ? status : null);
      if (ended || paused || checkpoint.wakeInMs !== null) return;
      run = { ...afterCheckpoint(run, checkpoint, intents), cancel_requested: cancelRequested, policy };
      if (signals.ending()) return void (await this.database.query(RELEASE_LEASE, [run.id, run.epoch]));
    }
  }

  private async nextCheckpoint(run: SagaRun, intents: Intents, lost: AbortSignal): Promise<Checkpoint> {
    const name = run.steps[run.step_idx] ?? '';
    const step = this.registry.step(run.kind, name);
    if (!step) throw new LeaseLostError(); // a claim excludes runs with unknown steps; the release that knows the step continues the run
    if (run.status === 'running' && run.cancel_requested && !run.pivot_passed && !mustSettle(run, step)) return afterCancel(run, step);
    const compensating = run.status === 'compensating';
    const begunMs = performance.now();
    const work = compensating ? (wasSkippedByPerson(run) ? undefined : step.compensate) : step.execute;
    const { timeLimitMs, onOutage } = compensating ? compensationPolicy(step, run) : executionPolicy(step, run);
    const onUnexpected = (error: unknown) =>
      this.log.error({ event: 'saga_step_crashed', saga_id: run.id, step: name }, error instanceof Error ? error.stack : undefined);
    const answer = work
      ? await inSpan({ name: `step ${name}`, kind: 'internal', attributes: { saga_id: run.id, 'arcadia.undoing': compensating } }, () =>
          execute((ctx) => work(ctx), this.contextOf(run, step, intents, begunMs), { timeLimitMs, onOutage, stop: lost, onUnexpected }),
        )
      : ({ is: 'done' } as const); // a step without `compensate` needs no undoing
    const executed = { run, step, answer, tookMs: performance.now() - begunMs };
    return compensating ? afterCompensation(executed) : afterExecution(executed);
  }

  /** `intent` reads the intents map at each access: a step sees what it has just recorded, and so does its own compensation. [SAG-9] */
  private contextOf(run: SagaRun, step: StepDefinition, intents: Intents, begunMs: number): Omit<StepContext, 'signal'> {
    const { id: sagaId, epoch } = run;
    const ageMs = ledgerLineOf(run, run.step_idx)?.age_ms ?? 0;
    const assertLease = async (rows: Promise<unknown[]>) => {
      if ((await rows).length === 0) throw new LeaseLostError();
    };
    const writing = { sagaId, epoch, stepIdx: run.step_idx };
    const writeLog: WriteLog = {
      send: (writes) => this.writes.send(writing, writes),
      answer: (ids) => this.writes.answer(ids),
      confirm: (writes) => this.writes.confirm(writing, writes),
    };
    const ctx: Omit<StepContext, 'signal'> = {
      sagaId,
      tenantId: run.tenant_id,
      createdAtMs: run.created_ms,
      input: run.input,
      context: run.context,
      restored: run.restored,
      stepIdx: run.step_idx,
      get intent() {
        return intents.get(run.step_idx) ?? null;
      },
      output: findOutput(run, { name: contextKeyOf(run) }),
      outputOf: (other) => {
        const output = findOutput(run, other);
        if (output === undefined) throw new Error(`step ${other.name} has no output`);
        return output;
      },
      findOutputOf: (other) => findOutput(run, other),
      get sinceBegunMs() {
        return ageMs + performance.now() - begunMs;
      },
      guard: () => assertLease(this.database.query(CHECK_LEASE, [sagaId, epoch])),
      recordIntent: async (intent) => {
        const values = [sagaId, epoch, run.step_idx, step.name, JSON.stringify(intent), performance.now() - begunMs];
        await assertLease(this.database.query(RECORD_INTENT, values));
        intents.set(run.step_idx, intent);
      },
      effect: (what, effect) => performEffect(ctx, what, effect, writeLog, step.pivot === true || run.status === 'compensating'),
    };
    return ctx;
  }

  /** One log line per checkpoint. */
  private logCheckpoint(run: SagaRun, { step, status, wakeInMs, error, leftovers }: Checkpoint): void {
    const place = step && { step: step.name, step_status: step.status, attempts: step.attempts, took_ms: Math.round(step.tookMs) };
    const line = {
      event: 'saga_advanced',
      saga_id: run.id,
      kind: run.kind,
      status,
      ...place,
      ...(wakeInMs !== null && { wake_in_ms: Math.round(wakeInMs) }),
    };
    if (status === 'compensation_failed') this.log.error({ ...line, event: 'saga_compensation_incomplete', leftovers: leftovers.length });
    else if (error) this.log.warn({ ...line, code: error.code });
    else this.log.log(line);
  }
}

/** Outputs are stored as JSON. Their types are those of the steps that wrote them, in this or an earlier release. */
function findOutput<Output>({ context }: SagaRun, { name }: StepKey<Output>): Output | undefined {
  return context[name] as Output | undefined;
}

/** Throws for a checkpoint that changes a status in a way that the transition tables do not allow. Nothing is written then. */
function assertTransitions(run: SagaRun, { status, step }: Checkpoint): void {
  assertSagaTransition(run.status, status);
  if (step) assertStepTransition(ledgerLineOf(run, step.idx)?.status ?? 'planned', step.status);
}

/** The run after its checkpoint was written. */
function afterCheckpoint(run: SagaRun, { step, status, context, nextIdx, pivotPassed }: Checkpoint, intents: Intents): SagaRun {
  const known = step && ledgerLineOf(run, step.idx);
  const line: LedgerLine | null = step && {
    step_idx: step.idx,
    status: step.status,
    attempts: step.attempts,
    compensation_attempts: step.compensationAttempts,
    intent: intents.get(step.idx) ?? null,
    output: step.output ?? known?.output ?? null,
    error: step.error ?? known?.error ?? null,
    age_ms: (known?.age_ms ?? 0) + step.tookMs,
    trying_ms: (known?.trying_ms ?? 0) + step.tookMs,
    compensating_ms: known?.compensating_ms ?? null,
  };
  const ledger = line ? [...run.ledger.filter(({ step_idx }) => step_idx !== line.step_idx), line] : run.ledger;
  return { ...run, status, step_idx: nextIdx, pivot_passed: pivotPassed, context: { ...run.context, ...context }, ledger, resumed: false };
}

/** Pause before the next execution during an outage, used when the error has no `retryAfterMs`. */
const OUTAGE_MS = 5_000;
/** Pause before the next execution after a failure of PostgreSQL. */
const SERVER_FAILURE_MS = 1_000;

interface ExecutionOptions extends Pick<StepPolicy, 'timeLimitMs' | 'onOutage'> {
  readonly stop: AbortSignal;
  readonly onUnexpected: (error: unknown) => void;
}

/** Executes or compensates a step within its time limit. Rejects only with `LeaseLostError`; every other error becomes an answer. */
export async function execute(
  work: (ctx: StepContext) => Promise<StepAnswer>,
  ctx: Omit<StepContext, 'signal'>,
  { timeLimitMs, onOutage, stop, onUnexpected }: ExecutionOptions,
): Promise<StepAnswer> {
  const deadline = new AbortController();
  const timer = setTimeout(() => deadline.abort(), timeLimitMs);
  const signal = AbortSignal.any([deadline.signal, stop]);
  const aborted = new Promise<never>((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(stop.aborted ? new LeaseLostError() : new TimeLimitExceeded()), { once: true });
  });
  try {
    const withSignal = Object.create(ctx, { signal: { value: signal } }) as StepContext; // inherits the getters; a copy would freeze their values
    return await Promise.race([work(withSignal), aborted]);
  } catch (error) {
    if (error instanceof LeaseLostError) throw error;
    if (error instanceof TimeLimitExceeded)
      return { is: 'retry', error: { code: 'step_timed_out', detail: `The step did not end within ${timeLimitMs} ms` } };
    if (isServerFailure(error)) return afterServerFailure(error, { onOutage, onUnexpected });
    return (onOutage === 'wait' ? waitForEndOf(error) : undefined) ?? answerOf(error, onUnexpected);
  } finally {
    clearTimeout(timer);
  }
}

class TimeLimitExceeded extends Error {}

/** Undefined for an error that is no outage. */
function waitForEndOf(error: unknown): StepAnswer | undefined {
  if (!(error instanceof DomainError) || !error.outage) return undefined;
  return wait(error.retryAfterMs ?? OUTAGE_MS, error.message, error.reportedWhileWaiting ? error.code : undefined);
}

/**
 * A failure of PostgreSQL that no typed error describes proves nothing about the step. If it ended the step, all running sagas would undo
 * their work at once. [OPS-3]
 */
function afterServerFailure(error: unknown, { onOutage, onUnexpected }: Pick<ExecutionOptions, 'onOutage' | 'onUnexpected'>): StepAnswer {
  onUnexpected(error);
  const stepError = { code: 'database_failed', detail: 'waiting for the database, which failed unexpectedly; see the log of the worker' };
  if (onOutage === 'wait') return wait(SERVER_FAILURE_MS, stepError.detail, stepError.code);
  return { is: 'retry', error: stepError };
}

/** A transient error is retried. The ledger keeps only the code of an unexpected error; `onUnexpected` logs the error itself. */
function answerOf(error: unknown, onUnexpected: (error: unknown) => void): StepAnswer {
  const detail = error instanceof DomainError ? error.message : 'An unexpected error occurred; see the log of the worker';
  if (!(error instanceof DomainError)) onUnexpected(error);
  const stepError = { code: errorCode(error), detail };
  if (!isRetryable(error)) return { is: 'fail', error: stepError };
  const afterMs = error instanceof DomainError ? error.retryAfterMs : undefined;
  return { is: 'retry', error: stepError, ...(afterMs !== undefined && { afterMs }) };
}

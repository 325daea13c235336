import { Database } from '#libs/database';
import { inSpan, withLogFields } from '#libs/observability';
import { Injectable, Logger } from '@nestjs/common';
import { COMPENSATION_POLICY, type StepContext, type StepDefinition } from '../definition/saga-definition';
import { SagaRegistry } from '../definition/saga-registry';
import { SagaMetrics } from '../engine/saga-metrics';
import { LeaseLostError } from '../saga.error';
import { GUARD, HAND_BACK, RECORD_INTENT } from './boundary.sql';
import { CheckpointWriter } from './boundary-writer';
import { afterCancel, afterCompensation, afterExecution, lineOf, mustSettle, policyOf } from './decide';
import { FINAL, type Checkpoint, type LedgerLine, type SagaRun } from './saga-run';
import { execute } from './step-execution';

/** When to leave a run: `lost` at once, `ending` at the next boundary. */
export interface RunSignals {
  readonly lost: AbortSignal;
  readonly ending: () => boolean;
}

/** What the steps of a run have recorded before their side effects, by their place. */
type Intents = Map<number, NonNullable<StepContext['intent']>>;

/** Takes a claimed run from boundary to boundary until it waits, ends or is no longer ours. */
@Injectable()
export class SagaRunner {
  private readonly log = new Logger('Saga');

  constructor(
    private readonly database: Database,
    private readonly registry: SagaRegistry,
    private readonly writer: CheckpointWriter,
    private readonly metrics: SagaMetrics,
  ) {}

  /** Rejects with `LeaseLostError` or the database's error; then the lease lapses and another worker goes on. */
  run(claimed: SagaRun, signals: RunSignals): Promise<void> {
    const { id, kind, traceparent } = claimed;
    const attributes = { saga_id: id, 'arcadia.kind': kind };
    const span = { name: `saga ${kind}`, kind: 'consumer', attributes, parent: traceparent ?? '' } as const; // not the doorbell's that made us look
    return withLogFields({ saga_id: id, kind, job_id: undefined }, () => inSpan(span, () => this.onwards(claimed, signals)));
  }

  private async onwards(claimed: SagaRun, signals: RunSignals): Promise<void> {
    let run = claimed;
    const intents = new Map(claimed.ledger.flatMap(({ step_idx, intent }) => (intent ? [[step_idx, intent] as const] : [])));
    this.metrics.claimed(run.kind, run.late_ms);
    for (;;) {
      const asked = await this.toNextBoundary(run, intents, signals.lost);
      const { cancelRequested, status } = await this.writer.write(asked);
      const boundary = { ...asked, status };
      this.tell(run, boundary);
      this.metrics.moved(run.kind, boundary, FINAL.includes(boundary.status));
      if (FINAL.includes(boundary.status) || boundary.wakeInMs !== null) return;
      run = { ...applied(run, boundary, intents), cancel_requested: cancelRequested };
      if (signals.ending()) return void (await this.database.query(HAND_BACK, [run.id, run.epoch]));
    }
  }

  private async toNextBoundary(run: SagaRun, intents: Intents, lost: AbortSignal): Promise<Checkpoint> {
    const name = run.steps[run.step_idx] ?? '';
    const step = this.registry.step(run.kind, name);
    if (!step) throw new LeaseLostError(run.id); // claims look for this; another release knows it
    if (run.status === 'running' && run.cancel_requested && !run.pivot_passed && !mustSettle(run, step)) return afterCancel(run, step);
    const undoing = run.status === 'compensating';
    const begunMs = performance.now();
    const work = undoing ? step.compensate : step.execute;
    const timeLimitMs = undoing ? Math.max(policyOf(step).timeLimitMs, COMPENSATION_POLICY.timeLimitMs) : policyOf(step).timeLimitMs;
    const onUnexpected = (error: unknown) =>
      this.log.error({ event: 'saga_step_broke', saga_id: run.id, step: name }, error instanceof Error ? error.stack : undefined);
    const answer = work
      ? await inSpan({ name: `step ${name}`, kind: 'internal', attributes: { saga_id: run.id, 'arcadia.undoing': undoing } }, () =>
          execute((ctx) => work(ctx), this.contextOf(run, step, intents, begunMs), { timeLimitMs, stop: lost, onUnexpected }),
        )
      : ({ is: 'done' } as const); // nothing to undo
    const situation = { run, step, answer, tookMs: performance.now() - begunMs };
    return undoing ? afterCompensation(situation) : afterExecution(situation);
  }

  /** What is recorded before a crash comes from the ledger; what is recorded now is known at once, also to the step's own undoing. */
  private contextOf(run: SagaRun, step: StepDefinition, intents: Intents, begunMs: number): Omit<StepContext, 'signal'> {
    const { id: sagaId, epoch } = run;
    const ageMs = lineOf(run, run.step_idx)?.age_ms ?? 0;
    const held = async (rows: Promise<unknown[]>) => {
      if ((await rows).length === 0) throw new LeaseLostError(sagaId);
    };
    return {
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
      get sinceBegunMs() {
        return ageMs + performance.now() - begunMs;
      },
      guard: () => held(this.database.query(GUARD, [sagaId, epoch])),
      recordIntent: async (intent) => {
        const values = [sagaId, epoch, run.step_idx, step.name, JSON.stringify(intent), performance.now() - begunMs];
        await held(this.database.query(RECORD_INTENT, values));
        intents.set(run.step_idx, intent);
      },
    };
  }

  /** One line per transition. */
  private tell(run: SagaRun, { step, status, wakeInMs, error, leftovers }: Checkpoint): void {
    const place = step && { step: step.name, step_status: step.status, attempts: step.attempts, took_ms: Math.round(step.tookMs) };
    const line = {
      event: 'saga_moved',
      saga_id: run.id,
      kind: run.kind,
      status,
      ...place,
      ...(wakeInMs !== null && { wake_in_ms: Math.round(wakeInMs) }),
    };
    if (status === 'compensation_failed') this.log.error({ ...line, event: 'saga_left_something', leftovers: leftovers.length });
    else if (error) this.log.warn({ ...line, code: error.code });
    else this.log.log(line);
  }
}

/** The run as it is once the boundary is written. */
export function applied(run: SagaRun, { step, status, context, nextIdx, pivotPassed }: Checkpoint, intents: Intents): SagaRun {
  const known = step && lineOf(run, step.idx);
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

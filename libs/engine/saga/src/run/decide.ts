import { COMPENSATION_POLICY, DEFAULT_POLICY, type StepDefinition, type StepPolicy } from '../definition/saga-definition';
import type { StepAnswer, StepError } from '../definition/step-answer';
import type { Checkpoint, CheckpointStep, LedgerLine, Leftover, SagaRun } from './saga-run';

/** One execution of the current step of a run, or of its compensation. */
export interface ExecutedStep {
  readonly run: SagaRun;
  readonly step: StepDefinition;
  readonly answer: StepAnswer;
  readonly tookMs: number;
}

const CANCELLED: StepError = { code: 'cancelled', detail: 'The saga was cancelled' };

export const executionPolicy = (step: StepDefinition): StepPolicy => ({ ...DEFAULT_POLICY, ...step.policy });

/** The ledger line of a step, or undefined when the step has not begun. */
export function ledgerLineOf(run: SagaRun, idx: number): LedgerLine | undefined {
  return run.ledger.find((line) => line.step_idx === idx);
}

/** Decides where a run continues after an execution. Pure. */
export function afterExecution({ run, step, answer, tookMs }: ExecutedStep): Checkpoint {
  const known = ledgerLineOf(run, run.step_idx);
  const policy = executionPolicy(step);
  const attempts = (known?.attempts ?? 0) + 1;
  const tried = { run, step, tookMs, attempts };
  if (answer.is === 'done') return { ...completed(tried, answer), holds: answer.holds ?? [] };
  if (answer.is === 'wait') {
    const leftMs = policy.waitLimitMs - (known?.trying_ms ?? 0);
    if (leftMs <= 0)
      return failed(tried, { code: 'wait_expired', detail: `${answer.why}: not within ${policy.waitLimitMs} ms` }, 'unknown');
    return executeAgain({ ...tried, attempts: attempts - 1 }, 'waiting', Math.min(answer.ms, leftMs), waitReason(answer));
  }
  if (answer.is === 'fail') return failed(tried, answer.error, answer.effect ?? 'unknown');
  if (attempts >= policy.tries) return failed(tried, answer.error, answer.effect ?? 'unknown');
  return executeAgain(tried, 'running', answer.afterMs ?? backoffMs(policy, attempts), answer.error);
}

/** Decides where a run continues after a compensation. Pure. A failure is recorded, and the other steps are still undone. [SAG-10] */
export function afterCompensation({ run, step, answer, tookMs }: ExecutedStep): Checkpoint {
  const known = ledgerLineOf(run, run.step_idx);
  const policy = { ...COMPENSATION_POLICY, ...step.policy };
  const tries = Math.max(policy.tries, COMPENSATION_POLICY.tries);
  const attempts = (known?.compensation_attempts ?? 0) + 1;
  const line = (
    status: 'compensating' | 'compensated' | 'compensation_failed',
    error: StepError | null,
    compensationAttempts = attempts,
  ): CheckpointStep => ({
    idx: run.step_idx,
    name: step.name,
    status,
    attempts: known?.attempts ?? 0,
    compensationAttempts,
    output: null,
    error,
    tookMs,
  });
  const compensationFailed = (error: StepError) => compensateNext(run, line('compensation_failed', error));
  if (answer.is === 'done') return compensateNext(run, line('compensated', null));
  if (answer.is === 'fail') return compensationFailed(answer.error);
  if (answer.is === 'wait') {
    if ((known?.compensating_ms ?? 0) >= Math.max(policy.waitLimitMs, COMPENSATION_POLICY.waitLimitMs))
      return compensationFailed({ code: 'wait_expired', detail: answer.why });
    return { ...checkpointOf(run, line('compensating', waitReason(answer), attempts - 1)), wakeInMs: answer.ms };
  }
  if (attempts >= tries) return compensationFailed(answer.error);
  return { ...checkpointOf(run, line('compensating', answer.error)), wakeInMs: answer.afterMs ?? backoffMs(policy, attempts) };
}

/** Pure. The outcome of a begun pivot must be known before a cancel counts, because its effect cannot be undone. [SAG-12] */
export function mustSettle(run: SagaRun, step: StepDefinition): boolean {
  return step.pivot === true && (run.resumed || ledgerLineOf(run, run.step_idx) !== undefined);
}

/** Decides where a cancelled run continues. Pure. A step that may have begun is compensated, because a leftover costs money. */
export function afterCancel(run: SagaRun, step: StepDefinition): Checkpoint {
  const begun = ledgerLineOf(run, run.step_idx) !== undefined || (run.resumed && step.compensate !== undefined);
  return startCompensation(run, null, { ...CANCELLED, step: null }, begun ? run.step_idx : run.step_idx - 1);
}

/** Backoff with full jitter, so that runs which failed together do not retry together. `attempt` counts from 1. */
function backoffMs({ backoffMs: first, maxBackoffMs }: StepPolicy, attempt: number): number {
  return Math.round(Math.random() * Math.min(maxBackoffMs, first * 2 ** (attempt - 1)));
}

const waitReason = ({ code, why }: Extract<StepAnswer, { is: 'wait' }>): StepError | null =>
  code === undefined ? null : { code, detail: why };

interface TriedStep {
  readonly run: SagaRun;
  readonly step: StepDefinition;
  readonly tookMs: number;
  readonly attempts: number;
}

function executionLine(
  { run, step, tookMs, attempts }: TriedStep,
  status: 'running' | 'waiting' | 'completed' | 'skipped' | 'failed',
  rest: Partial<CheckpointStep>,
): CheckpointStep {
  return { idx: run.step_idx, name: step.name, status, attempts, compensationAttempts: 0, output: null, error: null, tookMs, ...rest };
}

/** A checkpoint that leaves the run at its current step and status. */
function checkpointOf(run: SagaRun, step: CheckpointStep | null): Checkpoint {
  const { id: sagaId, epoch, step_idx: nextIdx, pivot_passed: pivotPassed, status } = run;
  return {
    sagaId,
    epoch,
    step,
    status,
    nextIdx,
    pivotPassed,
    holds: [],
    context: null,
    wakeInMs: null,
    settling: false,
    error: null,
    leftovers: [],
  };
}

function completed(tried: TriedStep, { output: given, skipped }: Extract<StepAnswer, { is: 'done' }>): Checkpoint {
  const { run, step } = tried;
  const output = given ?? null;
  const line =
    skipped === undefined
      ? executionLine(tried, 'completed', { output })
      : executionLine(tried, 'skipped', { output, error: { code: 'skipped', detail: skipped } });
  const last = run.step_idx + 1 >= run.steps.length;
  return {
    ...checkpointOf(run, line),
    status: last ? 'completed' : 'running',
    context: output && (step.mergesOutputIntoContext ? output : { [contextKeyOf(run)]: output }),
    nextIdx: last ? run.step_idx : run.step_idx + 1,
    pivotPassed: run.pivot_passed || step.pivot === true,
  };
}

/** The key of the current step's output in the context. A step that occurs again in the plan must not overwrite its first output. */
export function contextKeyOf({ steps, step_idx: idx }: SagaRun): string {
  const name = steps[idx] ?? '';
  return steps.indexOf(name) === idx ? name : `${name}_${idx}`;
}

function executeAgain(tried: TriedStep, status: 'running' | 'waiting', wakeInMs: number, error: StepError | null): Checkpoint {
  const { run, step } = tried;
  return { ...checkpointOf(run, executionLine(tried, status, { error })), status: 'running', wakeInMs, settling: step.pivot === true };
}

/** After a pivot, or at a pivot that may have had its effect, the saga fails at its current step. Otherwise everything is undone. */
function failed(tried: TriedStep, error: StepError, effect: 'none' | 'unknown'): Checkpoint {
  const { run, step } = tried;
  const line = executionLine(tried, 'failed', { error });
  const cause = { ...error, step: step.name };
  if (run.pivot_passed || (step.pivot === true && effect === 'unknown'))
    return { ...checkpointOf(run, line), status: 'failed', error: cause };
  return startCompensation(run, line, cause, step.compensate ? run.step_idx : run.step_idx - 1);
}

function startCompensation(run: SagaRun, step: CheckpointStep | null, error: Checkpoint['error'], from: number): Checkpoint {
  const nextIdx = from === run.step_idx ? from : nextStepToCompensate(run, from);
  return { ...checkpointOf(run, step), status: nextIdx < 0 ? 'rolled_back' : 'compensating', nextIdx: Math.max(nextIdx, 0), error };
}

function compensateNext(run: SagaRun, step: CheckpointStep): Checkpoint {
  const nextIdx = nextStepToCompensate(run, step.idx - 1);
  if (nextIdx >= 0) return { ...checkpointOf(run, step), status: 'compensating', nextIdx };
  const others = run.ledger
    .filter((line) => line.step_idx !== step.idx && line.status === 'compensation_failed')
    .map((line) => line.step_idx);
  const left = step.status === 'compensation_failed' ? [...others, step.idx] : others;
  const status = left.length > 0 ? 'compensation_failed' : 'rolled_back';
  return { ...checkpointOf(run, step), status, nextIdx: 0, leftovers: left.map((idx) => leftoverOf(run, idx, step)) };
}

/** The highest step up to `from` that is not undone, or -1. A failed step needs nothing here: if it has a compensation, that ran first. */
function nextStepToCompensate(run: SagaRun, from: number): number {
  for (let idx = from; idx >= 0; idx -= 1) {
    const status = ledgerLineOf(run, idx)?.status;
    if (status !== undefined && status !== 'compensated' && status !== 'failed') return idx;
  }
  return -1;
}

function leftoverOf(run: SagaRun, idx: number, last: CheckpointStep): Leftover {
  const known = ledgerLineOf(run, idx);
  const error = (idx === last.idx ? last.error : null) ?? known?.error ?? { code: 'compensation_failed', detail: 'It could not be undone' };
  return { step: run.steps[idx] ?? '', output: known?.output ?? null, intent: known?.intent ?? null, error };
}

import { COMPENSATION_POLICY, DEFAULT_POLICY, type StepDefinition, type StepPolicy } from '../definition/saga-definition';
import type { Fields, StepAnswer, StepError } from '../definition/step-answer';
import type { Attempt, Checkpoint, CheckpointStep, LedgerLine, Leftover, SagaRun } from './saga-run';

/** One execution of the current step of a run, or of its compensation. */
export interface ExecutedStep {
  readonly run: SagaRun;
  readonly step: StepDefinition;
  readonly answer: StepAnswer;
  readonly tookMs: number;
}

const CANCELLED: StepError = { code: 'cancelled', detail: 'The saga was cancelled' };

/** Limits that an operator has set for the run replace those of the step. */
export const executionPolicy = (step: StepDefinition, run: Pick<SagaRun, 'policy'>): StepPolicy => ({
  ...DEFAULT_POLICY,
  ...step.policy,
  ...run.policy,
});

export function compensationPolicy(step: StepDefinition, run: Pick<SagaRun, 'policy'>): StepPolicy {
  const own = { ...COMPENSATION_POLICY, ...step.policy };
  const atLeast = (limit: 'tries' | 'timeLimitMs' | 'waitLimitMs') => Math.max(own[limit], COMPENSATION_POLICY[limit]);
  const limits = { tries: atLeast('tries'), timeLimitMs: atLeast('timeLimitMs'), waitLimitMs: atLeast('waitLimitMs') };
  return { ...own, ...limits, ...run.policy };
}

/** The ledger line of a step, or undefined when the step has not begun. */
export function ledgerLineOf(run: SagaRun, idx: number): LedgerLine | undefined {
  return run.ledger.find((line) => line.step_idx === idx);
}

/** Decides where a run continues after an execution. Pure. */
export function afterExecution({ run, step, answer, tookMs }: ExecutedStep): Checkpoint {
  const known = ledgerLineOf(run, run.step_idx);
  const policy = executionPolicy(step, run);
  const attempts = (known?.attempts ?? 0) + 1;
  const tried = { run, step, tookMs, attempts };
  if (answer.is === 'done') return { ...completed(tried, answer), holds: answer.holds ?? [] };
  if (answer.is === 'wait') {
    const leftMs = policy.waitLimitMs - (known?.trying_ms ?? 0);
    if (leftMs <= 0)
      return failed(tried, { code: 'wait_expired', detail: `${answer.why}: not within ${policy.waitLimitMs} ms` }, 'unknown');
    return executeAgain({ ...tried, attempts: attempts - 1 }, 'waiting', Math.min(answer.ms, leftMs), waitReason(answer), answer.why);
  }
  if (answer.is === 'fail') return failed(tried, answer.error, answer.effect ?? 'unknown');
  if (attempts >= policy.tries) return failed(tried, answer.error, answer.effect ?? 'unknown');
  return executeAgain(tried, 'running', answer.afterMs ?? backoffMs(policy, attempts), answer.error);
}

/** Decides where a run continues after a compensation. Pure. A failure is recorded, and the other steps are still undone. [SAG-10] */
export function afterCompensation({ run, step, answer, tookMs }: ExecutedStep): Checkpoint {
  const known = ledgerLineOf(run, run.step_idx);
  const policy = compensationPolicy(step, run);
  const attempts = (known?.compensation_attempts ?? 0) + 1;
  const line = (
    status: 'compensating' | 'compensated' | 'compensation_failed',
    error: StepError | null,
    waits?: { readonly why: string },
  ): CheckpointStep => ({
    idx: run.step_idx,
    name: step.name,
    status,
    attempts: known?.attempts ?? 0,
    compensationAttempts: waits ? attempts - 1 : attempts,
    output: null,
    error,
    tookMs,
    attempt: { nr: attempts, undoing: true, outcome: waits ? 'waiting' : status === 'compensating' ? 'retry' : status, ...waits },
  });
  const compensationFailed = (error: StepError) => compensateNext(run, line('compensation_failed', error));
  if (answer.is === 'done') return compensateNext(run, line('compensated', null));
  if (answer.is === 'fail') return compensationFailed(answer.error);
  if (answer.is === 'wait') {
    if ((known?.compensating_ms ?? 0) >= policy.waitLimitMs) return compensationFailed({ code: 'wait_expired', detail: answer.why });
    return { ...checkpointOf(run, line('compensating', waitReason(answer), { why: answer.why })), wakeInMs: answer.ms };
  }
  if (attempts >= policy.tries) return compensationFailed(answer.error);
  return { ...checkpointOf(run, line('compensating', answer.error)), wakeInMs: answer.afterMs ?? backoffMs(policy, attempts) };
}

/** The code in the ledger line of a step that a person has skipped. */
export const SKIPPED_BY_PERSON = 'skipped_by_person';

/** Decides where a run continues after a person has skipped its step, with or without an output. Pure. */
export function afterSkip(run: SagaRun, step: StepDefinition, output: Fields | null, reason: string): Checkpoint {
  const checkpoint = afterOutput(run, step, { is: 'done', ...(output && { output }), skipped: reason });
  return { ...checkpoint, step: checkpoint.step && { ...checkpoint.step, error: { code: SKIPPED_BY_PERSON, detail: reason } } };
}

/** Decides where a run continues after a person has given the output of its step. Pure. */
export function afterOutput(run: SagaRun, step: StepDefinition, answer: Extract<StepAnswer, { is: 'done' }>): Checkpoint {
  const attempts = (ledgerLineOf(run, run.step_idx)?.attempts ?? 0) + 1;
  return { ...completed({ run, step, tookMs: 0, attempts }, answer), holds: answer.holds ?? [] };
}

/** A skipped step without an intent had no effect, so there is nothing to undo. One with an intent may have had one. Pure. [OPV-3] */
export function wasSkippedByPerson(run: SagaRun): boolean {
  const line = ledgerLineOf(run, run.step_idx);
  return line?.error?.code === SKIPPED_BY_PERSON && line.intent === null;
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
  { why, ...rest }: Partial<CheckpointStep> & { readonly why?: string | undefined },
): CheckpointStep {
  const outcome = status === 'running' ? 'retry' : status;
  const nr = status === 'waiting' ? attempts + 1 : attempts;
  const attempt: Attempt = { nr, undoing: false, outcome, ...(why !== undefined && { why }) };
  const line = {
    idx: run.step_idx,
    name: step.name,
    status,
    attempts,
    compensationAttempts: 0,
    output: null,
    error: null,
    tookMs,
    attempt,
  };
  return { ...line, ...rest };
}

/** A checkpoint that leaves the run at its current step and status. */
function checkpointOf(run: SagaRun, step: CheckpointStep | null): Checkpoint {
  const { id: sagaId, epoch, version: round, step_idx: nextIdx, pivot_passed: pivotPassed, status } = run;
  return {
    sagaId,
    epoch,
    round,
    step,
    status,
    nextIdx,
    pivotPassed,
    holds: [],
    context: null,
    calls: [],
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

function executeAgain(
  tried: TriedStep,
  status: 'running' | 'waiting',
  wakeInMs: number,
  error: StepError | null,
  why?: string,
): Checkpoint {
  const { run, step } = tried;
  return { ...checkpointOf(run, executionLine(tried, status, { error, why })), status: 'running', wakeInMs, settling: step.pivot === true };
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

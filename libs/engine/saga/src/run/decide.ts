import { COMPENSATION_POLICY, DEFAULT_POLICY, type StepDefinition, type StepPolicy } from '../definition/saga-definition';
import type { StepAnswer, StepError } from '../definition/step-answer';
import { backoffMs } from './backoff';
import type { Checkpoint, LedgerLine, Leftover, SagaRun, WrittenLine } from './saga-run';

/** A run, the definition of the step it stands at, and what has happened there. */
export interface Situation {
  readonly run: SagaRun;
  readonly step: StepDefinition;
  readonly answer: StepAnswer;
  readonly tookMs: number;
}

const CANCELLED: StepError = { code: 'cancelled', detail: 'The saga was cancelled' };

export const policyOf = (step: StepDefinition): StepPolicy => ({ ...DEFAULT_POLICY, ...step.policy });

/** The ledger's line of a step, if it was begun. */
export function lineOf(run: SagaRun, idx: number): LedgerLine | undefined {
  return run.ledger.find((line) => line.step_idx === idx);
}

/** Where a run goes after an execution. Pure. */
export function afterExecution({ run, step, answer, tookMs }: Situation): Checkpoint {
  const known = lineOf(run, run.step_idx);
  const policy = policyOf(step);
  const attempts = (known?.attempts ?? 0) + 1;
  const at = { run, step, tookMs, attempts };
  if (answer.is === 'done') return { ...completed(at, answer.output ?? null), holds: answer.holds ?? [] };
  if (answer.is === 'wait') {
    const leftMs = policy.waitLimitMs - (known?.trying_ms ?? 0);
    if (leftMs <= 0) return failed(at, { code: 'wait_expired', detail: `${answer.why}: not within ${policy.waitLimitMs} ms` }, 'unknown');
    return later({ ...at, attempts: attempts - 1 }, 'waiting', Math.min(answer.ms, leftMs), shownWhileWaiting(answer));
  }
  if (answer.is === 'fail') return failed(at, answer.error, answer.effect ?? 'unknown');
  if (attempts >= policy.tries) return failed(at, answer.error, 'unknown');
  return later(at, 'running', answer.afterMs ?? backoffMs(policy, attempts), answer.error);
}

/** Where a run goes after a compensation. Pure. A failure is kept and the other steps' compensation goes on (SAG-10). */
export function afterCompensation({ run, step, answer, tookMs }: Situation): Checkpoint {
  const line = lineOf(run, run.step_idx);
  const policy = { ...COMPENSATION_POLICY, ...step.policy };
  const tries = Math.max(policy.tries, COMPENSATION_POLICY.tries);
  const attempts = (line?.compensation_attempts ?? 0) + 1;
  const ledger = (
    status: 'compensating' | 'compensated' | 'compensation_failed',
    error: StepError | null,
    counted = attempts,
  ): WrittenLine => ({
    idx: run.step_idx,
    name: step.name,
    status,
    attempts: line?.attempts ?? 0,
    compensationAttempts: counted,
    output: null,
    error,
    tookMs,
  });
  const gaveUp = (error: StepError) => down(run, ledger('compensation_failed', error));
  if (answer.is === 'done') return down(run, ledger('compensated', null));
  if (answer.is === 'fail') return gaveUp(answer.error);
  if (answer.is === 'wait') {
    if ((line?.compensating_ms ?? 0) >= Math.max(policy.waitLimitMs, COMPENSATION_POLICY.waitLimitMs))
      return gaveUp({ code: 'wait_expired', detail: answer.why });
    return { ...stay(run, ledger('compensating', shownWhileWaiting(answer), attempts - 1)), wakeInMs: answer.ms };
  }
  if (attempts >= tries) return gaveUp(answer.error);
  return { ...stay(run, ledger('compensating', answer.error)), wakeInMs: answer.afterMs ?? backoffMs(policy, attempts) };
}

/** A pivot that may have had its effect is settled before a cancel counts: if it did, there is no way back (SAG-12). Pure. */
export function mustSettle(run: SagaRun, step: StepDefinition): boolean {
  return step.pivot === true && (run.resumed || lineOf(run, run.step_idx) !== undefined);
}

/** A cancel that was asked for in time. Pure. What may have been begun counts as begun: undoing nothing is allowed, leaving something is not. */
export function afterCancel(run: SagaRun, step: StepDefinition): Checkpoint {
  const begun = lineOf(run, run.step_idx) !== undefined || (run.resumed && step.compensate !== undefined);
  return undo(run, null, { ...CANCELLED, step: null }, begun ? run.step_idx : run.step_idx - 1);
}

const shownWhileWaiting = ({ code, why }: Extract<StepAnswer, { is: 'wait' }>): StepError | null =>
  code === undefined ? null : { code, detail: why };

interface At {
  readonly run: SagaRun;
  readonly step: StepDefinition;
  readonly tookMs: number;
  readonly attempts: number;
}

function line(
  { run, step, tookMs, attempts }: At,
  status: 'running' | 'waiting' | 'completed' | 'failed',
  rest: Partial<WrittenLine>,
): WrittenLine {
  return {
    idx: run.step_idx,
    name: step.name,
    status,
    attempts,
    compensationAttempts: 0,
    output: null,
    error: null,
    tookMs,
    ...rest,
  };
}

function stay(run: SagaRun, step: Checkpoint['step']): Checkpoint {
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

function completed(at: At, output: Readonly<Record<string, unknown>> | null): Checkpoint {
  const { run, step } = at;
  const last = run.step_idx + 1 >= run.steps.length;
  return {
    ...stay(run, line(at, 'completed', { output })),
    status: last ? 'completed' : 'running',
    context: output && (step.mergesOutputIntoContext ? output : { [keyOf(run)]: output }),
    nextIdx: last ? run.step_idx : run.step_idx + 1,
    pivotPassed: run.pivot_passed || step.pivot === true,
  };
}

/** A step that stands in the plan again keeps its first output. */
function keyOf({ steps, step_idx: idx }: SagaRun): string {
  const name = steps[idx] ?? '';
  return steps.indexOf(name) === idx ? name : `${name}_${idx}`;
}

function later(at: At, status: 'running' | 'waiting', wakeInMs: number, error: StepError | null): Checkpoint {
  return { ...stay(at.run, line(at, status, { error })), status: 'running', wakeInMs, settling: at.step.pivot === true };
}

/** After a pivot, or at one that may have had its effect, the saga stops where it is; otherwise everything is undone. */
function failed(at: At, error: StepError, effect: 'none' | 'unknown'): Checkpoint {
  const { run, step } = at;
  const ledger = line(at, 'failed', { error });
  const cause = { ...error, step: step.name };
  if (run.pivot_passed || (step.pivot === true && effect === 'unknown')) return { ...stay(run, ledger), status: 'failed', error: cause };
  return undo(run, ledger, cause, step.compensate ? run.step_idx : run.step_idx - 1);
}

function undo(run: SagaRun, step: Checkpoint['step'], error: Checkpoint['error'], from: number): Checkpoint {
  const nextIdx = from === run.step_idx ? from : nextUndone(run, from);
  return { ...stay(run, step), status: nextIdx < 0 ? 'rolled_back' : 'compensating', nextIdx: Math.max(nextIdx, 0), error };
}

function down(run: SagaRun, step: WrittenLine): Checkpoint {
  const nextIdx = nextUndone(run, step.idx - 1);
  if (nextIdx >= 0) return { ...stay(run, step), status: 'compensating', nextIdx };
  const others = run.ledger
    .filter((line) => line.step_idx !== step.idx && line.status === 'compensation_failed')
    .map((line) => line.step_idx);
  const left = step.status === 'compensation_failed' ? [...others, step.idx] : others;
  const status = left.length > 0 ? 'compensation_failed' : 'rolled_back';
  return { ...stay(run, step), status, nextIdx: 0, leftovers: left.map((idx) => leftover(run, idx, step)) };
}

/** The next lower step that is not undone. A failed one that could have been undone was, before those below it. */
function nextUndone(run: SagaRun, from: number): number {
  for (let idx = from; idx >= 0; idx -= 1) {
    const status = lineOf(run, idx)?.status;
    if (status !== undefined && status !== 'compensated' && status !== 'failed') return idx;
  }
  return -1;
}

function leftover(run: SagaRun, idx: number, last: WrittenLine): Leftover {
  const known = lineOf(run, idx);
  const error = (idx === last.idx ? last.error : null) ?? known?.error ?? { code: 'compensation_failed', detail: 'It could not be undone' };
  return { step: run.steps[idx] ?? '', output: known?.output ?? null, intent: known?.intent ?? null, error };
}

import { done, fail, retry, wait, type StepAnswer } from './definition/step-answer';
import { afterCancel, afterCompensation, afterExecution } from './run/decide';
import type { Checkpoint, LedgerLine, SagaRun } from './run/saga-run';
import {
  assertSagaTransition,
  assertStepTransition,
  CLOSED_STATUSES,
  FAILED_STATUSES,
  FINAL_STATUSES,
  SAGA_TRANSITIONS,
  STEP_TRANSITIONS,
  type SagaStatus,
  type StepStatus,
} from './saga.states';

const SAGA = Object.keys(SAGA_TRANSITIONS) as SagaStatus[];
const PLANNED_AND_STEP = Object.keys(STEP_TRANSITIONS) as (StepStatus | 'planned')[];
const STEP = PLANNED_AND_STEP.filter((status) => status !== 'planned');
const OPEN_SAGA = SAGA.filter((status) => !FINAL_STATUSES.includes(status));
const OPEN_STEP: readonly string[] = ['running', 'waiting', 'compensating'];

function allowed(work: () => void): boolean {
  try {
    work();
    return true;
  } catch {
    return false;
  }
}

it('allows a saga exactly the changes of the table, and an open one to stay', () => {
  for (const from of SAGA) {
    const accepted = SAGA.filter((to) => allowed(() => assertSagaTransition(from, to)));
    const listed: readonly SagaStatus[] = SAGA_TRANSITIONS[from];
    expect({ from, accepted: new Set(accepted) }).toEqual({
      from,
      accepted: new Set([...listed, ...(OPEN_SAGA.includes(from) ? [from] : [])]),
    });
  }
});

it('allows a step exactly the changes of the table, and an open one to stay', () => {
  for (const from of PLANNED_AND_STEP) {
    const accepted = STEP.filter((to) => allowed(() => assertStepTransition(from, to)));
    const listed: readonly StepStatus[] = STEP_TRANSITIONS[from];
    expect({ from, accepted: new Set<string>(accepted) }).toEqual({
      from,
      accepted: new Set<string>([...listed, ...(OPEN_STEP.includes(from) ? [from] : [])]),
    });
  }
});

it('divides the final statuses into those that an operator can continue and those that are never left', () => {
  expect(FAILED_STATUSES).toEqual(['failed', 'compensation_failed']);
  expect(CLOSED_STATUSES).toEqual(['completed', 'rolled_back', 'rejected']);
});

describe('the decisions', () => {
  const undo = async () => done();
  const steps = [
    { name: 'a', execute: undo, compensate: undo },
    { name: 'b', execute: undo },
    { name: 'c', execute: undo, pivot: true as const },
  ];
  const answers: StepAnswer[] = [
    done(),
    wait(1, 'waiting for a test'),
    retry({ code: 'busy', detail: 'Later.' }),
    fail({ code: 'refused', detail: 'No.' }, 'none'),
    fail({ code: 'lost', detail: 'Unknown.' }, 'unknown'),
  ];
  const line = (idx: number, status: StepStatus, spent: boolean): LedgerLine => ({
    step_idx: idx,
    status,
    attempts: spent ? 99 : 0,
    compensation_attempts: spent ? 99 : 0,
    intent: null,
    output: null,
    error: null,
    age_ms: 0,
    trying_ms: spent ? 9_999_999 : 0,
    compensating_ms: spent ? 9_999_999 : 0,
  });

  function runAt(
    status: SagaStatus,
    idx: number,
    begun: StepStatus | undefined,
    flags: { spent: boolean; resumed: boolean; pivotPassed: boolean },
  ): SagaRun {
    const earlier = Array.from({ length: idx }, (_, at) => line(at, 'completed', false));
    return {
      id: 'saga',
      kind: 'kind',
      tenant_id: null,
      created_ms: 0,
      input: {},
      context: {},
      steps: steps.map(({ name }) => name),
      status,
      step_idx: idx,
      pivot_passed: flags.pivotPassed,
      cancel_requested: false,
      policy: null,
      version: 0,
      epoch: '1',
      resumed: flags.resumed,
      restored: false,
      traceparent: null,
      late_ms: 0,
      ledger: begun ? [...earlier, line(idx, begun, flags.spent)] : earlier,
    };
  }

  function assertTransitions(run: SagaRun, { status, step }: Checkpoint): void {
    assertSagaTransition(run.status, status);
    const from = run.ledger.find(({ step_idx }) => step_idx === step?.idx)?.status ?? 'planned';
    if (step) assertStepTransition(from, step.status);
  }

  it('make only allowed changes, for every answer of a step and every status of the run', () => {
    const yesNo = [false, true];
    let tried = 0;
    for (const [idx, step] of steps.entries())
      for (const spent of yesNo)
        for (const resumed of yesNo)
          for (const pivotPassed of yesNo) {
            const flags = { spent, resumed, pivotPassed };
            for (const answer of answers) {
              for (const begun of [undefined, 'running', 'waiting'] as const) {
                const run = runAt('running', idx, begun, flags);
                assertTransitions(run, afterExecution({ run, step, answer, tookMs: 1 }));
                tried += 1;
              }
              for (const begun of [undefined, 'running', 'waiting', 'completed', 'failed', 'compensating'] as const) {
                const run = runAt('compensating', idx, begun, flags);
                assertTransitions(run, afterCompensation({ run, step, answer, tookMs: 1 }));
                tried += 1;
              }
            }
            for (const begun of [undefined, 'running', 'waiting', 'completed'] as const) {
              const run = runAt('running', idx, begun, flags);
              assertTransitions(run, afterCancel(run, step));
              tried += 1;
            }
          }
    expect(tried).toBe(3 * 8 * (5 * 9 + 4));
  });
});

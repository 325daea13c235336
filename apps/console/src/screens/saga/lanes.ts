import type { Saga, SagaStep } from '../../client/client';
import { words } from '../../parts/format';
import { isOpen } from '../../parts/sagas';

/** One line of the timeline: a step, or the undoing of one. Times are milliseconds of the epoch. */
export interface SagaLane {
  readonly step: SagaStep;
  readonly isUndo: boolean;
  readonly attempts: number;
  readonly from: number | null;
  readonly to: number | null;
  readonly tone: 'ok' | 'bad' | 'mute' | 'open' | null;
}

export interface SagaSpan {
  readonly from: number;
  readonly to: number;
  readonly steps: readonly SagaLane[];
  /** The last step first, as they are undone. */
  readonly undos: readonly SagaLane[];
  readonly undoFrom: number | null;
  /** When it continues by itself; null unless it waits. */
  readonly wakeAt: number | null;
}

const UNDONE = new Set<string>(['compensating', 'compensated', 'compensation_failed']);
const SHORTEST_MS = 1_000;
const TONES: Readonly<Record<string, SagaLane['tone']>> = {
  completed: 'ok',
  skipped: 'mute',
  failed: 'bad',
  running: 'open',
  waiting: 'open',
};
const UNDO_TONES: Readonly<Record<string, SagaLane['tone']>> = { compensated: 'ok', compensation_failed: 'bad', compensating: 'open' };

const ms = (at: string | null): number | null => (at === null ? null : Date.parse(at));

/** Places a saga on one axis of time, from the moment when it could begin. Pure. */
export function sagaSpan(saga: Saga, nowMs: number): SagaSpan {
  const { steps } = saga;
  const open = isOpen(saga);
  const from = ms(saga.approval?.decided_at ?? null) ?? ms(saga.created_at) ?? nowMs;
  const wakeAt = open ? ms(saga.wake_at) : null;
  const waits = wakeAt !== null && wakeAt > nowMs ? wakeAt : null;
  const last = ms(saga.finished_at) ?? (open ? nowMs : (ms(saga.updated_at) ?? nowMs));
  const to = Math.max(last, waits ?? 0, from + SHORTEST_MS);
  const undone = steps.filter(({ status }) => UNDONE.has(status));
  const begins = undone.flatMap(({ compensating_since: since }) => ms(since) ?? []);
  const undoFrom = begins.length > 0 ? Math.min(...begins) : null;
  return {
    from,
    to,
    steps: steps.map((step, index) => forwardLane(step, steps[index + 1], undoFrom, last)),
    undos: undone.toReversed().map((step) => undoLane(step, last)),
    undoFrom,
    wakeAt: waits,
  };
}

/** `finished_at` of an undone step is the end of its undoing, so its own end is the begin of the next one. */
function forwardLane(step: SagaStep, next: SagaStep | undefined, undoFrom: number | null, last: number): SagaLane {
  const isUndone = UNDONE.has(step.status);
  const end = isUndone ? (ms(next?.started_at ?? null) ?? undoFrom) : ms(step.finished_at);
  const from = ms(step.started_at);
  return {
    step,
    isUndo: false,
    attempts: step.attempts,
    from,
    to: from === null ? null : (end ?? last),
    tone: isUndone ? 'ok' : (TONES[step.status] ?? null),
  };
}

function undoLane(step: SagaStep, last: number): SagaLane {
  const from = ms(step.compensating_since);
  const tone = UNDO_TONES[step.status] ?? null;
  return { step, isUndo: true, attempts: step.compensation_attempts, from, to: ms(step.finished_at) ?? last, tone };
}

export const stepTitle = (step: SagaStep): string => `${step.step_idx + 1} ${words(step.name)}`;

import type { Saga, SagaTimeline } from '../../client/client';
import { words } from '../../parts/format';
import { isOpen } from '../../parts/sagas';

export type TimelineStep = SagaTimeline['steps'][number];
type Attempt = TimelineStep['attempts'][number];

/** A stretch of a lane. Times are milliseconds of the epoch. */
export interface LaneBlock {
  readonly is: 'attempt' | 'wait' | 'backoff';
  readonly from: number;
  readonly to: number;
  readonly tone: 'ok' | 'bad' | 'mute' | 'open';
  /** The number of an attempt; the reason of a wait. */
  readonly text: string;
}

/** One line of the timeline: a step, or the undoing of one. */
export interface SagaLane {
  readonly step: TimelineStep;
  readonly isUndo: boolean;
  readonly blocks: readonly LaneBlock[];
  /** Why the last attempt did not succeed, unless a later one did. */
  readonly error: Attempt['error'];
  readonly from: number | null;
  readonly to: number | null;
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
  /** Where a time is, from 0 to 1. */
  readonly place: (at: number) => number;
  /** The time at a place. */
  readonly timeAt: (share: number) => number;
  /** Waits that the axis leaves out, by their places. */
  readonly breaks: readonly { readonly at: number; readonly ms: number }[];
}

const SHORTEST_MS = 1_000;
const TONES: Readonly<Record<string, LaneBlock['tone']>> = {
  completed: 'ok',
  compensated: 'ok',
  skipped: 'mute',
  running: 'open',
  waiting: 'open',
  compensating: 'open',
};

const ms = (at: string): number => Date.parse(at);

/** Places a saga on one axis of time, from the moment when it could begin. Pure. */
export function sagaSpan(saga: Saga, timeline: SagaTimeline, nowMs: number): SagaSpan {
  const open = isOpen(saga);
  const started = saga.approval?.subject === 'start' ? saga.approval.decided_at : null;
  const from = ms(started ?? saga.created_at);
  const wake = open && timeline.wake_at !== null ? ms(timeline.wake_at) : null;
  const wakeAt = wake !== null && wake > nowMs ? wake : null;
  const end = saga.finished_at ? ms(saga.finished_at) : open ? nowMs : ms(saga.updated_at);
  const current = timeline.steps[saga.current_step_idx];
  const lane = (step: TimelineStep, isUndo: boolean) => laneOf({ step, isUndo, end, wakeAt: open && step === current ? wakeAt : null });
  const steps = timeline.steps.map((step) => lane(step, false));
  const undos = timeline.steps.filter(({ compensation }) => compensation.length > 0).map((step) => lane(step, true));
  undos.reverse();
  const begins = undos.flatMap(({ from: begin }) => begin ?? []);
  const latest = Math.max(end, wakeAt ?? 0, from + SHORTEST_MS, ...[...steps, ...undos].flatMap(({ to }) => to ?? []));
  return {
    from,
    to: latest,
    steps,
    undos,
    undoFrom: begins.length > 0 ? Math.min(...begins) : null,
    wakeAt,
    ...axisOf(from, latest, [...steps, ...undos]),
  };
}

interface LaneParts {
  readonly step: TimelineStep;
  readonly isUndo: boolean;
  /** The end of the saga, or now. */
  readonly end: number;
  /** When this step continues by itself. */
  readonly wakeAt: number | null;
}

function laneOf({ step, isUndo, end, wakeAt }: LaneParts): SagaLane {
  const attempts = isUndo ? step.compensation : step.attempts;
  const last = attempts.at(-1);
  const blocks = attempts.flatMap((attempt, nr) => blocksOf(attempt, nr, attempts[nr + 1], { end, wakeAt }));
  const ends = last && last.outcome !== 'completed' && last.outcome !== 'compensated' ? last.error : null;
  return { step, isUndo, blocks, error: ends, from: blocks[0]?.from ?? null, to: blocks.at(-1)?.to ?? null };
}

/** An attempt is a numbered block up to its first wait, then its waits, then the pause until the next attempt. */
function blocksOf(
  attempt: Attempt,
  nr: number,
  next: Attempt | undefined,
  { end, wakeAt }: Pick<LaneParts, 'end' | 'wakeAt'>,
): LaneBlock[] {
  const from = ms(attempt.started_at);
  const to = Math.max(from, attempt.ended_at === null ? end : ms(attempt.ended_at));
  const tone = attempt.outcome in TONES ? (TONES[attempt.outcome] ?? 'bad') : 'bad';
  const isWaiting = next === undefined && attempt.outcome === 'waiting';
  const waits = attempt.waits.map((wait, index): LaneBlock => {
    const following = attempt.waits[index + 1];
    const until = following ? ms(following.since) : isWaiting ? Math.max(wakeAt ?? end, to) : to;
    return { is: 'wait', from: ms(wait.since), to: Math.max(ms(wait.since), until), tone: 'open', text: wait.why };
  });
  const blocks: LaneBlock[] = [{ is: 'attempt', from, to: waits[0]?.from ?? to, tone, text: String(nr + 1) }, ...waits];
  const continues = next ? ms(next.started_at) : attempt.outcome === 'retry' ? wakeAt : null;
  if (attempt.outcome === 'retry' && continues !== null && continues > to) {
    blocks.push({ is: 'backoff', from: to, to: continues, tone: 'open', text: '' });
  }
  return blocks;
}

const HOUR_MS = 3_600_000;
/** A longer wait of a long run is left out of the axis, as a share of the run. */
const LONG_WAIT = 0.25;
/** What a wait that is left out takes of the axis. */
const BREAK = 0.06;

/** The axis of time. In a run of more than an hour, waits of more than a quarter of it are cut to a small gap. Pure. */
function axisOf(from: number, to: number, lanes: readonly SagaLane[]): Pick<SagaSpan, 'place' | 'timeAt' | 'breaks'> {
  const whole = to - from;
  const gaps = whole > HOUR_MS ? longWaits(lanes, whole * LONG_WAIT) : [];
  const leftOut = gaps.reduce((sum, gap) => sum + gap.to - gap.from, 0);
  const perMs = (1 - gaps.length * BREAK) / Math.max(1, whole - leftOut);
  const place = (at: number): number => {
    const time = Math.min(to, Math.max(from, at));
    let share = (time - from) * perMs;
    for (const gap of gaps) {
      const inside = Math.min(Math.max(time - gap.from, 0), gap.to - gap.from);
      share += inside * (BREAK / (gap.to - gap.from) - perMs);
    }
    return share;
  };
  const timeAt = (share: number): number => {
    let [low, high] = [from, to];
    while (high - low > 1) {
      const middle = (low + high) / 2;
      if (place(middle) < share) low = middle;
      else high = middle;
    }
    return Math.round(high);
  };
  return { place, timeAt, breaks: gaps.map((gap) => ({ at: (place(gap.from) + place(gap.to)) / 2, ms: gap.to - gap.from })) };
}

/** The waits and pauses that are longer than this, in the order of time. One step runs at a time, so they do not overlap. */
function longWaits(lanes: readonly SagaLane[], longerThanMs: number): readonly LaneBlock[] {
  const waits = lanes.flatMap(({ blocks }) => blocks.filter(({ is, from, to }) => is !== 'attempt' && to - from > longerThanMs));
  return waits.sort((one, other) => one.from - other.from).filter((wait, nr, all) => nr === 0 || wait.from >= (all[nr - 1]?.to ?? 0));
}

export const stepTitle = ({ step_idx: idx, name }: Pick<TimelineStep, 'step_idx' | 'name'>): string => `${idx + 1} ${words(name)}`;

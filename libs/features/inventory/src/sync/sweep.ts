import type { TokenPurpose } from '#libs/config';
import type { SweepProgress } from './progress-notes';

/** A sweep that this process runs. */
export interface SweepRun {
  readonly id: string;
  readonly kind: string;
  readonly accountId: string;
  readonly purpose: TokenPurpose;
  /** Of the token that was checked at the start: all calls of the sweep are sent with it (INV-6). */
  readonly fingerprint: string;
  /** Where its events say that they come from. */
  readonly source: 'sweep' | 'action_feed';
  /** By the database's clock. */
  readonly startedAt: Date;
  /** `performance.now()` when the database answered with `startedAt`. */
  readonly openedAtMs: number;
  readonly progress: SweepProgress;
  /** Aborted when the process stops or the lease is lost. */
  readonly signal: AbortSignal;
}

/**
 * When something was asked for, by the database's clock: its answer to the start of the sweep, plus the time measured here since.
 * The way of that answer is not counted, so the result is never later than the truth, and no worker's wall clock matters (OPS-7).
 */
export function askedAt(run: SweepRun, monotonicMs: number): Date {
  return new Date(run.startedAt.getTime() + Math.max(0, Math.floor(monotonicMs - run.openedAtMs)));
}

/**
 * How a granted call ended, for budget and breaker:
 * `accepted` 2xx · `refused` 4xx · `limited` 429 · `rejected` 401 · `failed` 5xx, HTML, broken connection, time limit ·
 * `abandoned` given up by the caller while under way · `unsent` never made, its slot is free again.
 */
export type CallOutcome = 'accepted' | 'refused' | 'limited' | 'rejected' | 'failed' | 'abandoned' | 'unsent';

export interface EndedCall {
  readonly id: string;
  readonly outcome: CallOutcome;
  /** `performance.now()` at the answer. */
  readonly endedAtMs: number;
  /** The pause that a 429 asked for; 0 otherwise. */
  readonly waitMs: number;
}

/** Outcomes that may change what other processes are allowed to do. They are reported at once. */
export const OUTCOMES_TO_REPORT: ReadonlySet<CallOutcome> = new Set<CallOutcome>(['limited', 'rejected', 'failed']);

export type SweepStatus = 'running' | 'complete' | 'incomplete' | 'suspect' | 'released' | 'refused';
export type SweepTrigger = 'schedule' | 'first' | 'manual' | 'action_feed';

/** One row of the sweep ledger as the API shows it. */
export interface SweepView {
  readonly id: string;
  readonly kind: string;
  readonly trigger: SweepTrigger;
  readonly status: SweepStatus;
  /** Why it is not complete; a stable word. */
  readonly reason: string | null;
  readonly pages_done: number;
  readonly pages_expected: number | null;
  readonly calls: number;
  readonly seen: number;
  readonly discovered: number;
  readonly updated: number;
  readonly restored: number;
  readonly struck: number;
  readonly deleted: number;
  readonly started_at: string;
  readonly finished_at: string | null;
}

export interface SweepRow extends Omit<SweepView, 'started_at' | 'finished_at'> {
  readonly started_at: Date;
  readonly finished_at: Date | null;
}

/** The columns of a `SweepRow`. */
export const SWEEP_COLUMNS = `id, kind, trigger, status, reason, pages_done, pages_expected, calls, seen,
  discovered, updated, restored, struck, deleted, started_at, finished_at`;

export function sweepView(row: SweepRow): SweepView {
  return { ...row, started_at: row.started_at.toISOString(), finished_at: row.finished_at?.toISOString() ?? null };
}

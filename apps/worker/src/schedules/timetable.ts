import { SWEEPS } from '#libs/inventory';
import type { ScheduleEntry } from '#libs/queues';

/** Keys that a former release laid out and this one no longer wants. A key stays here for a release or two, then goes. */
export const RETIRED: readonly string[] = [];

/** All schedules, UTC: one per kind from its declaration. Keys stay the same from release to release. */
export const TIMETABLE: readonly ScheduleEntry[] = SWEEPS.map(({ kind, sync }) => ({
  key: `sweep.${kind}`,
  queue: sync.queue,
  cron: sync.cron,
  job: 'sweep',
  data: { kind, trigger: 'schedule' },
}));

import { SWEEPS } from '#libs/inventory';
import { Queues, type ScheduleEntry } from '#libs/queues';

/** Keys that a former release laid out and this one no longer wants. A key stays here for a release or two, then goes. */
export const RETIRED: readonly string[] = [];

const sweeps: readonly ScheduleEntry[] = SWEEPS.map(({ kind, sync }) => ({
  key: `sweep.${kind}`,
  queue: sync.queue,
  cron: sync.cron,
  job: 'sweep',
  data: { kind, trigger: 'schedule' },
}));

/** All schedules, UTC: one per kind from its declaration, what is drifting (after the sweeps at :15), and what is read about money. Keys stay the same from release to release. */
export const TIMETABLE: readonly ScheduleEntry[] = [
  ...sweeps,
  { key: 'drift.detection', queue: Queues.syncFull, cron: '20 * * * *', job: 'drift', data: {} },
  { key: 'billing.balance', queue: Queues.billing, cron: '7 * * * *', job: 'balance', data: {} },
  { key: 'billing.history', queue: Queues.billing, cron: '23 2 * * *', job: 'billing-history', data: {} },
];

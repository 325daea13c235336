import type { Job } from 'bullmq';
import { SWEEPS } from '#libs/inventory';
import { Queues, type ScheduleEntry, type TickClaims } from '#libs/queues';

/** Keys that the previous release scheduled and this one does not. A key stays here for one or two releases and is then deleted. */
export const RETIRED: readonly string[] = [];

const sweeps: readonly ScheduleEntry[] = SWEEPS.map(({ kind, sync }) => ({
  key: `sweep.${kind}`,
  queue: sync.queue,
  cron: sync.cron,
  job: 'sweep',
  data: { kind, trigger: 'schedule' },
}));

/**
 * All schedules, in UTC: one per kind from its declaration, drift detection (after the sweeps at :15), and the two readings of billing.
 * Keys are the same from release to release.
 */
export const TIMETABLE: readonly ScheduleEntry[] = [
  ...sweeps,
  { key: 'drift.detection', queue: Queues.syncFull, cron: '20 * * * *', job: 'drift', data: {} },
  { key: 'billing.balance', queue: Queues.billing, cron: '7 * * * *', job: 'balance', data: {} },
  { key: 'billing.history', queue: Queues.billing, cron: '23 2 * * *', job: 'billing-history', data: {} },
];

/** The properties of a job that say which schedule created it and whether it has run before. */
export type JobAttempt = Pick<Job, 'attemptsMade' | 'stalledCounter' | 'repeatJobKey'>;

/** True when the job is retried, or was taken over from a dead worker. */
export function isRetry({ attemptsMade, stalledCounter }: Omit<JobAttempt, 'repeatJobKey'>): boolean {
  return attemptsMade > 0 || stalledCounter > 0;
}

/**
 * False when the job is a tick of a schedule that another job has claimed. A retry, and a job taken over from a dead worker, is the same
 * tick and was claimed when it began. A job without a schedule always runs. [OPS-7]
 */
export async function claimTick(ticks: TickClaims, job: JobAttempt): Promise<boolean> {
  const schedule = TIMETABLE.find(({ key }) => key === job.repeatJobKey);
  if (!schedule || isRetry(job)) return true;
  return ticks.claim(schedule.key, schedule);
}

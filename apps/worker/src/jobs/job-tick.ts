import type { Job } from 'bullmq';
import type { TickClaims } from '#libs/queues';
import { TIMETABLE } from '../schedules/timetable';

/** The parts of a job that tell how it came about. */
export type JobAttempt = Pick<Job, 'attemptsMade' | 'stalledCounter' | 'repeatJobKey'>;

/** It is tried again, or was taken over from a dead worker. */
export function isRetry({ attemptsMade, stalledCounter }: Omit<JobAttempt, 'repeatJobKey'>): boolean {
  return attemptsMade > 0 || stalledCounter > 0;
}

/**
 * False when the job is a tick of a schedule that another job has claimed (OPS-7). A job that is tried again, or was taken over from a dead worker, is
 * the same tick: it was claimed when it began. What no schedule laid out runs whenever it is asked for.
 */
export async function isItsTurn(ticks: TickClaims, job: JobAttempt): Promise<boolean> {
  const schedule = TIMETABLE.find(({ key }) => key === job.repeatJobKey);
  if (!schedule || isRetry(job)) return true;
  return ticks.claim(schedule.key, schedule);
}

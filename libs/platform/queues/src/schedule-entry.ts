import type { JobName, Jobs, QueueName } from './queue-definitions';

/** When a schedule ticks: a cron pattern in UTC, or a period. */
export type Timing = { readonly cron: string; readonly everyMs?: undefined } | { readonly everyMs: number; readonly cron?: undefined };

/** One line of the timetable. `key` is unique among all queues and stays the same from release to release. */
export type ScheduleEntry = {
  [N in JobName]: { readonly key: string; readonly queue: QueueName; readonly job: N; readonly data: Jobs[N] } & Timing;
}[JobName];

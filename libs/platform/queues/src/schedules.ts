import { tryLockTransaction, Database } from '#libs/database';
import { canonicalJson, type Json } from '#libs/kernel';
import { Injectable } from '@nestjs/common';
import { ErrorCode, getNextMillis, type JobSchedulerJson, type RepeatOptions } from 'bullmq';
import { QueueClients, withQueueTimeout, type JobQueue } from './queue-clients';
import { JOB_OPTIONS, QUEUE_NAMES, type JobName, type Jobs, type QueueName } from './queue-definitions';
import type { Timing } from './tick-claims';

/** One line of the timetable. `key` is unique among all queues and stays the same from release to release. */
export type ScheduleEntry = {
  [N in JobName]: { readonly key: string; readonly queue: QueueName; readonly job: N; readonly data: Jobs[N] } & Timing;
}[JobName];

/** A schedule that is late by less than this is about to run. */
const TOLERANCE_MS = 1_000;

export interface EnsureReport {
  /** False when another worker has the lock at this moment; then no schedule was checked. */
  readonly ours: boolean;
  /** Keys of schedules that were missing, changed or broken and have been restored. */
  readonly restored: readonly string[];
  readonly removed: readonly string[];
}

const repeatOf = (entry: ScheduleEntry): RepeatOptions =>
  entry.cron === undefined ? { every: entry.everyMs } : { pattern: entry.cron, tz: 'UTC' };

/** Keeps the job schedulers of all queues equal to the timetable. */
@Injectable()
export class Schedules {
  constructor(
    private readonly clients: QueueClients,
    private readonly database: Database,
  ) {}

  /**
   * Restores missing, changed and stuck schedules and removes retired keys. Correct schedules stay untouched, so any number of workers may
   * call it at any time. Keys unknown to this release stay: during a rollout they belong to another release. An advisory lock serialises
   * calls, because BullMQ on PostgreSQL makes duplicates and deadlocks when schedulers are written in parallel.
   * Throws `QueueUnavailableError` or `DatabaseUnavailableError`.
   */
  ensure(entries: readonly ScheduleEntry[], retired: readonly string[] = []): Promise<EnsureReport> {
    const isElsewhere = (key: string, queue: string): boolean => entries.some((entry) => entry.key === key && entry.queue !== queue);
    return this.database.transaction(async (tx) => {
      if (!(await tryLockTransaction(tx, 'schedules'))) return { ours: false, restored: [], removed: [] };
      const restored: string[] = [];
      const removed: string[] = [];
      for (const name of QUEUE_NAMES) {
        const queue = this.clients.queue(name);
        const known = await withQueueTimeout(queue.getJobSchedulers(0, -1, true));
        const wanted = entries.filter((entry) => entry.queue === name);
        for (const { key } of known.filter((scheduler) => retired.includes(scheduler.key) || isElsewhere(scheduler.key, name))) {
          await withQueueTimeout(queue.removeJobScheduler(key));
          removed.push(key);
        }
        for (const entry of wanted) {
          const scheduler = known.find(({ key }) => key === entry.key);
          if (scheduler && (await isCorrect(queue, scheduler, entry))) continue;
          if (await restore(queue, entry)) restored.push(entry.key);
        }
      }
      return { ours: true, restored, removed };
    });
  }
}

/** The definition is the same, the next tick is not too far away, and a job exists for it. */
async function isCorrect(queue: JobQueue, scheduler: JobSchedulerJson, entry: ScheduleEntry): Promise<boolean> {
  const repeat = repeatOf(entry);
  const same =
    scheduler.name === entry.job &&
    scheduler.pattern === repeat.pattern &&
    scheduler.every === repeat.every &&
    canonicalJson((scheduler.template?.data ?? {}) as Json) === canonicalJson({ ...entry.data });
  const latest = (entry.cron === undefined ? Date.now() + entry.everyMs : (getNextMillis(Date.now(), repeat) ?? 0)) + TOLERANCE_MS;
  if (!same || scheduler.next === undefined || scheduler.next > latest) return false;
  const job = await withQueueTimeout(queue.getJob(tickId(entry.key, scheduler.next)));
  return job !== undefined && !isFinished(job);
}

/**
 * Writes the scheduler of an entry. Returns false when the job of the next tick was started early, on the board or by a fast clock, and has
 * not finished: its worker keeps it. A finished job occupies its slot. BullMQ on PostgreSQL does not remove it, but writes it anew together
 * with the next one; without a next one BullMQ refuses, and the schedule is restored once the slot has passed.
 */
async function restore(queue: JobQueue, entry: ScheduleEntry): Promise<boolean> {
  const repeat = repeatOf(entry);
  const next = entry.cron === undefined ? undefined : getNextMillis(Date.now(), repeat);
  const early = next === undefined ? undefined : await withQueueTimeout(queue.getJob(tickId(entry.key, next)));
  if (early && hasStarted(early)) {
    if (!isFinished(early)) return false;
    await withQueueTimeout(early.remove().catch(() => undefined));
  }
  const written = queue.upsertJobScheduler(entry.key, repeat, { name: entry.job, data: entry.data, opts: JOB_OPTIONS });
  return withQueueTimeout(
    written.then(
      () => true,
      (error: { code?: unknown }) => {
        if (error.code === ErrorCode.SchedulerJobIdCollision) return false;
        throw error;
      },
    ),
  );
}

/** BullMQ's id of the job of one tick. */
const tickId = (key: string, atMs: number): string => `repeat:${key}:${atMs}`;

const hasStarted = (job: { processedOn?: number }): boolean => job.processedOn !== undefined;

const isFinished = (job: { finishedOn?: number }): boolean => job.finishedOn !== undefined;

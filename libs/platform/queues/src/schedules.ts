import { ADVISORY_LOCKS, Database } from '#libs/database';
import { canonicalJson, type Json } from '#libs/kernel';
import { Injectable } from '@nestjs/common';
import { ErrorCode, getNextMillis, type JobSchedulerJson, type RepeatOptions } from 'bullmq';
import { JOB_OPTIONS, QUEUE_NAMES } from './queue-definitions';
import { QueueClients, type JobQueue } from './queue-clients';
import type { ScheduleEntry } from './schedule-entry';
import { withTimeout } from './within-limit';

/** A schedule that is late by less than this is on its way. */
const TOLERANCE_MS = 1_000;

export interface EnsureReport {
  /** False: another worker is at it at this moment, nothing was looked at. */
  readonly ours: boolean;
  /** Keys that were missing, changed or broken and are right now. */
  readonly restored: readonly string[];
  readonly removed: readonly string[];
}

const repeatOf = (entry: ScheduleEntry): RepeatOptions =>
  entry.cron === undefined ? { every: entry.everyMs } : { pattern: entry.cron, tz: 'UTC' };

/** Keeps the job schedulers of all queues as the timetable says. */
@Injectable()
export class Schedules {
  constructor(
    private readonly clients: QueueClients,
    private readonly database: Database,
  ) {}

  /**
   * Puts back what is missing, changed or stuck and removes what was retired by name; what is right is not touched, so it may be called at
   * any time by any number of workers. Keys that this release does not know stay: during a rollout they are another release's. BullMQ on PostgreSQL makes duplicates and deadlocks when schedulers are written in
   * parallel, hence the advisory lock. Throws `QueueUnavailableError` or `DatabaseUnavailableError`.
   */
  ensure(entries: readonly ScheduleEntry[], retired: readonly string[] = []): Promise<EnsureReport> {
    const isElsewhere = (key: string, queue: string): boolean => entries.some((entry) => entry.key === key && entry.queue !== queue);
    return this.database.transaction(async (tx) => {
      const [lock] = await tx.query<{ ours: boolean }>(`select pg_try_advisory_xact_lock(${ADVISORY_LOCKS.schedules}) as ours`);
      if (!lock?.ours) return { ours: false, restored: [], removed: [] };
      const restored: string[] = [];
      const removed: string[] = [];
      for (const name of QUEUE_NAMES) {
        const queue = this.clients.queue(name);
        const known = await withTimeout(queue.getJobSchedulers(0, -1, true));
        const wanted = entries.filter((entry) => entry.queue === name);
        for (const { key } of known.filter((scheduler) => retired.includes(scheduler.key) || isElsewhere(scheduler.key, name))) {
          await withTimeout(queue.removeJobScheduler(key));
          removed.push(key);
        }
        for (const entry of wanted) {
          const scheduler = known.find(({ key }) => key === entry.key);
          if (scheduler && (await isRight(queue, scheduler, entry))) continue;
          if (await lay(queue, entry)) restored.push(entry.key);
        }
      }
      return { ours: true, restored, removed };
    });
  }
}

/** The definition is the same, the next tick is not too far away, and there is a job for it. */
async function isRight(queue: JobQueue, scheduler: JobSchedulerJson, entry: ScheduleEntry): Promise<boolean> {
  const repeat = repeatOf(entry);
  const same =
    scheduler.name === entry.job &&
    scheduler.pattern === repeat.pattern &&
    scheduler.every === repeat.every &&
    canonicalJson((scheduler.template?.data ?? {}) as Json) === canonicalJson({ ...entry.data });
  const latest = (entry.cron === undefined ? Date.now() + entry.everyMs : (getNextMillis(Date.now(), repeat) ?? 0)) + TOLERANCE_MS;
  if (!same || scheduler.next === undefined || scheduler.next > latest) return false;
  const job = await withTimeout(queue.getJob(tickId(entry.key, scheduler.next)));
  return job !== undefined && !isFinished(job);
}

/**
 * False: the job of the next tick was begun early, by a person on the board or by a clock, and is not done: nobody may take it from whoever has it.
 * One that is done is in the way of its slot. BullMQ on PostgreSQL does not remove it, but writes it anew together with the one that follows; where
 * there is none that follows it refuses, and the schedule goes on when the slot has passed.
 */
async function lay(queue: JobQueue, entry: ScheduleEntry): Promise<boolean> {
  const repeat = repeatOf(entry);
  const next = entry.cron === undefined ? undefined : getNextMillis(Date.now(), repeat);
  const early = next === undefined ? undefined : await withTimeout(queue.getJob(tickId(entry.key, next)));
  if (early && hasBegun(early)) {
    if (!isFinished(early)) return false;
    await withTimeout(early.remove().catch(() => undefined));
  }
  const laid = queue.upsertJobScheduler(entry.key, repeat, { name: entry.job, data: entry.data, opts: JOB_OPTIONS });
  return withTimeout(
    laid.then(
      () => true,
      (error: { code?: unknown }) => {
        if (error.code === ErrorCode.SchedulerJobIdCollision) return false;
        throw error;
      },
    ),
  );
}

/** How BullMQ names the job of one tick. */
const tickId = (key: string, atMs: number): string => `repeat:${key}:${atMs}`;

const hasBegun = (job: { processedOn?: number }): boolean => job.processedOn !== undefined;

const isFinished = (job: { finishedOn?: number }): boolean => job.finishedOn !== undefined;

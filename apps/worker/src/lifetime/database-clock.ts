import { Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import { setTimeout as sleep } from 'node:timers/promises';
import { Database } from '#libs/database';
import { PeriodicTask } from '#libs/runtime';

const READ_EVERY_MS = 10_000;
const FIRST_READ_RETRY_MS = 500;
/** The error of a reading is at most half of the time that the query took, so slower readings are not used. */
const SLOWEST_ANSWER_MS = 500;
/** From this difference on an operator should set the machine's clock. */
const SKEW_WORTH_LOGGING_MS = 2_000;

/**
 * Replaces `Date.now` in this process by the database's time. BullMQ writes its worker's `Date.now()` into locks, delays and schedules
 * that all workers share, and accepts no other clock. With one worker an hour ahead, running jobs were taken from living workers, and
 * jobs of dead workers were not searched for an hour (docs/decisions/0022). Between two readings the time follows the monotonic clock,
 * so that steps of the machine's clock do not matter either.
 */
@Injectable()
export class DatabaseClock implements OnApplicationShutdown {
  private readonly log = new Logger('Clock');
  private readonly machineNow = Date.now;
  private task: PeriodicTask | undefined;

  constructor(private readonly database: Database) {}

  /** Resolves once the database's time is known, and keeps it up to date from then on. Rejects when aborted. */
  async follow(signal: AbortSignal): Promise<void> {
    while (!(await this.read(Infinity, signal))) await sleep(FIRST_READ_RETRY_MS, undefined, { signal });
    signal.throwIfAborted();
    this.task = PeriodicTask.start({
      name: 'clock_read',
      context: 'Clock',
      everyMs: READ_EVERY_MS,
      run: async (stopped) => void (await this.read(SLOWEST_ANSWER_MS, stopped)),
    });
  }

  onApplicationShutdown(): void {
    void this.task?.stop(); // a reading that still waits for the database replaces nothing any more
    Date.now = this.machineNow;
  }

  /** False when the database did not answer, or took longer than `slowestMs`. */
  private async read(slowestMs: number, signal: AbortSignal): Promise<boolean> {
    const askedMs = performance.now();
    const databaseMs = await this.database.clockMs().catch(() => undefined);
    const tookMs = performance.now() - askedMs;
    if (databaseMs === undefined || tookMs > slowestMs || signal.aborted) return false;
    const aheadMs = Math.round(this.machineNow() - databaseMs - tookMs / 2);
    if (this.task === undefined && Math.abs(aheadMs) > SKEW_WORTH_LOGGING_MS) {
      this.log.warn({ event: 'clock_skew_detected', ahead_ms: aheadMs });
    }
    const originMs = databaseMs - askedMs - tookMs / 2;
    Date.now = () => Math.round(originMs + performance.now());
    return true;
  }
}

import { Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import { setTimeout as sleep } from 'node:timers/promises';
import { Database } from '#libs/database';

const LOOK_EVERY_MS = 10_000;
const FIRST_LOOK_AGAIN_MS = 500;
/** A slower answer says too little about the time: it is wrong by half as much at most. */
const SLOWEST_ANSWER_MS = 500;
/** From here on an operator should set the machine's clock. */
const WORTH_TELLING_MS = 2_000;

/**
 * What `Date.now()` says in this process: the database's time. BullMQ writes its worker's `Date.now()` into locks, delays and schedules that all
 * workers share, and cannot be given another clock; with one worker an hour ahead running jobs were taken from those who had them, and after
 * its death nobody looked for the jobs of dead workers for an hour (decision 0022). Between two looks the time goes on by the
 * monotonic clock, so that steps of the machine's clock do not matter either.
 */
@Injectable()
export class DatabaseClock implements OnApplicationShutdown {
  private readonly log = new Logger('Clock');
  private readonly ownNow = Date.now;
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly database: Database) {}

  /** Resolves once the time is known; then it is kept. Rejects when aborted. */
  async follow(signal: AbortSignal): Promise<void> {
    while (!(await this.look(Infinity))) await sleep(FIRST_LOOK_AGAIN_MS, undefined, { signal });
    signal.throwIfAborted();
    this.timer = setInterval(() => void this.look(SLOWEST_ANSWER_MS), LOOK_EVERY_MS);
  }

  onApplicationShutdown(): void {
    clearInterval(this.timer);
    Date.now = this.ownNow;
  }

  /** False when there was no answer, or none that says enough. */
  private async look(slowestMs: number): Promise<boolean> {
    const askedMs = performance.now();
    const [clock] = await this.database
      .query<{ ms: number }>('select extract(epoch from clock_timestamp())::float8 * 1000 as ms')
      .catch(() => []);
    const tookMs = performance.now() - askedMs;
    if (!clock || tookMs > slowestMs) return false;
    const aheadMs = Math.round(this.ownNow() - clock.ms - tookMs / 2);
    if (this.timer === undefined && Math.abs(aheadMs) > WORTH_TELLING_MS) this.log.warn({ event: 'clock_off', ahead_ms: aheadMs });
    const originMs = clock.ms - askedMs - tookMs / 2;
    Date.now = () => Math.round(originMs + performance.now());
    return true;
  }
}

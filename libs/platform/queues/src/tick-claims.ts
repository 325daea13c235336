import { Database } from '#libs/database';
import { Injectable } from '@nestjs/common';
import { getNextMillis } from 'bullmq';
import { DatabaseError } from 'pg';

/** When a schedule ticks: a cron pattern in UTC, or a period. */
export type Timing = { readonly cron: string; readonly everyMs?: undefined } | { readonly everyMs: number; readonly cron?: undefined };

/** The table does not exist or is not yet granted: `migrate` prepares the queues after the schema that workers wait for. */
const NOT_PREPARED = new Set(['42P01', '42501']);

/** The difference between workers' clocks up to which two claims count as the same tick. */
const TOLERANCE_MS = 1_000;

/** The moment, by the database's clock, from which the next tick of a schedule may be claimed. */
export function nextClaimMs(timing: Timing, nowMs: number): number {
  if (timing.everyMs !== undefined) return nowMs + timing.everyMs / 2;
  const slotAfter = (ms: number) => getNextMillis(ms, { pattern: timing.cron, tz: 'UTC' }) ?? ms;
  const following = slotAfter(slotAfter(nowMs));
  const tolerance = Math.min(TOLERANCE_MS, (following - slotAfter(nowMs)) / 4);
  return slotAfter(nowMs + tolerance) - tolerance;
}

/**
 * Runs each tick of a schedule once, independent of the workers' clocks. BullMQ schedules and starts delayed jobs by the clocks of its
 * workers; a clock that is an hour fast would run a day's ticks in a burst. So each tick is claimed first, by the database's clock. [OPS-7]
 */
@Injectable()
export class TickClaims {
  constructor(private readonly database: Database) {}

  /** False when this tick, or the tick that its job was scheduled for, has already run, and until `migrate` has prepared the queues. */
  async claim(key: string, timing: Timing): Promise<boolean> {
    const notBefore = nextClaimMs(timing, Math.floor(await this.database.clockMs()));
    try {
      return (await this.database.query(CLAIM_TICK, [key, notBefore])).length > 0;
    } catch (error) {
      if (error instanceof DatabaseError && NOT_PREPARED.has(error.code ?? '')) return false;
      throw error;
    }
  }
}

/** Fenced: the claim is a lease that one of several workers gets. $1 key, $2 start of the next claim in ms. */
const CLAIM_TICK = `
insert into bullmq.schedule_tick as tick (key, not_before) values ($1, to_timestamp($2::float8 / 1000))
on conflict (key) do update set not_before = excluded.not_before where tick.not_before <= clock_timestamp()
returning key`;

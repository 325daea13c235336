import { Database } from '#libs/database';
import { Injectable } from '@nestjs/common';
import { getNextMillis } from 'bullmq';
import type { Timing } from './schedule-entry';

/** Workers' clocks may differ by this much before a tick counts as another one. */
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
 * One tick of a schedule runs once, whatever the workers' clocks say (OPS-7). BullMQ lays out and wakes delayed jobs by the clocks of its
 * workers; one that is an hour fast would run a day's ticks in a burst. So each tick is claimed here first, by the database's clock.
 */
@Injectable()
export class TickClaims {
  constructor(private readonly database: Database) {}

  /** False: this tick, or the one it was laid out for, has run already. */
  async claim(key: string, timing: Timing): Promise<boolean> {
    const [clock] = await this.database.query<{ now_ms: string }>('select floor(extract(epoch from clock_timestamp()) * 1000) as now_ms');
    const notBefore = nextClaimMs(timing, Number(clock?.now_ms));
    const claimed = await this.database.query(
      `insert into bullmq.schedule_tick as tick (key, not_before) values ($1, to_timestamp($2::float8 / 1000))
       on conflict (key) do update set not_before = excluded.not_before where tick.not_before <= clock_timestamp()
       returning key`,
      [key, notBefore],
    );
    return claimed.length > 0;
  }
}

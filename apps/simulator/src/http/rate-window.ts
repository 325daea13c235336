import type { Limits } from '../world/state';

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;

/** Whether a request is allowed, with the values of the `ratelimit-*` headers. */
interface RateDecision {
  allowed: boolean;
  limit: number;
  /** Requests left in the hour; 0 when refused. */
  remaining: number;
  /** When the *oldest* request leaves the hour window, in Unix seconds: sleeping until then frees one request, not the whole quota. */
  resetSeconds: number;
  /** Set only when the minute limit is exceeded: the real API sends no retry-after for the hour limit. */
  retryAfterSeconds?: number;
}

/** The sliding minute and hour windows of one token. Refused requests do not count. */
export class RateWindow {
  private times: number[] = [];
  private hourStart = 0;
  private minuteStart = 0;

  admit(nowMs: number, limits: Limits): RateDecision {
    this.slide(nowMs);
    const inHour = this.times.length - this.hourStart;
    const inMinute = this.times.length - this.minuteStart;
    const burst = inMinute >= limits.per_minute;
    const allowed = !burst && inHour < limits.per_hour;
    if (allowed) this.times.push(nowMs);
    const oldest = this.times[this.hourStart] ?? nowMs;
    return {
      allowed,
      limit: limits.per_hour,
      remaining: allowed ? limits.per_hour - inHour - 1 : 0,
      resetSeconds: Math.ceil((oldest + HOUR_MS) / 1000),
      ...(burst && { retryAfterSeconds: Math.max(1, Math.ceil(((this.times[this.minuteStart] ?? nowMs) + MINUTE_MS - nowMs) / 1000)) }),
    };
  }

  private slide(nowMs: number): void {
    while ((this.times[this.hourStart] ?? Infinity) <= nowMs - HOUR_MS) this.hourStart += 1;
    this.minuteStart = Math.max(this.minuteStart, this.hourStart);
    while ((this.times[this.minuteStart] ?? Infinity) <= nowMs - MINUTE_MS) this.minuteStart += 1;
    if (this.hourStart < 10_000) return;
    this.times = this.times.slice(this.hourStart);
    this.minuteStart -= this.hourStart;
    this.hourStart = 0;
  }
}

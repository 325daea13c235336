import type { Config } from '#libs/config';
import type { Queryable } from '#libs/database';
import type { EndedCall } from './call-outcome';

/** Why fewer calls were granted than asked for. */
export type Refusal = 'rejected' | 'blocked' | 'open' | 'recovering' | 'budget';

export interface Grant {
  readonly ids: readonly string[];
  readonly refusal: Refusal | null;
  /** When asking again makes sense. */
  readonly waitMs: number;
  /** What the answers that came along changed for all processes: `token_rejected`, `breaker_opened`, … */
  readonly changes: readonly string[];
}

type Limits = Pick<Config['provider'], 'ratePerMinute' | 'ratePerHour' | 'minuteWindowMs' | 'hourWindowMs' | 'accountCheckMs'>;

/** A rejected token is tried again at most this often. */
const LEAST_RECHECK_MS = 1_000;

/** The two functions of the database that decide about calls (migration 1003), one round trip each. */
export class RateLimitStore {
  constructor(
    private readonly database: Queryable,
    private readonly limits: Limits,
  ) {}

  /** Asks for one call per time limit; answers given along are noted first. */
  async acquire(fingerprint: string, provisioning: boolean, holdsMs: readonly number[], ended: readonly EndedCall[]): Promise<Grant> {
    const { ratePerMinute, ratePerHour, minuteWindowMs, hourWindowMs, accountCheckMs } = this.limits;
    const [row] = await this.database.prepared<{ granted: string[]; refusal: Refusal | null; wait_ms: number; changes: string[] }>(
      'provider_acquire',
      'select granted::text[], refusal, wait_ms, changes from provider_acquire($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)',
      [
        fingerprint,
        provisioning,
        holdsMs,
        ratePerMinute,
        ratePerHour,
        minuteWindowMs,
        hourWindowMs,
        Math.max(accountCheckMs, LEAST_RECHECK_MS),
        ...columns(ended),
      ],
    );
    if (!row) throw new Error('provider_acquire answered no row');
    return { ids: row.granted, refusal: row.refusal, waitMs: row.wait_ms, changes: row.changes };
  }

  /** Notes how calls ended; answers what that changed for all processes. A repetition changes nothing. */
  async report(fingerprint: string, ended: readonly EndedCall[]): Promise<readonly string[]> {
    const [row] = await this.database.prepared<{ changes: string[] }>(
      'provider_report',
      'select provider_report($1, $2, $3, $4, $5, $6) as changes',
      [fingerprint, ...columns(ended), this.limits.minuteWindowMs],
    );
    return row?.changes ?? [];
  }
}

/** Ages instead of times: the clock of this process may be wrong, but it counts evenly (OPS-7). */
function columns(ended: readonly EndedCall[]): unknown[] {
  const nowMs = performance.now();
  return [
    ended.map((call) => call.id),
    ended.map((call) => nowMs - call.endedAtMs),
    ended.map((call) => call.outcome),
    ended.map((call) => call.waitMs),
  ];
}

import { Database } from '#libs/database';

/** The value that a poll returned, and the time since the provider was asked for it. */
export interface PollResult<T> {
  readonly value: T;
  readonly ageMs: number;
}

/** A poll that has not ended within this time counts as failed, and another caller may start one. */
const POLL_LIMIT_MS = 30_000;

interface ClaimRow {
  readonly seen: unknown;
  readonly age_ms: number | null;
  readonly mine: boolean;
}

/**
 * One poll of the provider, shared by all sagas on all workers. The caller that finds the stored result too old refreshes it in
 * `provider_looks`; concurrent callers get the stored result and never block.
 */
export class SharedPoll<T> {
  private pending: Promise<PollResult<T> | undefined> | undefined;

  constructor(
    private readonly database: Database,
    private readonly everyMs: number,
    private readonly name: string,
    private readonly poll: () => Promise<T>,
  ) {}

  /** Undefined when no poll has ended yet. Rejects with the error of the poll when this process made it. */
  latest(): Promise<PollResult<T> | undefined> {
    this.pending ??= this.pollIfDue().finally(() => (this.pending = undefined));
    return this.pending;
  }

  private async pollIfDue(): Promise<PollResult<T> | undefined> {
    const [row] = await this.database.prepared<ClaimRow>('claim_provider_poll', CLAIM_POLL, [this.name, this.everyMs, POLL_LIMIT_MS]);
    if (!row?.mine) return row && row.age_ms !== null ? { value: row.seen as T, ageMs: row.age_ms } : undefined;
    const startedMs = performance.now();
    try {
      const value = await this.poll();
      const ageMs = performance.now() - startedMs;
      await this.database.query(STORE_RESULT, [this.name, JSON.stringify(value), ageMs]);
      return { value, ageMs };
    } catch (error) {
      await this.database.query('update provider_looks set looking_until = null where name = $1', [this.name]);
      throw error;
    }
  }
}

/** Returns the stored result, and whether the caller has to make the next poll. $1 name, $2 period ms, $3 limit of a poll ms. */
const CLAIM_POLL = `
with claimed as (
  insert into provider_looks as l (name, looking_until) values ($1, clock_timestamp() + $3 * interval '1 millisecond')
  on conflict (name) do update set looking_until = excluded.looking_until
   where (l.looking_until is null or l.looking_until <= clock_timestamp())
     and (l.asked_at is null or l.asked_at <= clock_timestamp() - $2 * interval '1 millisecond')
  returning name)
select l.seen, extract(epoch from clock_timestamp() - l.asked_at)::float8 * 1000 as age_ms, exists (select 1 from claimed) as mine
  from (select 1) one left join provider_looks l on l.name = $1`;

/** $1 name, $2 result, $3 ms since the provider was asked. */
const STORE_RESULT = `
update provider_looks set seen = $2::jsonb, asked_at = clock_timestamp() - $3 * interval '1 millisecond', looking_until = null where name = $1`;

import { Database } from '#libs/database';
import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import type { Repository } from 'typeorm';
import { ProviderPollResult } from '../entities/provider-poll-result.entity';

/** The value that a poll returned, and the time since the provider was asked for it. */
export interface PollResult<T> {
  readonly value: T;
  readonly ageMs: number;
}

/** A poll with a name that is the same in all processes. */
export interface PollDefinition<T> {
  readonly name: string;
  readonly everyMs: number;
  readonly poll: () => Promise<T>;
}

/** A poll that has not ended within this time counts as failed, and another caller may start one. */
const POLL_LIMIT_MS = 30_000;

interface ClaimRow {
  readonly seen: unknown;
  readonly age_ms: number | null;
  /** The end of the claim, which its owner got: what it writes is refused after another claim. Null for any other caller. */
  readonly claim: string | null;
}

/** A claim that another caller has taken over has another end. */
const OWN_CLAIM = 'name = :name and looking_until = cast(:claim as timestamptz)';

/** The only writer of `provider_poll_results`. */
@Injectable()
export class SharedPolls {
  constructor(
    private readonly database: Database,
    @InjectRepository(ProviderPollResult) private readonly results: Repository<ProviderPollResult>,
  ) {}

  define<T>(definition: PollDefinition<T>): SharedPoll<T> {
    return new SharedPoll(this, definition);
  }

  async claim(name: string, everyMs: number): Promise<ClaimRow | undefined> {
    const [row] = await this.database.prepared<ClaimRow>('claim_provider_poll', CLAIM_POLL, [name, everyMs, POLL_LIMIT_MS]);
    return row;
  }

  /** Stores a result and ends the claim. Writes nothing when the claim has ended and another caller has the poll. */
  async store(name: string, claim: string, { value, ageMs }: PollResult<unknown>): Promise<void> {
    await this.results
      .createQueryBuilder()
      .update()
      .set({
        seen: () => 'cast(:seen as jsonb)',
        askedAt: () => `clock_timestamp() - :age * interval '1 millisecond'`,
        lookingUntil: null,
      })
      .where(OWN_CLAIM, { name, claim })
      .setParameters({ seen: JSON.stringify(value), age: ageMs })
      .execute();
  }

  /** Ends the claim of a poll that failed, and no claim of another caller. */
  async giveUp(name: string, claim: string): Promise<void> {
    await this.results.createQueryBuilder().update().set({ lookingUntil: null }).where(OWN_CLAIM, { name, claim }).execute();
  }
}

/**
 * One poll of the provider, shared by all sagas on all workers. The caller that finds the stored result too old refreshes it; concurrent
 * callers get the stored result and never block.
 */
export class SharedPoll<T> {
  private pending: Promise<PollResult<T> | undefined> | undefined;

  constructor(
    private readonly polls: SharedPolls,
    private readonly definition: PollDefinition<T>,
  ) {}

  /** Undefined when no poll has ended yet. Rejects with the error of the poll when this process made it. */
  latest(): Promise<PollResult<T> | undefined> {
    this.pending ??= this.pollIfDue().finally(() => (this.pending = undefined));
    return this.pending;
  }

  private async pollIfDue(): Promise<PollResult<T> | undefined> {
    const { name, everyMs, poll } = this.definition;
    const row = await this.polls.claim(name, everyMs);
    if (!row?.claim) return row && row.age_ms !== null ? { value: row.seen as T, ageMs: row.age_ms } : undefined;
    const startedMs = performance.now();
    try {
      const value = await poll();
      const result = { value, ageMs: performance.now() - startedMs };
      await this.polls.store(name, row.claim, result);
      return result;
    } catch (error) {
      await this.polls.giveUp(name, row.claim);
      throw error;
    }
  }
}

/**
 * Returns the stored result, and the claim of a caller that has to make the next poll. $1 name, $2 period ms, $3 limit of a poll ms.
 * Fenced: the claim is a lease that one caller at a time gets.
 */
const CLAIM_POLL = `
with claimed as (
  insert into provider_poll_results as l (name, looking_until) values ($1, clock_timestamp() + $3 * interval '1 millisecond')
  on conflict (name) do update set looking_until = excluded.looking_until
   where (l.looking_until is null or l.looking_until <= clock_timestamp())
     and (l.asked_at is null or l.asked_at <= clock_timestamp() - $2 * interval '1 millisecond')
  returning looking_until)
select l.seen, extract(epoch from clock_timestamp() - l.asked_at)::float8 * 1000 as age_ms, (select looking_until::text from claimed) as claim
  from (select 1) one left join provider_poll_results l on l.name = $1`;

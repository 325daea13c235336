import { Database } from '#libs/database';
import { passesByItself } from '#libs/digitalocean';
import { DomainError, errorFields } from '#libs/kernel';
import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Raw, type Repository } from 'typeorm';
import { BillingRead, type BillingReadName } from './entities/billing-read.entity';
import { ReadPostponedError } from './provider-billing.errors';

/** The pause after an outage: the reading follows soon after the provider is back, and the client's breaker keeps the calls few. */
const AFTER_OUTAGE = `interval '30 seconds'`;
/** The pause after a failure that does not pass by itself: a minute at first, then twice as long each time, an hour at most. */
const AFTER_FAILURE = `least(interval '1 hour', interval '1 minute' * 2 ^ least(r.failures, 6))`;

/** Decides when a failed reading of billing data is attempted again. The only writer of `cloud_billing_reads`. */
@Injectable()
export class BillingReads {
  constructor(
    private readonly database: Database,
    @InjectRepository(BillingRead) private readonly reads: Repository<BillingRead>,
  ) {}

  /** Runs the reading. Throws `ReadPostponedError` for an expected failure, with the time of the next attempt. */
  async run<T>(name: BillingReadName, read: () => Promise<T>): Promise<T> {
    try {
      const result = await read();
      await this.reads.delete({ name });
      return result;
    } catch (error) {
      if (!(error instanceof DomainError)) throw error;
      const { code, detail } = errorFields(error);
      const [row] = await this.database.query<{ failures: number; next: Date }>(RECORD_FAILURE, [
        name,
        { code, detail },
        passesByItself(error),
      ]);
      throw row ? new ReadPostponedError(error, row.failures, row.next) : error;
    }
  }

  /** `none`: the last reading succeeded, or there was none yet. `due`: it failed, and its pause is over. */
  async failure(name: BillingReadName): Promise<'none' | 'paused' | 'due'> {
    if (!(await this.reads.existsBy({ name }))) return 'none';
    return (await this.reads.existsBy({ name, nextAttemptAt: Raw((at) => `${at} <= clock_timestamp()`) })) ? 'due' : 'paused';
  }
}

/** Fenced: of two workers that fail at the same time, the second one counts on. $3 the failure passes by itself. */
const RECORD_FAILURE = `
insert into cloud_billing_reads as r (name, failures, failure, failed_at, next_attempt_at)
values ($1, 1, $2, clock_timestamp(), clock_timestamp() + case when $3::boolean then ${AFTER_OUTAGE} else interval '1 minute' end)
on conflict (name) do update
   set failures = r.failures + 1, failure = excluded.failure, failed_at = excluded.failed_at,
       next_attempt_at = clock_timestamp() + case when $3::boolean then ${AFTER_OUTAGE} else ${AFTER_FAILURE} end
returning failures, next_attempt_at as next`;

import type { Config } from '#libs/config';
import type { Queryable } from '#libs/database';
import { Logger } from '@nestjs/common';
import { RateLimitStore } from './budget-store';
import { RateLimitReporter } from './call-reports';
import { PermitQueue } from './lane';
import type { Permit, PermitRequest, PendingAcquire } from './waiter';

/** What this process holds for one token. */
interface TokenDesk {
  readonly reports: RateLimitReporter;
  readonly provisioning: PermitQueue;
  readonly others: PermitQueue;
}

/**
 * Hands out permits for provider calls, within the allowance that all processes share (OPS-1) and as far as the shared
 * circuit breaker lets them (OPS-2). All state is in the database; a process that dies leaves nothing behind but calls that
 * hold their slots until they can no longer be under way.
 */
export class RateLimiter {
  private readonly log = new Logger('digitalocean');
  private readonly store: RateLimitStore;
  private readonly desks = new Map<string, TokenDesk>();

  constructor(database: Queryable, limits: Config['provider']) {
    this.store = new RateLimitStore(database, limits);
  }

  /**
   * Waits for a free slot. Throws `ProviderBudgetExhaustedError` or `RateLimitedByProviderError` when none can be had in time,
   * `TokenRejectedError` and `ProviderUnavailableError` at once while the token is rejected or the breaker open,
   * the database's error when it cannot be asked, and the signal's reason when aborted.
   */
  acquire(request: PermitRequest): Promise<Permit> {
    const desk = this.desk(request.fingerprint);
    const lane = request.provisioning ? desk.provisioning : desk.others;
    return new Promise((resolve, reject) => {
      const { signal } = request;
      if (signal?.aborted) return reject(reasonOf(signal));
      const abort = () => {
        lane.leave(waiter);
        if (signal) reject(reasonOf(signal));
      };
      const waiter: PendingAcquire = {
        request,
        untilMs: performance.now() + request.maxWaitMs,
        grant: (permit) => {
          signal?.removeEventListener('abort', abort);
          resolve(permit);
        },
        refuse: (error) => {
          signal?.removeEventListener('abort', abort);
          reject(error instanceof Error ? error : new Error('refused'));
        },
      };
      signal?.addEventListener('abort', abort, { once: true });
      lane.join(waiter);
    });
  }

  /** Reports everything that has ended, e.g. before the process ends. */
  async flush(): Promise<void> {
    await Promise.all([...this.desks.values()].map((desk) => desk.reports.flush()));
  }

  private desk(fingerprint: string): TokenDesk {
    const known = this.desks.get(fingerprint);
    if (known) return known;
    const tell = (changes: readonly string[]) => {
      for (const change of changes) this.log.warn({ event: `provider_${change}`, token: fingerprint });
    };
    const reports = new RateLimitReporter(async (ended) => tell(await this.store.report(fingerprint, ended)));
    const made: TokenDesk = {
      reports,
      provisioning: new PermitQueue({ fingerprint, provisioning: true }, this.store, reports, tell),
      others: new PermitQueue({ fingerprint, provisioning: false }, this.store, reports, tell),
    };
    this.desks.set(fingerprint, made);
    return made;
  }
}

function reasonOf(signal: AbortSignal): Error {
  return signal.reason instanceof Error ? signal.reason : new Error('aborted');
}

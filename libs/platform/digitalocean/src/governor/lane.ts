import { ProviderBudgetExhaustedError, ProviderUnavailableError, RateLimitedByProviderError, TokenRejectedError } from '../provider.error';
import type { RateLimitStore, Refusal } from './budget-store';
import { OUTCOMES_TO_REPORT } from './call-outcome';
import type { RateLimitReporter } from './call-reports';
import type { Permit, PendingAcquire } from './waiter';

/** A permitted call must start within this time of asking; it is part of how long an unanswered call holds its slot. */
const START_WITHIN_MS = 2_000;
/** Longest pause between two questions: a breaker may have opened, a token may have been rejected meanwhile. */
const LONGEST_SLEEP_MS = 1_000;
/** Calls asked for at once. */
const LARGEST_BATCH = 64;

/**
 * The callers of one process that wait for calls with one token, first come first served.
 * They share round trips: one question asks for all who wait, and while nothing is free only one of them asks.
 */
export class PermitQueue {
  private readonly waiters: PendingAcquire[] = [];
  private running = false;

  constructor(
    private readonly name: { readonly fingerprint: string; readonly provisioning: boolean },
    private readonly store: RateLimitStore,
    private readonly reports: RateLimitReporter,
    private readonly tell: (changes: readonly string[]) => void,
  ) {}

  join(waiter: PendingAcquire): void {
    this.waiters.push(waiter);
    if (this.running) return;
    this.running = true;
    void this.serve();
  }

  /** True when it was still in line. */
  leave(waiter: PendingAcquire): boolean {
    const place = this.waiters.indexOf(waiter);
    return place >= 0 && this.waiters.splice(place, 1).length > 0;
  }

  private async serve(): Promise<void> {
    await Promise.resolve(); // whoever asks in the same turn shares the first question
    while (this.waiters.length > 0) {
      try {
        const waitMs = await this.ask();
        if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, Math.min(Math.max(waitMs, 1), LONGEST_SLEEP_MS)));
      } catch (error) {
        for (const waiter of this.waiters.splice(0)) waiter.refuse(error);
      }
    }
    this.running = false;
  }

  /** One round trip. Answers how long to wait before the next one. */
  private async ask(): Promise<number> {
    await this.reports.settled();
    const asking = this.waiters.slice(0, LARGEST_BATCH);
    const ended = this.reports.take();
    const startBeforeMs = performance.now() + START_WITHIN_MS;
    const holdsMs = asking.map((waiter) => waiter.request.timeLimitMs + START_WITHIN_MS);
    const grant = await this.store.acquire(this.name.fingerprint, this.name.provisioning, holdsMs, ended).catch((error: unknown) => {
      this.reports.putBack(ended);
      throw error;
    });
    this.tell(grant.changes);
    for (const [place, id] of grant.ids.entries()) {
      const permit = this.permit(id, startBeforeMs);
      const waiter = asking[place];
      if (waiter && this.leave(waiter)) waiter.grant(permit);
      else void permit.ended('unsent'); // its waiter left meanwhile
    }
    return grant.refusal ? this.refuse(grant.refusal, grant.waitMs) : 0;
  }

  private permit(id: string, startBeforeMs: number): Permit {
    return {
      startBeforeMs,
      ended: (outcome, waitMs = 0) => {
        this.reports.add({ id, outcome, endedAtMs: performance.now(), waitMs });
        return OUTCOMES_TO_REPORT.has(outcome) ? this.reports.flush() : Promise.resolve();
      },
    };
  }

  /** Sends away those for whom waiting is pointless or too long. Answers how long the others wait before they ask again. */
  private refuse(refusal: Refusal, waitMs: number): number {
    const nextMs = performance.now() + waitMs;
    for (const waiter of this.waiters.slice()) {
      if (refusal !== 'rejected' && refusal !== 'open' && nextMs <= waiter.untilMs) continue;
      this.leave(waiter);
      waiter.refuse(REFUSALS[refusal](Math.ceil(waitMs)));
    }
    return this.waiters.length > 0 ? waitMs : 0; // nobody left to wait for: whoever comes next asks at once
  }
}

const REFUSALS: Readonly<Record<Refusal, (waitMs: number) => Error>> = {
  rejected: (waitMs) => new TokenRejectedError({}, waitMs),
  blocked: (waitMs) => new RateLimitedByProviderError({}, waitMs),
  open: (waitMs) => new ProviderUnavailableError('the circuit breaker is open', {}, waitMs),
  recovering: (waitMs) => new ProviderUnavailableError('calls are resumed gradually', {}, waitMs),
  budget: (waitMs) => new ProviderBudgetExhaustedError(waitMs),
};

import type { TokenPurpose } from '#libs/config';
import { Injectable, Logger } from '@nestjs/common';
import {
  ProviderBudgetExhaustedError,
  ProviderUnavailableError,
  RateLimitedByProviderError,
  TokenRejectedError,
} from './digitalocean.errors';
import { RateLimitStore, routeLimitOf, type CallOutcome, type EndedCall, type Refusal, type RouteLimit } from './rate-limit.store';

/** How long a caller waits for a free call. A saga returns its worker early; a sync has no other work to do. */
const MAX_WAIT_MS: Readonly<Record<TokenPurpose, number>> = {
  'sync-fast': 60_000,
  'sync-full': 60_000,
  'sync-slow': 60_000,
  billing: 60_000,
  provisioning: 15_000,
};

/** A permitted call must start within this time of the request for its permit. An unanswered call keeps its slot for this time too. */
const START_WITHIN_MS = 2_000;
/** The longest pause between two requests of a queue: meanwhile the breaker may have opened or the token may have been rejected. */
const MAX_SLEEP_MS = 1_000;
/** The number of calls that one round trip requests at most. */
const MAX_BATCH = 64;
/** How long an outcome waits for others before it is reported. Its age is reported too, so waiting costs no allowance. */
const REPORT_DELAY_MS = 100;
/** Outcomes kept while the database is away. An unreported call only keeps its slot a little longer. */
const MAX_UNREPORTED = 10_000;
/** Outcomes that may change the permissions of other processes. They are reported at once. */
const OUTCOMES_TO_REPORT: ReadonlySet<CallOutcome> = new Set<CallOutcome>(['limited', 'rejected', 'failed']);

/** The right to make one call now. Every permit must end exactly once, also when the call fails. */
export interface Permit {
  /** `performance.now()` until which the call may start. A process that was suspended past it must acquire again. */
  readonly startBeforeMs: number;
  /** Resolves at once, or for an outcome in `OUTCOMES_TO_REPORT` when it has been reported. Never rejects. */
  end(outcome: CallOutcome, waitMs?: number): Promise<void>;
}

export interface PermitRequest {
  readonly fingerprint: string;
  readonly purpose: TokenPurpose;
  readonly method: string;
  readonly path: string;
  /** Time limit of the call that will be made. */
  readonly timeLimitMs: number;
  readonly signal?: AbortSignal;
}

/**
 * Grants permits for provider calls within the allowance that all processes share (OPS-1) and within the limits of the shared circuit
 * breaker (OPS-2). All state is in the database. A process that dies leaves only calls that keep their slots until they must have ended.
 */
@Injectable()
export class RateLimiter {
  private readonly log = new Logger('digitalocean');
  private readonly limiters = new Map<string, TokenLimiter>();

  constructor(private readonly store: RateLimitStore) {}

  /**
   * Waits for a free slot. Throws `ProviderBudgetExhaustedError` or `RateLimitedByProviderError` when no slot comes free in time,
   * `TokenRejectedError` and `ProviderUnavailableError` at once while the token is rejected or the breaker open,
   * the database's error when the database is not available, and the signal's reason when the request is aborted.
   */
  acquire(request: PermitRequest): Promise<Permit> {
    const queue = this.limiterOf(request.fingerprint).queueOf(request);
    return new Promise((resolve, reject) => {
      const { signal } = request;
      if (signal?.aborted) return reject(reasonOf(signal));
      const abort = () => {
        queue.removeCaller(pending);
        if (signal) reject(reasonOf(signal));
      };
      const pending: PendingAcquire = {
        request,
        untilMs: performance.now() + MAX_WAIT_MS[request.purpose],
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
      queue.addCaller(pending);
    });
  }

  /** Reports all outcomes that are still unreported, e.g. before the process ends. */
  async flushReports(): Promise<void> {
    await Promise.all([...this.limiters.values()].map(({ reporter }) => reporter.flush()));
  }

  private limiterOf(fingerprint: string): TokenLimiter {
    const known = this.limiters.get(fingerprint);
    if (known) return known;
    const logChanges = (changes: readonly string[]) => {
      for (const change of changes) this.log.warn({ event: `provider_${change}`, token: fingerprint });
    };
    const reporter = new RateLimitReporter(async (ended) => logChanges(await this.store.report(fingerprint, ended)));
    const queues = new Map<string, PermitQueue>();
    const queueOf = ({ purpose, method, path }: PermitRequest) => {
      const provisioning = purpose === 'provisioning';
      const limit = routeLimitOf(method, path);
      const key = `${provisioning} ${limit?.name ?? ''}`;
      const queue = queues.get(key) ?? new PermitQueue({ fingerprint, provisioning, limit }, this.store, reporter, logChanges);
      queues.set(key, queue);
      return queue;
    };
    const limiter: TokenLimiter = { reporter, queueOf };
    this.limiters.set(fingerprint, limiter);
    return limiter;
  }
}

/** The state of one token in this process. */
interface TokenLimiter {
  readonly reporter: RateLimitReporter;
  /** Calls that the provider limits more tightly wait in a queue of their own, so that no other call waits behind them. */
  queueOf(request: PermitRequest): PermitQueue;
}

/** One caller that waits for a permit. */
interface PendingAcquire {
  readonly request: PermitRequest;
  /** `performance.now()` at which the caller stops waiting. */
  readonly untilMs: number;
  readonly grant: (permit: Permit) => void;
  readonly refuse: (reason: unknown) => void;
}

/**
 * The callers of one process that wait for calls with one token under the same limits, first come first served. They share round trips: one request to the
 * database asks for all waiting callers, and only one request is under way at a time.
 */
class PermitQueue {
  private readonly callers: PendingAcquire[] = [];
  private running = false;

  constructor(
    private readonly name: { readonly fingerprint: string; readonly provisioning: boolean; readonly limit?: RouteLimit },
    private readonly store: RateLimitStore,
    private readonly reporter: RateLimitReporter,
    private readonly logChanges: (changes: readonly string[]) => void,
  ) {}

  addCaller(caller: PendingAcquire): void {
    this.callers.push(caller);
    if (this.running) return;
    this.running = true;
    void this.serve();
  }

  /** True when the caller was still waiting. */
  removeCaller(caller: PendingAcquire): boolean {
    const place = this.callers.indexOf(caller);
    return place >= 0 && this.callers.splice(place, 1).length > 0;
  }

  private async serve(): Promise<void> {
    await Promise.resolve(); // callers of the same turn of the event loop share the first round trip
    while (this.callers.length > 0) {
      try {
        const waitMs = await this.acquireBatch();
        if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, Math.min(Math.max(waitMs, 1), MAX_SLEEP_MS)));
      } catch (error) {
        for (const caller of this.callers.splice(0)) caller.refuse(error);
      }
    }
    this.running = false;
  }

  /** Makes one round trip. Returns how long to wait before the next one. */
  private async acquireBatch(): Promise<number> {
    await this.reporter.settled();
    const batch = this.callers.slice(0, MAX_BATCH);
    const ended = this.reporter.takeUnreported();
    const startBeforeMs = performance.now() + START_WITHIN_MS;
    const holdsMs = batch.map((caller) => caller.request.timeLimitMs + START_WITHIN_MS);
    const { fingerprint, provisioning, limit } = this.name;
    const grant = await this.store.acquire(fingerprint, provisioning, holdsMs, ended, limit).catch((error: unknown) => {
      this.reporter.putBack(ended);
      throw error;
    });
    this.logChanges(grant.changes);
    for (const [place, id] of grant.ids.entries()) {
      const permit = this.permit(id, startBeforeMs);
      const caller = batch[place];
      if (caller && this.removeCaller(caller)) caller.grant(permit);
      else void permit.end('unsent'); // its caller aborted meanwhile
    }
    return grant.refusal ? this.refuse(grant.refusal, grant.waitMs) : 0;
  }

  private permit(id: string, startBeforeMs: number): Permit {
    return {
      startBeforeMs,
      end: (outcome, waitMs = 0) => {
        this.reporter.addCall({ id, outcome, endedAtMs: performance.now(), waitMs });
        return OUTCOMES_TO_REPORT.has(outcome) ? this.reporter.flush() : Promise.resolve();
      },
    };
  }

  /** Refuses the callers for which waiting is pointless or too long. Returns how long the remaining callers wait before the next request. */
  private refuse(refusal: Refusal, waitMs: number): number {
    const nextMs = performance.now() + waitMs;
    for (const caller of this.callers.slice()) {
      if (refusal !== 'rejected' && refusal !== 'open' && nextMs <= caller.untilMs) continue;
      this.removeCaller(caller);
      caller.refuse(REFUSALS[refusal](Math.ceil(waitMs)));
    }
    return this.callers.length > 0 ? waitMs : 0; // without waiting callers the next caller asks the database at once
  }
}

const REFUSALS: Readonly<Record<Refusal, (waitMs: number) => Error>> = {
  rejected: (waitMs) => new TokenRejectedError({}, waitMs),
  blocked: (waitMs) => new RateLimitedByProviderError({}, waitMs),
  open: (waitMs) => new ProviderUnavailableError('the circuit breaker is open', {}, waitMs),
  recovering: (waitMs) => new ProviderUnavailableError('calls are resumed gradually', {}, waitMs),
  budget: (waitMs) => new ProviderBudgetExhaustedError(waitMs),
};

/** Outcomes of one token on their way to the database. They travel with the next request for a permit, or alone after `REPORT_DELAY_MS`. */
class RateLimitReporter {
  private unreported: EndedCall[] = [];
  private timer: NodeJS.Timeout | undefined;
  private underWay: Promise<void> = Promise.resolve();

  constructor(private readonly report: (ended: readonly EndedCall[]) => Promise<void>) {}

  addCall(call: EndedCall): void {
    this.unreported.push(call);
    this.timer ??= setTimeout(() => void this.flush(), REPORT_DELAY_MS).unref();
  }

  /** Removes and returns the outcomes for a request that goes to the database anyway. Return them with `putBack` when it fails. */
  takeUnreported(): EndedCall[] {
    clearTimeout(this.timer);
    this.timer = undefined;
    return this.unreported.splice(0);
  }

  putBack(calls: readonly EndedCall[]): void {
    const kept = [...calls, ...this.unreported].slice(-MAX_UNREPORTED);
    this.unreported = [];
    for (const call of kept) this.addCall(call);
  }

  /** Sends the unreported outcomes and resolves when no report is under way. Never rejects: a failed report is repeated later. */
  flush(): Promise<void> {
    const calls = this.takeUnreported();
    if (calls.length > 0) {
      const sending = this.report(calls).catch(() => this.putBack(calls));
      this.underWay = Promise.all([this.underWay, sending]).then(() => undefined);
    }
    return this.underWay;
  }

  /** Resolves when earlier reports have arrived, so that the next request for permits takes them into account. */
  settled(): Promise<void> {
    return this.underWay;
  }
}

function reasonOf(signal: AbortSignal): Error {
  return signal.reason instanceof Error ? signal.reason : new Error('aborted');
}

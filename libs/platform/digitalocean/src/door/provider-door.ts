import type { Config, TokenPurpose } from '#libs/config';
import type { Queryable } from '#libs/database';
import { RateLimiter } from '../governor/governor';
import type { CallOutcome } from '../governor/call-outcome';
import type { Permit } from '../governor/waiter';
import { ProviderError, ProviderNotConfiguredError, TokenExchangedError, UnknownOutcomeError, type AnswerFacts } from '../provider.error';
import { fingerprintOf } from '../token-fingerprint';
import { recorded } from './call-record';
import { SinkFailure } from './document-body';
import { pauseBeforeRetryMs, sleep } from './read-retry';
import type { Writable } from 'node:stream';
import { requestUrl } from './request-url';
import { Transport, type Exchange, type WireRequest } from './transport';
import { classifyResponse, type ResponseContext } from './verdict';

/** How long a caller may be held while no call is free. Sagas rather give their worker back, syncs have nothing better to do. */
const LONGEST_WAIT_MS: Readonly<Record<TokenPurpose, number>> = {
  'sync-fast': 60_000,
  'sync-full': 60_000,
  'sync-slow': 60_000,
  billing: 60_000,
  provisioning: 15_000,
};

export interface DoorRequest {
  readonly purpose: TokenPurpose;
  /** The call is sent with the token of this fingerprint or not at all: `TokenExchangedError`. */
  readonly fingerprint?: string;
  readonly method: WireRequest['method'];
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

/** A 2xx answer; `body` is parsed JSON, or undefined when there was none. */
export interface DoorAnswer {
  readonly body: unknown;
  readonly facts: AnswerFacts;
  /** `performance.now()` just before the request was sent. */
  readonly requestedAtMs: number;
}

/** Every call to the provider goes through here: permit, exchange, verdict, report; repeated only if it is a read (SAG-19). */
export class DigitalOceanHttpClient {
  private readonly governor: RateLimiter;
  private readonly transport: Transport;

  constructor(
    private readonly config: Config,
    database: Queryable,
  ) {
    this.governor = new RateLimiter(database, config.provider);
    this.transport = new Transport(config.version);
  }

  /** The token of a purpose as it is now; rotation needs no restart. */
  token(purpose: TokenPurpose): string {
    const { token } = this.config.provider;
    if (!token) throw new ProviderNotConfiguredError();
    return token(purpose);
  }

  /** At most three repetitions after 5xx, lost or unreadable answers and 429, `read` included; anything else is final. */
  async read<T>(request: DoorRequest, read: (answer: DoorAnswer) => T): Promise<{ value: T; requestedAtMs: number; calls: number }> {
    const prepared = this.prepared(request);
    return this.repeated(request, async (token, permit, calls) => {
      const answer = await this.exchange(request, { ...prepared, token }, permit);
      return { value: read(answer), requestedAtMs: answer.requestedAtMs, calls };
    });
  }

  /**
   * A read whose answer is a document: each attempt writes all of it into a sink of its own. Nothing can be said of a sink whose attempt failed. A
   * sink that fails ends it with the sink's own error, and is not held against the provider.
   */
  async download(request: DoorRequest, openSink: () => Writable): Promise<void> {
    const prepared = this.prepared(request);
    await this.repeated(request, (token, permit) =>
      recorded(request, async (tell) => {
        try {
          const exchange = await this.transport.download({ ...prepared, token }, openSink);
          await this.settled(exchange, { write: false, document: true, token }, permit, tell);
        } catch (error) {
          if (!(error instanceof SinkFailure)) throw error;
          await permit.ended('accepted');
          throw error.cause;
        }
      }),
    );
  }

  private async repeated<T>(request: DoorRequest, attempt: (token: string, permit: Permit, calls: number) => Promise<T>): Promise<T> {
    for (let calls = 1; ; calls++) {
      const { token, permit } = await this.permitted(request);
      try {
        return await attempt(token, permit, calls);
      } catch (error) {
        request.signal?.throwIfAborted();
        const pauseMs = pauseBeforeRetryMs(error, calls);
        if (pauseMs === undefined) throw error;
        await sleep(pauseMs, request.signal);
      }
    }
  }

  /** Exactly one call, or none when it throws before. A 2xx that cannot be read is an unknown outcome too: its effect has to be looked for. */
  async write<T>(request: DoorRequest, read: (answer: DoorAnswer) => T): Promise<T> {
    const prepared = this.prepared(request);
    const { token, permit } = await this.permitted(request);
    const answer = await this.exchange(request, { ...prepared, token }, permit);
    try {
      return read(answer);
    } catch (error) {
      if (error instanceof ProviderError) throw new UnknownOutcomeError(error.message, answer.facts);
      throw error;
    }
  }

  async flush(): Promise<void> {
    await this.governor.flush();
  }

  close(): void {
    this.transport.close();
  }

  /** Before a permit is asked for: an unusable request must not cost a slot. */
  private prepared({ method, path, query, body, timeoutMs, signal }: DoorRequest): Omit<WireRequest, 'token'> {
    const { url, callTimeoutMs } = this.config.provider;
    const text = body === undefined ? undefined : JSON.stringify(body);
    return { method, url: requestUrl(url, path, query), body: text, timeoutMs: timeoutMs ?? callTimeoutMs, signal };
  }

  private async permitted(request: DoorRequest): Promise<{ token: string; permit: Permit }> {
    const { callTimeoutMs } = this.config.provider;
    for (;;) {
      const token = this.token(request.purpose);
      const fingerprint = fingerprintOf(token);
      if (request.fingerprint !== undefined && request.fingerprint !== fingerprint) throw new TokenExchangedError();
      const permit = await this.governor.acquire({
        fingerprint,
        provisioning: request.purpose === 'provisioning',
        timeLimitMs: request.timeoutMs ?? callTimeoutMs,
        maxWaitMs: LONGEST_WAIT_MS[request.purpose],
        signal: request.signal,
      });
      if (performance.now() < permit.startBeforeMs) return { token, permit };
      void permit.ended('unsent'); // this process was frozen in between: the slot may soon be somebody else's
    }
  }

  private exchange(request: DoorRequest, wire: WireRequest, permit: Permit): Promise<DoorAnswer> {
    return recorded(request, async (tell) => {
      const requestedAtMs = performance.now();
      const exchange = await this.transport.exchange(wire);
      const { body, facts } = await this.settled(exchange, { write: wire.method !== 'GET', token: wire.token }, permit, tell);
      return { body, facts, requestedAtMs };
    });
  }

  private async settled(
    exchange: Exchange,
    about: Pick<ResponseContext, 'write' | 'document' | 'token'>,
    permit: Permit,
    tell: (outcome: CallOutcome) => void,
  ) {
    const defaultPauseMs = this.config.provider.minuteWindowMs / 4;
    const verdict = classifyResponse(exchange, { ...about, nowMs: Date.now(), defaultPauseMs });
    tell(verdict.outcome);
    await permit.ended(verdict.outcome, verdict.waitMs);
    if ('error' in verdict) throw verdict.error;
    return verdict;
  }
}

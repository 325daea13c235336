import { CONFIG, TOKEN_PURPOSES, type Config, type TokenPurpose } from '#libs/config';
import { counter, histogram, inSpan, recordCall } from '#libs/observability';
import { Inject, Injectable } from '@nestjs/common';
import { create, type AxiosInstance } from 'axios';
import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import type { Readable, Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  ProviderError,
  ProviderNotConfiguredError,
  TokenExchangedError,
  UnknownOutcomeError,
  UnusablePathError,
} from './digitalocean.errors';
import { receiveDocument, SinkFailure } from './download';
import { fingerprintOf, type CallOutcome } from './rate-limit.store';
import { RateLimiter, type Permit } from './rate-limiter';
import { classifyResponse, failedExchange, type Exchange, type ProviderResponse } from './response';
import { pauseBeforeRetryMs } from './retry-policy';

/** The largest body that is read: a page of 200 droplets is about 1 MB. [OPS-10] */
const MAX_BODY_BYTES = 64 * 1024 * 1024;

const callsTotal = counter(
  'arcadia_provider_calls_total',
  'Calls to the provider by outcome: refused is a 4xx, failed a 5xx or no usable response',
  ['purpose', 'outcome'],
  TOKEN_PURPOSES.map((purpose) => ({ purpose, outcome: 'limited' })),
);
const callSeconds = histogram(
  'arcadia_provider_call_seconds',
  'Time of one call to the provider, from sending to the last byte',
  ['purpose'],
  [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
);

export interface ProviderRequest {
  readonly purpose: TokenPurpose;
  /** The call is sent only with the token of this fingerprint; with any other current token it throws `TokenExchangedError`. */
  readonly fingerprint?: string;
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

/** A request that is ready to be sent, but for its token. */
interface PreparedRequest extends Pick<ProviderRequest, 'method' | 'path' | 'signal'> {
  readonly url: string;
  /** JSON text. */
  readonly body?: string;
  /** For the whole exchange: connecting, sending and the last byte of the response. */
  readonly timeoutMs: number;
  /** Present for a document: opens the sink that its body is written to. */
  readonly openSink?: () => Writable;
}

/**
 * Makes every call to the provider: acquire a permit, send, classify the response, report its outcome. Only reads are retried. [SAG-19]
 * It owns the one axios instance, and no AxiosError leaves it, because that carries the Authorization header. It follows no redirect and
 * uses no proxy of the environment, so the token reaches only the configured URL. [TEN-8]
 */
@Injectable()
export class DigitalOceanHttpClient {
  private readonly axios: AxiosInstance;
  private readonly readAgents = { httpAgent: new HttpAgent({ keepAlive: true }), httpsAgent: new HttpsAgent({ keepAlive: true }) };
  /** A write gets a new connection: on a kept connection that the server closes at that moment its outcome would be unknown. */
  private readonly writeAgents = { httpAgent: new HttpAgent({ keepAlive: false }), httpsAgent: new HttpsAgent({ keepAlive: false }) };

  constructor(
    @Inject(CONFIG) private readonly config: Config,
    private readonly limiter: RateLimiter,
  ) {
    this.axios = create({
      headers: { common: { Accept: 'application/json', 'User-Agent': `arcadia-cloud/${config.version}` } },
      maxRedirects: 0,
      proxy: false,
      maxContentLength: MAX_BODY_BYTES,
      maxBodyLength: MAX_BODY_BYTES,
      responseType: 'text',
      transformRequest: (body: unknown) => body,
      transformResponse: (body: unknown) => body,
      validateStatus: () => true,
    });
  }

  /** The current token of a purpose; a rotated token needs no restart. */
  token(purpose: TokenPurpose): string {
    const { token } = this.config.provider;
    if (!token) throw new ProviderNotConfiguredError();
    return token(purpose);
  }

  /** A GET. A 5xx, a 429, and a lost or unreadable response are retried at most three times, an error of `parse` included. */
  async read<T>(
    request: ProviderRequest,
    parse: (response: ProviderResponse) => T,
  ): Promise<{ value: T; requestedAtMs: number; calls: number }> {
    return this.request(request, (response, calls) => ({ value: parse(response), requestedAtMs: response.requestedAtMs, calls }));
  }

  /**
   * A GET for a document. Each attempt opens a sink and writes the whole document into it; the sink of a failed attempt may hold any part.
   * An error of the sink is thrown unchanged and does not count as a failure of the provider.
   */
  async download(request: ProviderRequest, openSink: () => Writable): Promise<void> {
    await this.request(request, () => undefined, openSink);
  }

  /** Makes at most one call. A 2xx that cannot be parsed is an unknown outcome too, because its effect may have happened. */
  async write<T>(request: ProviderRequest, parse: (response: ProviderResponse) => T): Promise<T> {
    return this.request(request, (response) => {
      try {
        return parse(response);
      } catch (error) {
        if (error instanceof ProviderError) throw new UnknownOutcomeError(error.message, response.facts);
        throw error;
      }
    });
  }

  async flushReports(): Promise<void> {
    await this.limiter.flushReports();
  }

  closeConnections(): void {
    for (const agent of [...Object.values(this.readAgents), ...Object.values(this.writeAgents)]) agent.destroy();
  }

  private async request<T>(
    request: ProviderRequest,
    handle: (response: ProviderResponse, calls: number) => T,
    openSink?: () => Writable,
  ): Promise<T> {
    const prepared = this.prepare(request, openSink);
    for (let calls = 1; ; calls++) {
      const { token, permit } = await this.acquirePermit(request);
      try {
        return handle(await traceCall(request, (recordOutcome) => this.send(prepared, token, permit, recordOutcome)), calls);
      } catch (error) {
        if (error instanceof ProviderError) error.path ??= request.path;
        if (request.method !== 'GET') throw error;
        request.signal?.throwIfAborted();
        const pauseMs = pauseBeforeRetryMs(error, calls);
        if (pauseMs === undefined) throw error;
        await sleep(pauseMs, undefined, { signal: request.signal });
      }
    }
  }

  /** Runs before a permit is acquired, so that an unusable request costs no slot. */
  private prepare({ method, path, query, body, timeoutMs, signal }: ProviderRequest, openSink?: () => Writable): PreparedRequest {
    const { url, callTimeoutMs } = this.config.provider;
    const text = body === undefined ? undefined : JSON.stringify(body);
    return { method, path, url: requestUrl(url, path, query), body: text, timeoutMs: timeoutMs ?? callTimeoutMs, signal, openSink };
  }

  private async acquirePermit(request: ProviderRequest): Promise<{ token: string; permit: Permit }> {
    const { callTimeoutMs } = this.config.provider;
    for (;;) {
      const token = this.token(request.purpose);
      const fingerprint = fingerprintOf(token);
      if (request.fingerprint !== undefined && request.fingerprint !== fingerprint) throw new TokenExchangedError();
      const permit = await this.limiter.acquire({ ...request, fingerprint, timeLimitMs: request.timeoutMs ?? callTimeoutMs });
      if (performance.now() < permit.startBeforeMs) return { token, permit };
      void permit.end('unsent'); // the process was suspended meanwhile, and the slot may soon be granted to another caller
    }
  }

  /** Makes one call and ends its permit. */
  private async send(
    prepared: PreparedRequest,
    token: string,
    permit: Permit,
    recordOutcome: (outcome: CallOutcome) => void,
  ): Promise<ProviderResponse> {
    const requestedAtMs = performance.now();
    const exchange = await this.exchange(prepared, token).catch(async (error: unknown) => {
      if (!(error instanceof SinkFailure)) throw error;
      await permit.end('accepted');
      throw error.cause;
    });
    recordCall(prepared, requestedAtMs, exchange.kind === 'response' ? exchange : undefined);
    const classified = classifyResponse(exchange, {
      write: prepared.method !== 'GET',
      document: prepared.openSink !== undefined,
      token,
      nowMs: Date.now(),
      defaultPauseMs: this.config.provider.minuteWindowMs / 4,
    });
    recordOutcome(classified.outcome);
    await permit.end(classified.outcome, classified.waitMs);
    if ('error' in classified) throw classified.error;
    return { body: classified.body, facts: classified.facts, requestedAtMs };
  }

  /** Sends one HTTP request. Throws only `SinkFailure`; every other failure is a kind of exchange. */
  private async exchange({ method, url, body, timeoutMs, signal, openSink }: PreparedRequest, token: string): Promise<Exchange> {
    const limit = timeLimit(timeoutMs, signal);
    try {
      const { status, data, headers } = await this.axios.request<unknown>({
        method,
        url,
        headers: {
          Authorization: `Bearer ${token}`,
          ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
          ...(openSink ? { Accept: '*/*' } : {}),
        },
        data: body,
        signal: limit.signal,
        ...(openSink ? { responseType: 'stream', maxContentLength: -1 } : {}),
        ...(method === 'GET' ? this.readAgents : this.writeAgents),
      });
      return {
        kind: 'response',
        status,
        body: openSink ? await receiveDocument(status, data as Readable, openSink, limit.signal) : typeof data === 'string' ? data : '',
        requestId: headers['x-request-id'],
        retryAfter: headers['retry-after'],
      };
    } catch (error) {
      if (error instanceof SinkFailure) throw error;
      if (signal?.aborted) return { kind: 'abandoned' };
      if (limit.isOver()) return { kind: 'lost', reason: 'time limit', sent: true };
      return failedExchange(error);
    } finally {
      limit.end();
    }
  }
}

/**
 * The only place where a provider URL is made. An id in the path cannot lead elsewhere: a path that URL parsing would change
 * (`..`, `//host`, `?`, `#`, a backslash) is refused. [TEN-8]
 */
function requestUrl(base: string, path: string, query: Readonly<Record<string, string>> = {}): string {
  if (!path.startsWith('/v2/')) throw new UnusablePathError();
  const root = new URL(base);
  const prefix = root.pathname.replace(/\/+$/, '');
  const url = new URL(`${root.origin}${prefix}${path}`);
  if (url.origin !== root.origin || url.pathname !== prefix + path || url.search !== '' || url.hash !== '') {
    throw new UnusablePathError();
  }
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
  return url.href;
}

/**
 * Aborts when the time is over or the caller's signal aborts. It is released as soon as the call has ended: `AbortSignal.timeout` and
 * `AbortSignal.any` would keep each call, and the body of its response, until the time limit is reached.
 */
function timeLimit(timeoutMs: number, outer: AbortSignal | undefined) {
  const controller = new AbortController();
  let over = false;
  const timer = setTimeout(() => {
    over = true;
    controller.abort();
  }, timeoutMs);
  const abort = () => controller.abort(outer?.reason);
  if (outer?.aborted) abort();
  outer?.addEventListener('abort', abort, { once: true });
  const end = () => {
    clearTimeout(timer);
    outer?.removeEventListener('abort', abort);
  };
  return { signal: controller.signal, isOver: () => over, end };
}

/** Traces one call and counts it by the outcome that `call` passes to `recordOutcome`. Ids in the path are masked. [TEN-8] */
function traceCall<T>(
  { purpose, method, path }: ProviderRequest,
  call: (recordOutcome: (outcome: CallOutcome) => void) => Promise<T>,
): Promise<T> {
  const template = templateOf(path);
  const attributes = { 'http.request.method': method, 'url.template': template, 'arcadia.purpose': purpose };
  return inSpan({ name: `${method} ${template}`, kind: 'client', attributes }, (span) => {
    const beganMs = performance.now();
    return call((outcome) => {
      callsTotal.inc({ purpose, outcome });
      callSeconds.observe({ purpose }, (performance.now() - beganMs) / 1_000);
      span.set({ 'arcadia.outcome': outcome });
    });
  });
}

/** `/v2/droplets/:id/actions`: path segments that are words of the API stay, every other segment is an id or a name. */
function templateOf(path: string): string {
  return path
    .split('/')
    .map((part) => (/^([a-z_]{1,30}|v2|)$/.test(part) ? part : ':id'))
    .join('/');
}

import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import type { Readable, Writable } from 'node:stream';
import { create, isAxiosError, type AxiosInstance } from 'axios';
import { keepDocument, readStart, SinkFailure } from './document-body';

/** Largest body that is read (OPS-10): a page of 200 droplets is about 1 MB. */
const LARGEST_BODY_BYTES = 64 * 1024 * 1024;
/** So much of an error is read where the body itself goes elsewhere. */
const LARGEST_ERROR_BYTES = 64 * 1024;

export interface WireRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly url: string;
  readonly token: string;
  /** JSON text. */
  readonly body?: string;
  /** For the whole exchange: connecting, sending and the last byte of the answer. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

/** What came back, or that nothing usable did. */
export type Exchange =
  | { readonly kind: 'answer'; readonly status: number; readonly body: string; readonly requestId?: string; readonly retryAfter?: string }
  | {
      readonly kind: 'lost';
      readonly reason: string;
      /** False when it is certain that no byte of the request left. */ readonly sent: boolean;
    }
  | { readonly kind: 'cut'; /** An answer began but could not be read to its end. */ readonly reason: string }
  | { readonly kind: 'abandoned' };

/** Ways to fail before there is a connection, so before anything was sent. */
const NOT_CONNECTED = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH']);

/**
 * The one axios instance. Every AxiosError ends here: it carries the Authorization header (TEN-8).
 * Nothing is followed and no proxy of the environment is used, so the token goes to the given URL and nowhere else.
 */
export class Transport {
  private readonly axios: AxiosInstance;
  private readonly reading = { httpAgent: new HttpAgent({ keepAlive: true }), httpsAgent: new HttpsAgent({ keepAlive: true }) };
  /** Writes get a connection of their own: on a kept one that the server closes just then, the outcome would be unknown. */
  private readonly writing = { httpAgent: new HttpAgent({ keepAlive: false }), httpsAgent: new HttpsAgent({ keepAlive: false }) };

  constructor(version: string) {
    this.axios = create({
      headers: { common: { Accept: 'application/json', 'User-Agent': `arcadia-cloud/${version}` } },
      maxRedirects: 0,
      proxy: false,
      maxContentLength: LARGEST_BODY_BYTES,
      maxBodyLength: LARGEST_BODY_BYTES,
      responseType: 'text',
      transformRequest: (body: unknown) => body,
      transformResponse: (body: unknown) => body,
      validateStatus: () => true,
    });
  }

  /** Never throws. */
  async exchange({ method, url, token, body, timeoutMs, signal }: WireRequest): Promise<Exchange> {
    const limit = timeLimit(timeoutMs, signal);
    try {
      const answer = await this.axios.request<unknown>({
        method,
        url,
        headers: { Authorization: `Bearer ${token}`, ...(body === undefined ? {} : { 'Content-Type': 'application/json' }) },
        data: body,
        signal: limit.signal,
        ...(method === 'GET' ? this.reading : this.writing),
      });
      return {
        kind: 'answer',
        status: answer.status,
        body: typeof answer.data === 'string' ? answer.data : '',
        requestId: headerText(answer.headers['x-request-id']),
        retryAfter: headerText(answer.headers['retry-after']),
      };
    } catch (error) {
      if (signal?.aborted) return { kind: 'abandoned' };
      if (limit.isOver()) return { kind: 'lost', reason: 'time limit', sent: true };
      return lost(error);
    } finally {
      limit.end();
    }
  }

  /**
   * The same for a document: a 2xx body goes to a sink as it comes, opened only then, and `body` of the answer is its beginning. Throws
   * `SinkFailure` alone: that says nothing about the provider.
   */
  async download({ url, token, timeoutMs, signal }: Omit<WireRequest, 'method' | 'body'>, openSink: () => Writable): Promise<Exchange> {
    const limit = timeLimit(timeoutMs, signal);
    try {
      const answer = await this.axios.request<Readable>({
        method: 'GET',
        url,
        headers: { Authorization: `Bearer ${token}`, Accept: '*/*' },
        responseType: 'stream',
        maxContentLength: -1,
        signal: limit.signal,
        ...this.reading,
      });
      const accepted = answer.status >= 200 && answer.status < 300;
      const body = accepted ? await keepDocument(answer.data, openSink(), limit.signal) : await readStart(answer.data, LARGEST_ERROR_BYTES);
      const requestId = headerText(answer.headers['x-request-id']);
      return { kind: 'answer', status: answer.status, body, requestId, retryAfter: headerText(answer.headers['retry-after']) };
    } catch (error) {
      if (error instanceof SinkFailure) throw error;
      if (signal?.aborted) return { kind: 'abandoned' };
      if (limit.isOver()) return { kind: 'lost', reason: 'time limit', sent: true };
      return lost(error);
    } finally {
      limit.end();
    }
  }

  close(): void {
    for (const agent of [...Object.values(this.reading), ...Object.values(this.writing)]) agent.destroy();
  }
}

/**
 * Aborts when the time is over or the caller's signal says so. Taken apart as soon as the call has ended: `AbortSignal.timeout` and `any` would
 * keep each call, and the body of its answer, until the limit is reached.
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
  return {
    signal: controller.signal,
    isOver: () => over,
    end: () => {
      clearTimeout(timer);
      outer?.removeEventListener('abort', abort);
    },
  };
}

function lost(error: unknown): Exchange {
  const code = (isAxiosError(error) && error.code) || 'broken connection';
  if (code === 'ERR_BAD_RESPONSE' || code.startsWith('Z_')) return { kind: 'cut', reason: 'a cut, oversized or wrongly compressed body' };
  return { kind: 'lost', reason: code, sent: !NOT_CONNECTED.has(code) };
}

function headerText(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

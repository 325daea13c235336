import { CONFIG, type Config, type TokenPurpose } from '#libs/config';
import { Inject, Injectable, type BeforeApplicationShutdown, type OnApplicationShutdown } from '@nestjs/common';
import type { Writable } from 'node:stream';
import { MalformedAnswerError } from './digitalocean.errors';
import { DigitalOceanHttpClient, type ProviderRequest } from './http-client';
import { listPages, type ListPage, type ListRequest } from './pagination';
import { record } from './parsing';
import { fingerprintOf } from './rate-limit.store';

export interface GetRequest<T> extends Pick<ProviderRequest, 'purpose' | 'fingerprint' | 'path' | 'query' | 'timeoutMs' | 'signal'> {
  /** The name of the object in the response, e.g. `droplet`. Without it, `parse` gets the whole response. */
  readonly key?: string;
  readonly parse: (raw: unknown) => T;
}

export interface DownloadRequest extends Pick<ProviderRequest, 'purpose' | 'fingerprint' | 'path' | 'timeoutMs' | 'signal'> {
  /** Opens the sink of one attempt; each attempt opens a new sink and starts from the beginning. */
  readonly openSink: () => Writable;
}

export interface SendRequest<T> extends Pick<
  ProviderRequest,
  'purpose' | 'fingerprint' | 'path' | 'query' | 'body' | 'timeoutMs' | 'signal'
> {
  readonly method: 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly key?: string;
  /** Without it, the body of the response is not read, as for 204. */
  readonly parse?: (raw: unknown) => T;
}

/**
 * The client of the DigitalOcean API. Paths begin with `/v2/`; ids in them must be URL-encoded by the caller. All failures are
 * `ProviderError`s, except those of our database (it stores the rate limit) and the reason of an aborted signal.
 */
@Injectable()
export class DigitalOcean implements BeforeApplicationShutdown, OnApplicationShutdown {
  constructor(
    @Inject(CONFIG) private readonly config: Config,
    private readonly client: DigitalOceanHttpClient,
  ) {}

  /** False when no token is configured: every call would throw `ProviderNotConfiguredError`. */
  get configured(): boolean {
    return this.config.provider.token !== undefined;
  }

  /** Identifies the current token of a purpose in keys and logs; changes on rotation. */
  tokenFingerprint(purpose: TokenPurpose): string {
    return fingerprintOf(this.client.token(purpose));
  }

  /**
   * The pages of a list. Ends normally only when the list is provably complete. Otherwise it yields all readable pages and then throws
   * `IncompleteListError`, or the error of the page that failed. [INV-4]
   */
  list<T>(request: ListRequest<T>): AsyncIterable<ListPage<T>> {
    return listPages(this.client, request);
  }

  /** One object, or the whole response of a GET. Retried at most three times. */
  async get<T>(request: GetRequest<T>): Promise<T> {
    const { value } = await this.client.read({ ...request, method: 'GET' }, ({ body }) => request.parse(pick(body, request.key)));
    return value;
  }

  /**
   * Streams a document, such as an invoice as CSV, into a sink. Retried at most three times. When the promise resolves, the sink that was
   * opened last has the whole document; earlier sinks may have any part of it.
   */
  async download({ openSink, ...call }: DownloadRequest): Promise<void> {
    await this.client.download({ ...call, method: 'GET' }, openSink);
  }

  /** One write, never retried: `UnknownOutcomeError` when it may have happened, any other error when it did not. [SAG-19] */
  send<T = void>(request: SendRequest<T>): Promise<T> {
    const { parse, key } = request;
    return this.client.write(request, ({ body }) => (parse ? parse(pick(body, key)) : undefined) as T);
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.client.flushReports();
  }

  onApplicationShutdown(): void {
    this.client.closeConnections();
  }
}

function pick(body: unknown, key: string | undefined): unknown {
  if (key === undefined) return body;
  const value = record(body, 'the answer')[key];
  if (value === undefined) throw new MalformedAnswerError(`${key} is missing`);
  return value;
}

import { CONFIG, type Config, type TokenPurpose } from '#libs/config';
import { Database } from '#libs/database';
import { Inject, Injectable, type BeforeApplicationShutdown, type OnApplicationShutdown } from '@nestjs/common';
import type { Writable } from 'node:stream';
import { record } from './answer-shape';
import { DigitalOceanHttpClient, type DoorRequest } from './door/provider-door';
import { listPages, type ListPage, type ListRequest } from './lists/list-pages';
import { MalformedAnswerError } from './provider.error';
import { fingerprintOf } from './token-fingerprint';

export interface GetRequest<T> extends Pick<DoorRequest, 'purpose' | 'fingerprint' | 'path' | 'query' | 'timeoutMs' | 'signal'> {
  /** Where the object stands in the answer, e.g. `droplet`; absent: `parse` gets the whole answer. */
  readonly key?: string;
  readonly parse: (raw: unknown) => T;
}

export interface DownloadRequest extends Pick<DoorRequest, 'purpose' | 'fingerprint' | 'path' | 'timeoutMs' | 'signal'> {
  /** Where an attempt writes its answer; each attempt asks for its own and begins anew. */
  readonly openSink: () => Writable;
}

export interface SendRequest<T> extends Pick<DoorRequest, 'purpose' | 'fingerprint' | 'path' | 'query' | 'body' | 'timeoutMs' | 'signal'> {
  readonly method: 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly key?: string;
  /** Absent: the answer is not looked at, as for 204. */
  readonly parse?: (raw: unknown) => T;
}

/**
 * The door to DigitalOcean. Paths begin with `/v2/`; ids in them must be URL-encoded by the caller. All failures are
 * `ProviderError`s, except those of our database (the budget is there) and the reason of an aborted signal.
 */
@Injectable()
export class DigitalOcean implements BeforeApplicationShutdown, OnApplicationShutdown {
  private readonly door: DigitalOceanHttpClient;

  constructor(
    @Inject(CONFIG) private readonly config: Config,
    database: Database,
  ) {
    this.door = new DigitalOceanHttpClient(config, database);
  }

  /** False when no token is configured: every call would throw `ProviderNotConfiguredError`. */
  get configured(): boolean {
    return this.config.provider.token !== undefined;
  }

  /** Names the current token of a purpose in keys and logs; changes on rotation. */
  tokenFingerprint(purpose: TokenPurpose): string {
    return fingerprintOf(this.door.token(purpose));
  }

  /**
   * The pages of a list. Ends normally only when the list is provably complete. Otherwise throws, after having yielded what
   * could be read: `IncompleteListError`, or the error of the page that failed.
   */
  list<T>(request: ListRequest<T>): AsyncIterable<ListPage<T>> {
    return listPages(this.door, request);
  }

  /** One object, or whatever a GET answers. Repeated at most three times. */
  async get<T>(request: GetRequest<T>): Promise<T> {
    const { value } = await this.door.read({ ...request, method: 'GET' }, ({ body }) => request.parse(pick(body, request.key)));
    return value;
  }

  /**
   * A document, such as an invoice as CSV, written where the caller says as it comes. Repeated at most three times; when this resolves, the last
   * sink that was opened has all of it, and nothing can be said of the others.
   */
  async download({ openSink, ...call }: DownloadRequest): Promise<void> {
    await this.door.download({ ...call, method: 'GET' }, openSink);
  }

  /** One write, never repeated: `UnknownOutcomeError` when it may have happened, any other error when it did not. */
  send<T = void>(request: SendRequest<T>): Promise<T> {
    const { parse, key } = request;
    return this.door.write(request, ({ body }) => (parse ? parse(pick(body, key)) : undefined) as T);
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.door.flush();
  }

  onApplicationShutdown(): void {
    this.door.close();
  }
}

function pick(body: unknown, key: string | undefined): unknown {
  if (key === undefined) return body;
  const held = record(body, 'the answer')[key];
  if (held === undefined) throw new MalformedAnswerError(`${key} is missing`);
  return held;
}

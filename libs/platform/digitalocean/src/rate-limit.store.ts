import { CONFIG, type Config } from '#libs/config';
import { Database, type Queryable } from '#libs/database';
import { Inject, Injectable } from '@nestjs/common';
import { createHash } from 'node:crypto';

/**
 * The outcome of a permitted call, for the rate limit and the breaker: `accepted` 2xx · `refused` 4xx · `limited` 429 · `rejected` 401 ·
 * `failed` 5xx, HTML, broken connection or time limit · `abandoned` aborted by the caller while under way · `unsent` never made, which
 * frees its slot at once.
 */
export type CallOutcome = 'accepted' | 'refused' | 'limited' | 'rejected' | 'failed' | 'abandoned' | 'unsent';

export interface EndedCall {
  readonly id: string;
  readonly outcome: CallOutcome;
  /** `performance.now()` at the response. */
  readonly endedAtMs: number;
  /** The pause that a 429 asked for; 0 otherwise. */
  readonly waitMs: number;
}

/** The reason why fewer calls were granted than requested. */
export type Refusal = 'rejected' | 'blocked' | 'open' | 'recovering' | 'budget';

export interface Grant {
  readonly ids: readonly string[];
  readonly refusal: Refusal | null;
  /** The time after which another request may succeed. */
  readonly waitMs: number;
  /** State changes for all processes that the reported outcomes caused: `token_rejected`, `breaker_opened`, … */
  readonly changes: readonly string[];
}

/** A rejected token is tried again at most this often. */
const MIN_RECHECK_MS = 1_000;

/** A limit that the provider sets for the calls of some routes with one token, besides those of all calls with it. */
export interface RouteLimit {
  /** Stored with each of these calls. */
  readonly name: string;
  readonly pattern: RegExp;
  /** Absent: requests of every method count. */
  readonly method?: 'GET';
  /** Calls in any `windowMs`. */
  readonly most: number;
  /** In the provider's time: a minute is as long as `DO_MINUTE_WINDOW_MS`. */
  readonly windowMs: number;
}

const MINUTE_MS = 60_000;

/**
 * Source: docs/digitalocean-facts.md 2.5. The OpenAPI document: "Only 10 `GET` requests to the `/v2/account/keys` endpoint to list SSH keys
 * can be made per 60 seconds", "Only 5 requests to any and all `v2/cdn/endpoints` can be made in 10 seconds".
 */
const ROUTE_LIMITS: readonly RouteLimit[] = [
  { name: 'account_keys', pattern: /^\/v2\/account\/keys$/, method: 'GET', most: 10, windowMs: MINUTE_MS },
  { name: 'cdn_endpoints', pattern: /^\/v2\/cdn\/endpoints(\/|$)/, most: 5, windowMs: 10_000 },
];

/** The limit of its own that a request counts in; undefined when it counts in those of the token only. */
export function routeLimitOf(method: string, path: string): RouteLimit | undefined {
  return ROUTE_LIMITS.find((limit) => (limit.method ?? method) === method && limit.pattern.test(path));
}

/** Identifies a token in keys and logs without revealing it. A rotated token has another fingerprint and starts with a clean state. */
export function fingerprintOf(token: string): string {
  return createHash('sha256').update(token).digest('hex').slice(0, 16);
}

const ACQUIRE =
  'select granted::text[], refusal, wait_ms, changes from provider_acquire($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)';
const ACQUIRE_ON_ROUTE =
  'select granted::text[], refusal, wait_ms, changes from provider_acquire_on_route($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)';

/** Calls the database functions that decide about provider calls, one round trip each. */
@Injectable()
export class RateLimitStore {
  constructor(
    @Inject(Database) private readonly database: Queryable,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  /**
   * Requests one call per entry of `holdsMs`, the time that an unanswered call keeps its slot. Stores the outcomes of `ended` first. With
   * `limit`, all requested calls are of its routes.
   */
  async acquire(
    fingerprint: string,
    provisioning: boolean,
    holdsMs: readonly number[],
    ended: readonly EndedCall[],
    limit?: RouteLimit,
  ): Promise<Grant> {
    const { ratePerMinute, ratePerHour, minuteWindowMs, hourWindowMs, accountCheckMs } = this.config.provider;
    const [row] = await this.database.prepared<{ granted: string[]; refusal: Refusal | null; wait_ms: number; changes: string[] }>(
      limit ? 'provider_acquire_on_route' : 'provider_acquire',
      limit ? ACQUIRE_ON_ROUTE : ACQUIRE,
      [
        fingerprint,
        provisioning,
        holdsMs,
        ratePerMinute,
        ratePerHour,
        minuteWindowMs,
        hourWindowMs,
        Math.max(accountCheckMs, MIN_RECHECK_MS),
        ...columnsOf(ended),
        ...(limit ? this.columnsOfLimit(limit) : []),
      ],
    );
    if (!row) throw new Error('provider_acquire returned no row');
    return { ids: row.granted, refusal: row.refusal, waitMs: row.wait_ms, changes: row.changes };
  }

  /** Stores outcomes and returns the state changes for all processes that they caused. A repeated report changes nothing. */
  async report(fingerprint: string, ended: readonly EndedCall[]): Promise<readonly string[]> {
    const [row] = await this.database.prepared<{ changes: string[] }>(
      'provider_report',
      'select provider_report($1, $2, $3, $4, $5, $6) as changes',
      [fingerprint, ...columnsOf(ended), this.config.provider.minuteWindowMs],
    );
    return row?.changes ?? [];
  }

  private columnsOfLimit({ name, most, windowMs }: RouteLimit): unknown[] {
    const { routeRatePercent, minuteWindowMs } = this.config.provider;
    return [name, Math.max(1, Math.floor((most * routeRatePercent) / 100)), (windowMs * minuteWindowMs) / MINUTE_MS];
  }
}

/** Sends ages instead of times: the clock of this process may be wrong, but it measures durations correctly. [OPS-7] */
function columnsOf(ended: readonly EndedCall[]): unknown[] {
  const nowMs = performance.now();
  return [
    ended.map((call) => call.id),
    ended.map((call) => nowMs - call.endedAtMs),
    ended.map((call) => call.outcome),
    ended.map((call) => call.waitMs),
  ];
}

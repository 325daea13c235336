/**
 * The meaning of a failure for the caller. The category alone decides the HTTP status (one filter in the api) and whether a queue retries
 * (`isRetryable`); `code` names the exact failure and never changes once released.
 */
export type ErrorCategory =
  | 'invalid'
  | 'unauthenticated'
  | 'forbidden'
  | 'not_found'
  | 'conflict'
  | 'gone'
  | 'rate_limited'
  | 'unavailable'
  | 'unknown_outcome'
  | 'internal';

/** How a write at an outside system stands after the error that ended it. */
export type WriteFailure =
  /** The write did not happen, and the same write would be refused again. */
  | { readonly is: 'refused' }
  /** The write did not happen, and may be sent again later. `why` begins with "waiting for". */
  | { readonly is: 'postponed'; readonly why: string }
  /** The write may have happened, or may still happen. Look for its effect before a retry. [SAG-19] */
  | { readonly is: 'unknown' };

/** The base of every expected failure. The message may be returned to the caller: it contains no secrets, no SQL, no paths. */
export abstract class DomainError extends Error {
  /** Stable, snake_case, part of the API. */
  abstract readonly code: string;
  abstract readonly category: ErrorCategory;
  /** The time until a retry makes sense, in milliseconds; undefined when it is unknown. */
  readonly retryAfterMs?: number;

  /**
   * True for an outage of something outside: it ends without a change to the request, so waiting for its end costs a saga step no try.
   */
  get outage(): boolean {
    return false;
  }

  /** For outages: whether a saga step that waits for the end of the outage has `code` in its ledger line meanwhile. */
  get reportedWhileWaiting(): boolean {
    return false;
  }

  /** Undefined for an error that concerns no write at an outside system, as one of our own database. */
  get writeFailure(): WriteFailure | undefined {
    return undefined;
  }

  override get name(): string {
    return this.constructor.name;
  }
}

/** True for temporary failures: only `rate_limited` and `unavailable` are retried. */
export function isRetryable(error: unknown): boolean {
  return error instanceof DomainError && (error.category === 'rate_limited' || error.category === 'unavailable');
}

/** The stable code of an expected failure, `internal` for everything else. Safe to store and to return. */
export function errorCode(error: unknown): string {
  return error instanceof DomainError ? error.code : 'internal';
}

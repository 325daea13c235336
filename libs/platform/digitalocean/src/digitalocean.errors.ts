import { DomainError, isRetryable, type DomainErrorClass, type ErrorCategory, type WriteFailure } from '#libs/kernel';

/** The facts kept of the response behind a provider error. Headers, body and token are not kept. [TEN-8] */
export interface AnswerFacts {
  /** HTTP status; absent when no response arrived. */
  readonly status?: number;
  /** The provider's request id, to quote to its support. */
  readonly requestId?: string;
  /** The provider's error id, e.g. `unprocessable_entity`. */
  readonly providerCode?: string;
  /** At most 200 characters of the provider's explanation. */
  readonly explanation?: string;
}

/** A call to DigitalOcean failed. */
export abstract class ProviderError extends DomainError {
  readonly status?: number;
  readonly requestId?: string;
  readonly providerCode?: string;
  /** The path of the call that failed, without its query. The client adds it. */
  path?: string;
  override readonly retryAfterMs?: number;

  constructor(
    private readonly withoutExplanation: string,
    { status, requestId, providerCode, explanation }: AnswerFacts = {},
    retryAfterMs?: number,
  ) {
    super(explanation ? `${withoutExplanation}: ${explanation}` : withoutExplanation);
    this.status = status;
    this.requestId = requestId;
    this.providerCode = providerCode;
    this.retryAfterMs = retryAfterMs;
  }

  override get ownMessage(): string {
    return this.withoutExplanation;
  }

  override get facts(): Readonly<Record<string, string | number>> {
    const { path, status, requestId } = this;
    return {
      ...(path !== undefined && { path }),
      ...(status !== undefined && { status }),
      ...(requestId !== undefined && { provider_request_id: requestId }),
    };
  }

  /** DigitalOcean could not be used, and the same call may succeed later. */
  override get outage(): boolean {
    return isRetryable(this);
  }

  override get writeFailure(): WriteFailure {
    if (!isRetryable(this)) return { is: 'refused' };
    return { is: 'postponed', why: `waiting for DigitalOcean to accept the request: ${this.message}` };
  }
}

/** Makes the base class of one error. A constructor takes the reason first when the message names it, then the facts and the pause. */
function providerError<Code extends string, Category extends ErrorCategory, Reason extends string[] = []>(
  code: Code,
  category: Category,
  message: string | ((...reason: Reason) => string),
): DomainErrorClass<Code, Category, [...Reason, facts?: AnswerFacts, retryAfterMs?: number], ProviderError>;
function providerError(code: string, category: ErrorCategory, message: string | ((reason: string) => string)) {
  return class extends ProviderError {
    readonly code = code;
    readonly category = category;

    constructor(...args: unknown[]) {
      const text = typeof message === 'string' ? message : message(args.shift() as string);
      super(text, ...(args as [AnswerFacts?, number?]));
    }
  };
}

/** No token is configured, so no call is possible. */
export class ProviderNotConfiguredError extends providerError(
  'provider_not_configured',
  'unavailable',
  'No DigitalOcean token is configured',
) {}

/** A document is longer than the largest document that is stored. A retry would not make it shorter. [OPS-10] */
export class DocumentTooLongError extends providerError('document_too_long', 'invalid', 'The document from DigitalOcean is too long') {}

/** 401: DigitalOcean does not know this token. All processes stop using it, except for one probe per interval. [INV-7] */
export class TokenRejectedError extends providerError('token_rejected', 'forbidden', 'DigitalOcean rejected the token') {
  /** Ends when an operator configures another token. */
  override get outage(): boolean {
    return true;
  }

  override get writeFailure(): WriteFailure {
    return { is: 'postponed', why: 'waiting for a provider token that DigitalOcean accepts' };
  }
}

/**
 * The current token of the purpose is not the token that the call was meant for, such as the checked one. No call was made. The retry uses
 * the new token, so it can follow soon.
 */
export class TokenExchangedError extends providerError(
  'token_exchanged',
  'unavailable',
  'The token was exchanged before the call was sent',
) {
  override readonly retryAfterMs = 100;
}

/** 403: the token is valid but lacks the permission. Final for this call only. */
export class ForbiddenByProviderError extends providerError(
  'forbidden_by_provider',
  'forbidden',
  'The token is not allowed to do this at DigitalOcean',
) {}

/** 404 with the API's own error body. A 404 of a gateway is not one, because a 404 can lead to a tombstone. [INV-3] */
export class NotFoundAtProviderError extends providerError('not_found_at_provider', 'not_found', 'DigitalOcean has no such object') {}

/**
 * Any other 4xx: the call was not processed. The API has no error id for "another event of the droplet is under way", and its sentence
 * changes, so the caller reads the state of the object to know whether the same call would be refused again. [SAG-10]
 */
export class RefusedByProviderError extends providerError('refused_by_provider', 'conflict', 'DigitalOcean refused the call') {}

/** 429, or the pause that an earlier 429 asked for. The call was not processed. */
export class RateLimitedByProviderError extends providerError(
  'rate_limited_by_provider',
  'rate_limited',
  'DigitalOcean asks for a pause',
) {}

/** Our own allowance of calls is used up, and no slot came free in time. No call was made. [OPS-1] */
export class ProviderBudgetExhaustedError extends providerError(
  'provider_budget_exhausted',
  'rate_limited',
  'The allowance of DigitalOcean calls is used up',
) {
  constructor(retryAfterMs: number) {
    super({}, retryAfterMs);
  }
}

/** 5xx, a response that is not the API's, a broken or refused connection, or an open breaker. A write that ends so did not happen. */
export class ProviderUnavailableError extends providerError(
  'provider_unavailable',
  'unavailable',
  (reason: string) => `DigitalOcean is not available (${reason})`,
) {}

/** The response to a write was lost or unusable: it may have happened, now or later. Check for its effect before a retry. [SAG-19] */
export class UnknownOutcomeError extends providerError(
  'unknown_outcome',
  'unknown_outcome',
  (reason: string) => `It is not known whether DigitalOcean did it (${reason})`,
) {
  override get writeFailure(): WriteFailure {
    return { is: 'unknown' };
  }
}

/** A 2xx with a body that does not match the API's description. The message names the field, never its value. */
export class MalformedAnswerError extends providerError(
  'malformed_answer',
  'unavailable',
  (reason: string) => `DigitalOcean answered with something unreadable (${reason})`,
) {
  /** The field that could not be read, where the error is about one field of an object. */
  readonly field?: string;
  /** What the field should have been, in words, without the value. */
  readonly expectation?: string;

  /** The error about one field of an object. */
  static ofField(field: string, expected: string): MalformedAnswerError {
    const expectation = `${field} is not ${expected}`;
    return Object.assign(new MalformedAnswerError(expectation), { field, expectation });
  }

  /** The write was accepted, but its result is not known. */
  override get writeFailure(): WriteFailure {
    return { is: 'unknown' };
  }
}

/**
 * No call was made: URL parsing would change its path. Either an id is not usable in a URL, such as `..` (encoding does not help: a URL
 * treats `%2e%2e` the same), or our own code is wrong. It proves nothing about the object, which may exist at the provider.
 */
export class UnusablePathError extends providerError('unusable_path', 'invalid', 'There is no such path at DigitalOcean') {}

/** The reason why a list is not provably complete. */
export type IncompleteReason =
  /** An object does not match the API's description. It may be a known resource. */
  | 'unreadable_item'
  | 'no_total'
  | 'total_changed'
  /** The number of distinct ids differs from the total. */
  | 'count_mismatch'
  /** The provider linked to a further page, but that page contained no new object. */
  | 'repeated_page'
  /** The objects are listed by parent, and the list of the parents was never read. */
  | 'parents_not_listed'
  | 'too_many_pages';

/** Every readable object was returned, but the list is not provably complete: a missing object must not be taken as deleted. [INV-4] */
export class IncompleteListError extends providerError(
  'incomplete_list',
  'unavailable',
  (reason: string) => `The list from DigitalOcean is incomplete (${reason})`,
) {
  /** For `unreadable_item`, `cause` names the field of the first unreadable object, never its value. */
  constructor(
    readonly reason: IncompleteReason,
    override readonly cause?: ProviderError,
  ) {
    super(reason);
  }

  override get facts(): Readonly<Record<string, string | number>> {
    return { ...super.facts, reason: this.reason, ...(this.cause && { unreadable: this.cause.message }) };
  }
}

/**
 * True for a failure that ends with an outage or a pause of the provider, so that a retry makes sense soon. An answer that cannot be read
 * is likely to be the same the next time.
 */
export function passesByItself(error: unknown): boolean {
  return isRetryable(error) && !(error instanceof MalformedAnswerError || error instanceof IncompleteListError);
}

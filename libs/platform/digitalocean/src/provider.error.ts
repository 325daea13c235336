import { DomainError, isRetryable } from '#libs/kernel';

/** What is known of the answer behind a provider error. Nothing else of it is kept: no headers, no body, no token (TEN-8). */
export interface AnswerFacts {
  /** HTTP status; absent when no answer came. */
  readonly status?: number;
  /** The provider's own name of the request, to quote to its support. */
  readonly requestId?: string;
  /** The provider's error id, e.g. `unprocessable_entity`. */
  readonly providerCode?: string;
  /** At most 200 characters of the provider's explanation. */
  readonly explanation?: string;
}

/** A call to DigitalOcean did not give what was asked for. */
export abstract class ProviderError extends DomainError {
  readonly status?: number;
  readonly requestId?: string;
  readonly providerCode?: string;
  override readonly retryAfterMs?: number;

  constructor(message: string, { status, requestId, providerCode, explanation }: AnswerFacts = {}, retryAfterMs?: number) {
    super(explanation ? `${message}: ${explanation}` : message);
    this.status = status;
    this.requestId = requestId;
    this.providerCode = providerCode;
    this.retryAfterMs = retryAfterMs;
  }

  /** DigitalOcean could not be used, and the same call may succeed later. */
  override get outage(): boolean {
    return isRetryable(this);
  }
}

/** The new token is asked about as soon as it is tried again. */
const EXCHANGED_RETRY_MS = 100;

/** No token is configured: nothing can be asked of the provider. */
export class ProviderNotConfiguredError extends ProviderError {
  readonly code = 'provider_not_configured';
  readonly category = 'unavailable';

  constructor() {
    super('No DigitalOcean token is configured');
  }
}

/** A document is longer than anything that is taken (OPS-10). Asking again would not make it shorter. */
export class DocumentTooLongError extends ProviderError {
  readonly code = 'document_too_long';
  readonly category = 'invalid';

  constructor() {
    super('The document from DigitalOcean is too long');
  }
}

/** 401: DigitalOcean does not know this token. All processes stop using it, but for a probe now and then (INV-7). */
export class TokenRejectedError extends ProviderError {
  readonly code = 'token_rejected';
  readonly category = 'forbidden';

  constructor(facts?: AnswerFacts, retryAfterMs?: number) {
    super('DigitalOcean rejected the token', facts, retryAfterMs);
  }

  /** Ends when an operator configures another token. */
  override get outage(): boolean {
    return true;
  }
}

/** The token of a purpose is no longer the one that the call was meant for, such as the one that was checked. No call was made. */
export class TokenExchangedError extends ProviderError {
  readonly code = 'token_exchanged';
  readonly category = 'unavailable';

  constructor() {
    super('The token was exchanged before the call was sent', {}, EXCHANGED_RETRY_MS);
  }
}

/** 403: the token is known but must not do this. Final for this call only. */
export class ForbiddenByProviderError extends ProviderError {
  readonly code = 'forbidden_by_provider';
  readonly category = 'forbidden';

  constructor(facts: AnswerFacts) {
    super('The token is not allowed to do this at DigitalOcean', facts);
  }
}

/** 404 in the API's own words; a 404 from something in between is not one, because a 404 can make a tombstone (INV-3). */
export class NotFoundAtProviderError extends ProviderError {
  readonly code = 'not_found_at_provider';
  readonly category = 'not_found';

  constructor(facts: AnswerFacts) {
    super('DigitalOcean has no such object', facts);
  }
}

/** 422: another event of the droplet is under way; DigitalOcean runs one at a time. Nothing happened: wait and ask again. */
export class PendingEventError extends ProviderError {
  readonly code = 'pending_event';
  readonly category = 'conflict';

  constructor(facts: AnswerFacts) {
    super('The droplet is busy with another event', facts);
  }
}

/** Any other 4xx: the call was not processed and the same call would be refused again. */
export class RefusedByProviderError extends ProviderError {
  readonly code = 'refused_by_provider';
  readonly category = 'conflict';

  constructor(facts: AnswerFacts) {
    super('DigitalOcean refused the call', facts);
  }
}

/** 429, or the pause that an earlier 429 asked for. The call was not processed. */
export class RateLimitedByProviderError extends ProviderError {
  readonly code = 'rate_limited_by_provider';
  readonly category = 'rate_limited';

  constructor(facts: AnswerFacts, retryAfterMs: number) {
    super('DigitalOcean asks for a pause', facts, retryAfterMs);
  }
}

/** Our own allowance of calls is used up and no slot came free in time (OPS-1). No call was made. */
export class ProviderBudgetExhaustedError extends ProviderError {
  readonly code = 'provider_budget_exhausted';
  readonly category = 'rate_limited';

  constructor(retryAfterMs: number) {
    super('The allowance of DigitalOcean calls is used up', {}, retryAfterMs);
  }
}

/** 5xx, an answer that is not the API's, a broken or refused connection, or the breaker is open. A write that ends so did not happen. */
export class ProviderUnavailableError extends ProviderError {
  readonly code = 'provider_unavailable';
  readonly category = 'unavailable';

  constructor(reason: string, facts?: AnswerFacts, retryAfterMs?: number) {
    super(`DigitalOcean is not available (${reason})`, facts, retryAfterMs);
  }
}

/** A write was sent and its answer lost or unusable: it may have happened, now or later. Look for its effect before trying again (SAG-19). */
export class UnknownOutcomeError extends ProviderError {
  readonly code = 'unknown_outcome';
  readonly category = 'unknown_outcome';

  constructor(reason: string, facts?: AnswerFacts) {
    super(`It is not known whether DigitalOcean did it (${reason})`, facts);
  }
}

/** A 2xx whose body is not what the API promises. Names the field, never its value. */
export class MalformedAnswerError extends ProviderError {
  readonly code = 'malformed_answer';
  readonly category = 'unavailable';

  constructor(reason: string, facts?: AnswerFacts) {
    super(`DigitalOcean answered with something unreadable (${reason})`, facts);
  }
}

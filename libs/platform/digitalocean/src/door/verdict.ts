import type { CallOutcome } from '../governor/call-outcome';
import {
  ForbiddenByProviderError,
  MalformedAnswerError,
  NotFoundAtProviderError,
  PendingEventError,
  ProviderUnavailableError,
  RateLimitedByProviderError,
  RefusedByProviderError,
  TokenRejectedError,
  UnknownOutcomeError,
  type AnswerFacts,
  type ProviderError,
} from '../provider.error';
import { codeLike, looksLikeHtml, parseBody, readErrorBody } from './answer-text';
import { retryAfterMs } from './retry-after';
import type { Exchange } from './transport';

/** What an exchange means: for the caller (`body` or `error`), and for the shared budget and breaker (`outcome`, `waitMs`). */
export type Verdict = { readonly outcome: CallOutcome; readonly waitMs?: number } & (
  { readonly body: unknown; readonly facts: AnswerFacts } | { readonly error: ProviderError }
);

export interface ResponseContext {
  /** Of a write whose answer is lost nobody knows whether it happened; a read just did not work. */
  readonly write: boolean;
  /** A 2xx body is not JSON: it is kept elsewhere, and what is judged is its beginning. */
  readonly document?: boolean;
  readonly token: string;
  readonly nowMs: number;
  /** The pause after a 429 that names none: breaches of the hour may lack `Retry-After`. */
  readonly defaultPauseMs: number;
}

export function classifyResponse(exchange: Exchange, about: ResponseContext): Verdict {
  if (exchange.kind === 'abandoned') return { outcome: 'abandoned', error: unusable('given up by the caller', about.write) };
  if (exchange.kind === 'lost') return { outcome: 'failed', error: unusable(exchange.reason, about.write && exchange.sent) };
  if (exchange.kind === 'cut') return { outcome: 'failed', error: malformed(exchange.reason, {}, about.write) };
  const { status, body } = exchange;
  const said = status >= 400 ? readErrorBody(body, about.token) : undefined;
  const facts: AnswerFacts = {
    status,
    requestId: codeLike(exchange.requestId) ?? said?.requestId,
    providerCode: said?.id,
    explanation: said?.message,
  };
  const pauseMs = retryAfterMs(exchange.retryAfter, about.nowMs);
  if (status === 429) {
    const waitMs = pauseMs ?? about.defaultPauseMs;
    return { outcome: 'limited', waitMs, error: new RateLimitedByProviderError(facts, waitMs) };
  }
  if (status >= 500 || status === 408) return { outcome: 'failed', error: unusable(`status ${status}`, about.write, facts, pauseMs) };
  if (status >= 400) return refused(status, body, said?.isObject === true, facts, about.write);
  if (status >= 300 || status < 200) {
    return { outcome: 'failed', error: malformed(`status ${status}, which is not followed`, facts, about.write) };
  }
  return accepted(status, body, facts, about);
}

function accepted(status: number, body: string, facts: AnswerFacts, { write, document }: ResponseContext): Verdict {
  if (document) {
    if (!looksLikeHtml(body)) return { outcome: 'accepted', body: undefined, facts };
    return { outcome: 'failed', error: malformed('an HTML page', facts, false) };
  }
  if (status === 204 || (write && body === '')) return { outcome: 'accepted', body: undefined, facts };
  try {
    return { outcome: 'accepted', body: parseBody(body), facts };
  } catch (error) {
    const reason = error instanceof Error ? error.message : 'unreadable';
    return { outcome: 'failed', error: malformed(reason, facts, write) };
  }
}

/** 4xx. Bot checks and gateways between us and the API use the same numbers, so a page or a foreign 404 does not count as the API's word. */
function refused(status: number, body: string, inItsWords: boolean, facts: AnswerFacts, write: boolean): Verdict {
  if (looksLikeHtml(body) || (status === 404 && !inItsWords)) {
    return { outcome: 'failed', error: unusable(`status ${status} that is not the API's`, write, facts) };
  }
  if (status === 401) return { outcome: 'rejected', error: new TokenRejectedError(facts) };
  if (status === 403) return { outcome: 'refused', error: new ForbiddenByProviderError(facts) };
  if (status === 404) return { outcome: 'refused', error: new NotFoundAtProviderError(facts) };
  if (isPendingEvent(facts)) return { outcome: 'refused', error: new PendingEventError(facts) };
  return { outcome: 'refused', error: new RefusedByProviderError(facts) };
}

/** The API has no id of its own for this refusal, only its sentence "Droplet already has a pending event.", the same since 2014. */
function isPendingEvent({ status, providerCode, explanation }: AnswerFacts): boolean {
  return status === 422 && providerCode === 'unprocessable_entity' && /\bpending event\b/i.test(explanation ?? '');
}

function unusable(reason: string, unknown: boolean, facts?: AnswerFacts, retryAfterMs?: number): ProviderError {
  return unknown ? new UnknownOutcomeError(reason, facts) : new ProviderUnavailableError(reason, facts, retryAfterMs);
}

function malformed(reason: string, facts: AnswerFacts, write: boolean): ProviderError {
  return write ? new UnknownOutcomeError(reason, facts) : new MalformedAnswerError(reason, facts);
}

import { isAxiosError } from 'axios';
import {
  ForbiddenByProviderError,
  MalformedAnswerError,
  NotFoundAtProviderError,
  ProviderUnavailableError,
  RateLimitedByProviderError,
  RefusedByProviderError,
  TokenRejectedError,
  UnknownOutcomeError,
  type AnswerFacts,
  type ProviderError,
} from './digitalocean.errors';
import type { CallOutcome } from './rate-limit.store';
import { retryAfterMs } from './retry-policy';

/** A 2xx response; `body` is parsed JSON, or undefined when there was none. */
export interface ProviderResponse {
  readonly body: unknown;
  readonly facts: AnswerFacts;
  /** `performance.now()` just before the request was sent. */
  readonly requestedAtMs: number;
}

/** The raw result of one HTTP request. */
export type Exchange =
  | {
      readonly kind: 'response';
      readonly status: number;
      readonly body: string;
      readonly requestId?: unknown;
      readonly retryAfter?: unknown;
    }
  /** No response arrived. `sent` is false when it is certain that no byte of the request left this host. */
  | { readonly kind: 'lost'; readonly reason: string; readonly sent: boolean }
  /** A response began but its body could not be read to the end. */
  | { readonly kind: 'truncated'; readonly reason: string }
  /** The caller aborted the request. */
  | { readonly kind: 'abandoned' };

/** An exchange as the caller needs it (`body` or `error`) and as the shared rate limit and breaker need it (`outcome`, `waitMs`). */
export type ClassifiedResponse = { readonly outcome: CallOutcome; readonly waitMs?: number } & (
  { readonly body: unknown; readonly facts: AnswerFacts } | { readonly error: ProviderError }
);

export interface ResponseContext {
  /** A write that loses its response has an unknown outcome; a read has merely failed. */
  readonly write: boolean;
  /** The 2xx body is a document written to a sink; only its first bytes are classified. */
  readonly document?: boolean;
  readonly token: string;
  readonly nowMs: number;
  /** The pause after a 429 without `Retry-After`, which DigitalOcean may omit when the hourly limit is exceeded. */
  readonly defaultPauseMs: number;
}

/** Errors that occur before a connection exists, so before anything was sent. */
const NOT_CONNECTED = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH']);

/** The longest part of a provider's explanation that is kept. [OPS-10] */
const MAX_EXPLANATION_LENGTH = 200;
/** The part of an explanation that is cleaned before it is cut. */
const MAX_CLEANED_LENGTH = 4_096;
/** A longer error body is treated as text and not parsed. */
const MAX_PARSED_ERROR_LENGTH = 65_536;
/** PostgreSQL cannot store NUL and unpaired surrogates. In JSON both can only appear as escapes. */
const UNSTORABLE_ESCAPES = /\\u(0000|d[89a-f])/i;
const UNSTORABLE = /\0|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

/** Translates an axios error. The error itself is dropped, because it carries the Authorization header. [TEN-8] */
export function failedExchange(error: unknown): Exchange {
  const code = (isAxiosError(error) && error.code) || 'broken connection';
  if (code === 'ERR_BAD_RESPONSE' || code.startsWith('Z_'))
    return { kind: 'truncated', reason: 'a cut, oversized or wrongly compressed body' };
  return { kind: 'lost', reason: code, sent: !NOT_CONNECTED.has(code) };
}

export function classifyResponse(exchange: Exchange, context: ResponseContext): ClassifiedResponse {
  const { write } = context;
  if (exchange.kind === 'abandoned') return { outcome: 'abandoned', error: unavailable('given up by the caller', write) };
  if (exchange.kind === 'lost') return { outcome: 'failed', error: unavailable(exchange.reason, write && exchange.sent) };
  if (exchange.kind === 'truncated') return { outcome: 'failed', error: malformed(exchange.reason, {}, write) };
  const { status, body } = exchange;
  const errorBody = status >= 400 ? readErrorBody(body, context.token) : undefined;
  const facts: AnswerFacts = {
    status,
    requestId: codeLike(exchange.requestId) ?? errorBody?.requestId,
    providerCode: errorBody?.id,
    explanation: errorBody?.message,
  };
  const pauseMs = retryAfterMs(exchange.retryAfter, context.nowMs);
  if (status === 429) {
    const waitMs = pauseMs ?? context.defaultPauseMs;
    return { outcome: 'limited', waitMs, error: new RateLimitedByProviderError(facts, waitMs) };
  }
  if (status >= 500 || status === 408) return { outcome: 'failed', error: unavailable(`status ${status}`, write, facts, pauseMs) };
  if (status >= 400) return classifyRefusal(status, body, errorBody?.isObject === true, facts, write);
  if (status >= 300 || status < 200) {
    return { outcome: 'failed', error: malformed(`status ${status}, which is not followed`, facts, write) };
  }
  return classifySuccess(status, body, facts, context);
}

function classifySuccess(status: number, body: string, facts: AnswerFacts, { write, document }: ResponseContext): ClassifiedResponse {
  if (document) {
    if (!isHtml(body)) return { outcome: 'accepted', body: undefined, facts };
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

/** 4xx. Bot checks and gateways in front of the API use the same statuses, so an HTML page or a 404 without the API's body is a failure. */
function classifyRefusal(status: number, body: string, isObject: boolean, facts: AnswerFacts, write: boolean): ClassifiedResponse {
  if (isHtml(body) || (status === 404 && !isObject)) {
    return { outcome: 'failed', error: unavailable(`status ${status} that is not the API's`, write, facts) };
  }
  if (status === 401) return { outcome: 'rejected', error: new TokenRejectedError(facts) };
  if (status === 403) return { outcome: 'refused', error: new ForbiddenByProviderError(facts) };
  if (status === 404) return { outcome: 'refused', error: new NotFoundAtProviderError(facts) };
  return { outcome: 'refused', error: new RefusedByProviderError(facts) };
}

function unavailable(reason: string, unknownOutcome: boolean, facts?: AnswerFacts, retryAfterMs?: number): ProviderError {
  return unknownOutcome ? new UnknownOutcomeError(reason, facts) : new ProviderUnavailableError(reason, facts, retryAfterMs);
}

function malformed(reason: string, facts: AnswerFacts, write: boolean): ProviderError {
  return write ? new UnknownOutcomeError(reason, facts) : new MalformedAnswerError(reason, facts);
}

/** Parses JSON; throws `MalformedAnswerError` for any other body. Characters that PostgreSQL cannot store become U+FFFD. */
function parseBody(body: string): unknown {
  if (isHtml(body)) throw new MalformedAnswerError('an HTML page');
  try {
    return UNSTORABLE_ESCAPES.test(body) ? JSON.parse(body, replaceUnstorable) : JSON.parse(body);
  } catch {
    throw new MalformedAnswerError('not JSON');
  }
}

function replaceUnstorable(_key: string, value: unknown): unknown {
  return typeof value === 'string' ? value.replaceAll(UNSTORABLE, '\ufffd') : value;
}

/** Proxies and bot checks in front of the API return HTML with any status and content type. */
function isHtml(body: string): boolean {
  return /^\s*(<!doctype html|<html|<head|<body|<!--|<\?xml)/i.test(body.slice(0, 512));
}

/** The parts of an error body that may be logged: `{id, message, request_id}`, or the beginning of its text. An echoed token is removed. */
function readErrorBody(body: string, token: string): { isObject: boolean; id?: string; message?: string; requestId?: string } {
  const parsed = parseErrorObject(body);
  if (!parsed) return { isObject: false, message: cleanText(body.slice(0, MAX_CLEANED_LENGTH).replaceAll(/<[^>]*>/g, ' '), token) };
  const message = parsed.message ?? parsed.error;
  return {
    isObject: true,
    id: codeLike(parsed.id),
    message: typeof message === 'string' ? cleanText(message, token) : undefined,
    requestId: codeLike(parsed.request_id),
  };
}

/** A machine-made name, or undefined for any other text: such values are written to logs and rows. */
function codeLike(value: unknown): string | undefined {
  return typeof value === 'string' && /^[\w.:-]{1,100}$/.test(value) ? value : undefined;
}

function parseErrorObject(body: string): Record<string, unknown> | undefined {
  if (body.length > MAX_PARSED_ERROR_LENGTH) return undefined;
  try {
    const parsed: unknown = JSON.parse(body);
    return typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed) ? (parsed as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

function cleanText(text: string, token: string): string | undefined {
  const clean = text
    .slice(0, MAX_CLEANED_LENGTH)
    .replaceAll(token, '[token]')
    .replaceAll(/\bdo[opr]_v1_\w+/g, '[token]')
    .replaceAll(/[\p{Cc}\p{Cf}\p{Cs}\s]+/gu, ' ')
    .trim();
  return clean === '' ? undefined : clean.slice(0, MAX_EXPLANATION_LENGTH);
}

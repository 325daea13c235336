import { MalformedAnswerError, ProviderUnavailableError, RateLimitedByProviderError } from './digitalocean.errors';

/** Repetitions after the first attempt. [SAG-19] */
const MAX_RETRIES = 3;
/** The pause before retry n is random, up to this times 2^(n-1). Full jitter spreads callers that failed at the same time. */
const BASE_PAUSE_MS = 250;
/** A longer pause is returned to the caller in the error, so that it does not occupy a worker. */
const MAX_PAUSE_MS = 60_000;
/** The longest `Retry-After` that is believed: one hour is the provider's longest rate limit window. */
const MAX_RETRY_AFTER_MS = 3_600_000;

/** The pause before a read that failed `attempts` times is retried; undefined when it must not be retried. */
export function pauseBeforeRetryMs(error: unknown, attempts: number, random: () => number = Math.random): number | undefined {
  if (attempts > MAX_RETRIES || !isTransient(error)) return undefined;
  const requestedMs = error.retryAfterMs ?? 0;
  return requestedMs > MAX_PAUSE_MS ? undefined : Math.max(requestedMs, random() * BASE_PAUSE_MS * 2 ** (attempts - 1));
}

function isTransient(error: unknown): error is ProviderUnavailableError | MalformedAnswerError | RateLimitedByProviderError {
  return error instanceof ProviderUnavailableError || error instanceof MalformedAnswerError || error instanceof RateLimitedByProviderError;
}

/** `Retry-After` in milliseconds, from seconds or an HTTP date, between 0 and one hour; undefined when it is absent or unreadable. */
export function retryAfterMs(header: unknown, nowMs: number): number | undefined {
  if (typeof header !== 'string' || header === '') return undefined;
  const seconds = /^\d+(\.\d+)?$/.test(header) ? Number(header) : undefined;
  const waitMs = seconds === undefined ? Date.parse(header) - nowMs : seconds * 1000;
  return Number.isNaN(waitMs) ? undefined : Math.min(Math.max(waitMs, 0), MAX_RETRY_AFTER_MS);
}

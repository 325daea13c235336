import { setTimeout as delay } from 'node:timers/promises';
import { MalformedAnswerError, ProviderUnavailableError, RateLimitedByProviderError } from '../provider.error';

/** Repetitions after the first attempt (SAG-19). */
const MOST_RETRIES = 3;
/** Before retry n the pause is anything up to this times 2^(n-1): full jitter, so that callers that failed together do not return together. */
const BASE_PAUSE_MS = 250;
/** A provider that asks for more is told to the caller instead of holding a worker. */
const LONGEST_PAUSE_MS = 60_000;

/** How long to pause before a read is repeated that failed `attempts` times; undefined when it must not be. */
export function pauseBeforeRetryMs(error: unknown, attempts: number, random: () => number = Math.random): number | undefined {
  if (attempts > MOST_RETRIES || !passes(error)) return undefined;
  const askedMs = error.retryAfterMs ?? 0;
  return askedMs > LONGEST_PAUSE_MS ? undefined : Math.max(askedMs, random() * BASE_PAUSE_MS * 2 ** (attempts - 1));
}

/** Rejects with the signal's reason when aborted. */
export async function sleep(pauseMs: number, signal?: AbortSignal): Promise<void> {
  await delay(pauseMs, undefined, { signal });
}

function passes(error: unknown): error is ProviderUnavailableError | MalformedAnswerError | RateLimitedByProviderError {
  return error instanceof ProviderUnavailableError || error instanceof MalformedAnswerError || error instanceof RateLimitedByProviderError;
}

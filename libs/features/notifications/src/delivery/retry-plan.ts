const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** The pause before each attempt after the first one. */
const PAUSES_MS = [5 * SECOND, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 5 * HOUR, 10 * HOUR, 14 * HOUR, 20 * HOUR, 24 * HOUR];
export const MOST_ATTEMPTS = PAUSES_MS.length + 1;
/** Pauses grow by up to this share, so that the messages of an outage do not all come back at once. */
const JITTER = 0.2;
/** A receiver cannot put a message off for longer. */
const LONGEST_RETRY_AFTER_MS = 24 * HOUR;
/** An endpoint that fails for so long, without one success, is disabled. */
export const FAILING_DAYS = 5;
/** A lease is longer than a call by this, so that a living worker records its outcome in time. */
export const LEASE_EXTRA_MS = 30_000;

/** The next attempt follows so long after one that the installation prevented. */
export const INSTALLATION_FAULT_PAUSE_MS = 5 * MINUTE;

/** What follows a failed attempt: another one after a pause, or none. */
export type NextStep = { readonly is: 'retry'; readonly afterMs: number } | { readonly is: 'given_up' };

/** `attempts` have been made. The receiver's `Retry-After` only makes a pause longer. `random`: 0 to 1. */
export function nextStep(attempts: number, retryAfterMs: number | undefined, random: number): NextStep {
  const pause = PAUSES_MS[attempts - 1];
  if (pause === undefined) return { is: 'given_up' };
  const jittered = pause * (1 + JITTER * random);
  return { is: 'retry', afterMs: Math.round(Math.max(jittered, Math.min(retryAfterMs ?? 0, LONGEST_RETRY_AFTER_MS))) };
}

/** The pause that a `Retry-After` header asks for, in seconds or as a date; undefined for any other text. */
export function retryAfterMs(header: string | undefined, nowMs: number): number | undefined {
  if (header === undefined) return undefined;
  if (/^\d{1,9}$/.test(header)) return Number(header) * SECOND;
  const at = Date.parse(header);
  return Number.isNaN(at) ? undefined : Math.max(0, at - nowMs);
}

/** Longest pause a header can ask for: an hour is the provider's longest window. */
const LONGEST_MS = 3_600_000;

/** `Retry-After` in milliseconds, from seconds or from an HTTP date; undefined when absent or unreadable. Never negative, at most an hour. */
export function retryAfterMs(header: string | undefined, nowMs: number): number | undefined {
  if (!header) return undefined;
  const seconds = /^\d+(\.\d+)?$/.test(header) ? Number(header) : undefined;
  const wait = seconds === undefined ? Date.parse(header) - nowMs : seconds * 1000;
  return Number.isNaN(wait) ? undefined : Math.min(Math.max(wait, 0), LONGEST_MS);
}

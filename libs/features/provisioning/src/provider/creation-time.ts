/**
 * How far the provider's clock and the database's may lie apart. The provider writes creation times in whole seconds, and both sides keep
 * network time, which is rarely off by more than a second; five minutes is wide of that and narrow against the age of what people made.
 */
export const CLOCK_SLACK_MS = 300_000;

/**
 * Whether a thing was surely not made before its saga was accepted (SAG-6). Pure. A thing without a readable creation time is not proven to be the
 * saga's: people copy tags and names.
 */
export function madeSince(createdAt: string | null, sagaCreatedAtMs: number): boolean {
  return createdAt !== null && Date.parse(createdAt) >= sagaCreatedAtMs - CLOCK_SLACK_MS;
}

import { CATALOGUE_SIZES } from '../demo-offers';

const HOUR_S = 3600;
/** The monthly price is reached after 28 days. */
const CAP_S = 672 * HOUR_S;
/** From here on seconds are billed, a minute at least; before it started hours. */
const PER_SECOND_SINCE_MS = Date.UTC(2026, 0, 1);

export const SNAPSHOT_CENTS_PER_GB = 6;
export const VOLUME_CENTS_PER_GIB = 10;
export const BALANCER_CENTS = 1_200;
export const UNUSED_IP_CENTS = 500;
export const SPACES_CENTS = 500;

/** A month of a size, in cents. */
export function sizeCents(slug: string): number {
  return Math.round((CATALOGUE_SIZES.find((size) => size.slug === slug)?.price_monthly ?? 0) * 100);
}

/** What a time costs at a monthly price, in whole cents and at least one. */
export function usageCents(monthlyCents: number, fromMs: number, toMs: number): number {
  const seconds = Math.ceil((toMs - fromMs) / 1000);
  const billed = fromMs < PER_SECOND_SINCE_MS ? Math.ceil(seconds / HOUR_S) * HOUR_S : Math.max(60, seconds);
  return Math.max(1, shareOf(monthlyCents, Math.min(billed, CAP_S), CAP_S));
}

/** `cents × part ÷ whole` in integers, half a cent up; also of negative cents, away from zero. */
export function shareOf(cents: number, part: number, whole: number): number {
  if (cents < 0) return -shareOf(-cents, part, whole);
  const doubled = 2 * cents * part + whole;
  return (doubled - (doubled % (2 * whole))) / (2 * whole);
}

import type { StepPolicy } from '../definition/saga-definition';

/** Full jitter: anywhere between nothing and the doubled pause, so that what failed together does not come back together. `attempt` counts from 1. */
export function backoffMs({ backoffMs: first, maxBackoffMs }: StepPolicy, attempt: number, random: () => number = Math.random): number {
  return Math.round(random() * Math.min(maxBackoffMs, first * 2 ** (attempt - 1)));
}

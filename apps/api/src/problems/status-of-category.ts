import type { ErrorCategory } from '#libs/kernel';

/** The one place where a category becomes a status. */
export const STATUS_OF_CATEGORY: Record<ErrorCategory, number> = {
  invalid: 400,
  unauthenticated: 401,
  forbidden: 403,
  not_found: 404,
  conflict: 409,
  gone: 410,
  rate_limited: 429,
  internal: 500,
  unknown_outcome: 502, // a write to the provider whose answer was lost: neither done nor not done
  unavailable: 503,
};

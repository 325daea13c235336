import { domainError } from '#libs/kernel';
import type { LimitReading } from '#libs/saga';

/** A limit of the tenant has no room for what the start would add. [TNT-2] */
export class LimitExceededError extends domainError(
  'limit_exceeded',
  'conflict',
  ({ limit, allowed, used, reserved, requested }: LimitReading) =>
    `${limit} allows ${allowed}: ${used} in use, ${reserved} reserved by open sagas, ${requested} requested. Destroy something, or ask the operator of this service for more`,
) {
  constructor(readonly reading: LimitReading) {
    super(reading);
  }
}

/** The tenant may not order this size, or not in this region. */
export class NotAllowedError extends domainError(
  'not_allowed',
  'conflict',
  (what: string, word: string, allowed: readonly string[]) =>
    `The ${what} ${word} is not allowed for this tenant: ${allowed.length === 0 ? 'no one is' : `choose one of ${allowed.join(', ')}`}`,
) {}

export class NameTakenError extends domainError(
  'name_taken',
  'conflict',
  (name: string) => `The tenant has a droplet of the name ${name} already, or an open order for one: choose another name`,
) {}

/** No list price is known, so the cost of the order is unknown. */
export class UnpricedOrderError extends domainError(
  'unpriced_order',
  'conflict',
  (size: string) => `The price of ${size} is not known: try again when the catalog has it, or ask the operator of this service`,
) {}

export class TooManyDestroysError extends domainError(
  'too_many_destroys',
  'rate_limited',
  (allowed: number) => `At most ${allowed} destroys of this tenant may start within an hour: try again after the time in Retry-After`,
) {
  constructor(
    allowed: number,
    override readonly retryAfterMs: number,
  ) {
    super(allowed);
  }
}

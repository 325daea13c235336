import { domainError } from '#libs/kernel';

/** The events of that time are unknown or archived, so it is unknown what existed. */
export class NotAccruableError extends domainError(
  'not_accruable',
  'invalid',
  (since: string, isInvoiced: boolean) =>
    `Costs before ${since} cannot be accrued: what existed then is not recorded. Ask for a later time, or ${isInvoiced ? 'for basis=invoiced' : 'wait until the operator of this service has rated the month'}`,
) {}

export class TooManyGroupsError extends domainError(
  'too_many_groups',
  'invalid',
  (most: number) => `The answer would have more than ${most} groups. Narrow it with a filter, group by less, or download it as CSV`,
) {}

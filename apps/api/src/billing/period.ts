import { Matches } from 'class-validator';

/** A month, as `2026-04` or as its first day. */
export const IsPeriod = () => Matches(/^(19|20|21)\d{2}-(0[1-9]|1[0-2])(-01)?$/, { message: '$property must be a month such as 2026-04' });

/** First day of the month, as tables have it. */
export function firstDayOf(period: string | undefined): string | undefined {
  return period === undefined ? undefined : `${period.slice(0, 7)}-01`;
}

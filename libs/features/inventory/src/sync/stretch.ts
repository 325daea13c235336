import type { Config } from '#libs/config';

/** A sweep that runs on a clock may use this much of its token; the rest is for everything else that the token serves. */
const SHARE = 1 / 4;

/** How far apart sweeps of so many calls must begin to stay within a quarter of the token's minute and of its hour, in ms. */
export function stretchMs(
  calls: number,
  {
    ratePerMinute,
    minuteWindowMs,
    ratePerHour,
    hourWindowMs,
  }: Pick<Config['provider'], 'ratePerMinute' | 'minuteWindowMs' | 'ratePerHour' | 'hourWindowMs'>,
): number {
  return Math.max((calls * minuteWindowMs) / (ratePerMinute * SHARE), (calls * hourWindowMs) / (ratePerHour * SHARE));
}

import { nextClaimMs } from './tick-claims';

const at = (time: string): number => Date.parse(`2026-05-01T${time}Z`);

describe('the next tick of a schedule may be claimed [OPS-7]', () => {
  it.each([
    { cron: '* * * * *', now: '12:00:00.050', next: '12:00:59.000', why: 'on time' },
    { cron: '* * * * *', now: '11:59:59.500', next: '12:00:59.000', why: 'half a second early is this slot, not the one before' },
    { cron: '* * * * *', now: '12:00:50.000', next: '12:00:59.000', why: 'late, and the next slot is not lost' },
    { cron: '*/15 * * * *', now: '12:00:07.000', next: '12:14:59.000', why: 'the quarter after' },
    { cron: '33 * * * *', now: '12:32:59.900', next: '13:32:59.000', why: 'hourly' },
    { cron: '* * * * * *', now: '12:00:01.000', next: '12:00:01.750', why: 'tolerance shrinks with the period' },
  ])('from $next when $cron was claimed at $now ($why)', ({ cron, now, next }) => {
    expect(new Date(nextClaimMs({ cron }, at(now))).toISOString()).toBe(new Date(at(next)).toISOString());
  });

  it('after half a period when there is no pattern', () => {
    expect(nextClaimMs({ everyMs: 60_000 }, at('12:00:00'))).toBe(at('12:00:30'));
  });
});

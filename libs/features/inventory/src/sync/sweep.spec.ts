import { minSweepIntervalMs } from './sweep';

const token = { ratePerMinute: 250, minuteWindowMs: 60_000, ratePerHour: 5_000, hourWindowMs: 3_600_000 };

it.each([
  { droplets: 200, everyMs: 60_000 },
  { droplets: 3_800, everyMs: 60_000 },
  { droplets: 10_000, everyMs: 180_000 },
  { droplets: 100_000, everyMs: 1_500_000 },
])('reads a list of $droplets droplets at most every $everyMs ms', ({ droplets, everyMs }) => {
  const calls = Math.ceil(droplets / 200) + 1; // the second list, of GPU machines, costs one more call
  expect(Math.ceil(minSweepIntervalMs(calls, token) / 60_000) * 60_000).toBe(Math.max(60_000, everyMs));
  expect((calls * 3_600_000) / Math.max(60_000, minSweepIntervalMs(calls, token))).toBeLessThanOrEqual(token.ratePerHour / 4);
});

import { KINDS, listedKind } from '../kinds';
import { callIntervalsMs, minSweepIntervalMs } from './sweep';

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

it('lets the kinds that are listed by parent use a fifth of the token together, however many parents there are [KND-3]', () => {
  const byParent = KINDS.filter(({ under }) => under !== undefined);
  const callsPerHour = callIntervalsMs(byParent, token).map((intervalMs) => token.hourWindowMs / intervalMs);
  expect(byParent.map(({ kind }) => kind).sort()).toEqual(['db_replica', 'dns_record', 'registry_repository']);
  expect(callsPerHour.reduce((sum, calls) => sum + calls, 0)).toBeLessThanOrEqual(token.ratePerHour / 5 + 1e-9);
  // 4,000 zones cost 4,000 calls, so their records are read every eight hours instead of every hour.
  expect(minSweepIntervalMs(4_000, token, listedKind('dns_record')?.under?.tokenShare)).toBe(8 * 3_600_000);
});

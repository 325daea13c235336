import { PoolService, POOLS, type PnlView } from '#libs/tenant-billing';
import { SeededRandom } from '../../support/seeded-random';
import { naiveBuckets, randomMonth, units, type RandomMonth } from './random-months';
import { RatedMonths } from './rated-months';
import { BECAUSE, newRatingWorld, type RatingWorld } from './rating-world';

const IS_LONG = process.env.TEST_LONG === '1';
const SEED = Number(process.env.FUZZ_SEED ?? Date.now() % 1_000_000);
const MONTHS = IS_LONG ? 10_000 : 40;
const CORRECTED_EVERY = 5;

if (IS_LONG) jest.setTimeout(3_600_000);

let world: RatingWorld;
let months: RatedMonths;
beforeAll(async () => {
  world = await newRatingWorld();
  months = new RatedMonths(world);
});
afterAll(() => world.close());

/** Rates a month, and expects the amounts of the walk over its lines in every bucket. Returns how many tenants have got a part of a pool. */
async function expectBuckets(month: string, given: RandomMonth): Promise<number> {
  await months.rated(month);
  const expected = naiveBuckets(month, given);
  const answer = await months.pnl(month);
  const of = (name: 'buy_direct' | 'buy_shared') =>
    Object.fromEntries(answer.tenants.map((one) => [one.tenant_id, units(one[name])]).filter(([, amount]) => amount !== 0n));
  const nonZero = (amounts: Map<string, bigint>) => Object.fromEntries([...amounts].filter(([, amount]) => amount !== 0n));
  expect({ month, direct: of('buy_direct'), shared: of('buy_shared') }).toEqual({
    month,
    direct: nonZero(expected.direct),
    shared: nonZero(expected.shared),
  });
  const { house, unattributed, tax_kept, credits_kept } = answer;
  const kept = { house, unattributed, tax_kept, credits_kept };
  expect(Object.fromEntries(Object.entries(kept).map(([name, amount]) => [name, units(amount)]))).toEqual(expected.kept);
  expect([units(answer.payable), answer.difference, answer.stale]).toEqual([expected.payable, '0.00', false]);
  const mismatches = given.invoices.filter(({ reconciliation }) => reconciliation === 'mismatch').length;
  expect(answer.unreconciled_invoices).toHaveLength(mismatches);
  expect(answer.total.sell).toBe(answer.tenants.length === 0 ? '0.00' : passThrough(answer));
  return expected.shared.size;
}

describe(`random months, seed ${SEED}`, () => {
  it('puts each amount of the provider into exactly one bucket, as a walk over the lines does, also after corrections [TBL-1]', async () => {
    const random = new SeededRandom(SEED);
    const pools = world.service(PoolService);
    let [shares, corrections] = [0, 0];
    for (let nth = 0; nth < MONTHS; nth++) {
      const month = await months.next();
      const given = randomMonth(random, month);
      await world.resources(given.resources);
      await world.invoices(month, given.invoices);
      const keepAll = POOLS.map((pool) => ({ pool, method: 'keep' as const }));
      await pools.set(
        month,
        keepAll.map((one) => (given.pools.find(({ pool }) => pool === one.pool) as typeof one | undefined) ?? one),
        BECAUSE,
      );
      shares += await expectBuckets(month, given);
      if (nth % CORRECTED_EVERY !== 0) continue;
      const later = randomMonth(random, month); // the provider corrects the month by more invoices
      await world.resources(later.resources);
      await world.invoices(month, later.invoices);
      const resources = [...given.resources, ...later.resources];
      await expectBuckets(month, { ...given, resources, invoices: [...given.invoices, ...later.invoices] });
      corrections += 1;
    }
    expect(Math.min(shares, corrections)).toBeGreaterThan(0);
  });
});

/** On the default card tenants pay what the provider charges. */
function passThrough({ total }: PnlView): string {
  const sum = units(total.buy_direct) + units(total.buy_shared);
  expect(units(total.sell)).toBe(sum);
  return total.sell;
}

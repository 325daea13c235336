import { Money } from '#libs/kernel';
import { naiveMonth } from '../../../../../test/support/naive-month';
import { MONTH_S, randomMonth, TENANT } from '../../../../../test/support/random-tenant-month';
import { SeededRandom } from '../../../../../test/support/seeded-random';
import { rateTenant } from './rate-tenant';

const SEED = Number(process.env.FUZZ_SEED ?? Date.now() % 1_000_000);
const MONTHS = process.env.TEST_LONG === '1' ? 10_000 : 200;

it(`agrees to the cent with a second way over ${MONTHS} random months, seed ${SEED} [TBL-1] [TBL-8]`, () => {
  const random = new SeededRandom(SEED);
  const seen = new Map<string, number>();
  for (let nth = 0; nth < MONTHS; nth += 1) {
    const month = randomMonth(random);
    const { pieces, more, sell } = rateTenant(TENANT, month.pieces, month.shares, month.plan, MONTH_S);
    const most = BigInt(pieces.length + more.length);
    const beside = sell.toUnits(10) - naiveMonth(month); // each line is rounded to 10 decimal places, the second way rounds sums
    expect({ nth, isEqual: beside <= most && -beside <= most, beside }).toMatchObject({ nth, isEqual: true });
    const lines = [...pieces, ...more];
    expect(Money.sum(lines.flatMap((line) => line.sell ?? [])).toUnits(10)).toBe(sell.toUnits(10));
    const models = [
      ...pieces.map(({ rate }) => rate?.model),
      ...more.map(({ explanation, lineKind }) => explanation.rate?.model ?? lineKind),
    ];
    for (const name of models) seen.set(name ?? '', (seen.get(name ?? '') ?? 0) + 1);
  }
  const models = ['free', 'cost_plus', 'fixed_per_sku', 'graduated', 'volume', 'package', 'free_allowance'];
  for (const name of [...models, 'discount', 'minimum_commitment', 'maximum_spend', 'recurring_fee'])
    expect({ name, isSeen: (seen.get(name) ?? 0) > 5 }).toEqual({ name, isSeen: true });
});

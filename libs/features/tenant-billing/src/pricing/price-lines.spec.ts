import { Money, ValidationFailedError } from '#libs/kernel';
import { array, assert, constantFrom, integer, option, property, record } from 'fast-check';
import { monthlyLines } from './monthly-terms';
import { priceLines, unitPrice, type PricedLine } from './price-lines';
import { PASS_THROUGH, readModel, type MonthlyTerms, type RateModel, type Tier } from './rate-model';

const SEED = Number(process.env.FUZZ_SEED ?? Date.now() % 1_000_000);
const RUNS = process.env.TEST_LONG === '1' ? 10_000 : 200;
const options = { numRuns: RUNS, seed: SEED };

/** A line in whole cents and whole units. */
interface Given {
  readonly resource: number | null;
  readonly cents: number;
  readonly units: number;
  readonly seconds: number;
}

const MONTH_S = 30 * 86_400;
const line = ({ resource, cents, units, seconds }: Given): PricedLine => ({
  resourceId: resource === null ? null : `resource-${resource}`,
  buy: Money.ofMinorUnits(BigInt(cents)),
  quantity: Money.parse(String(units)),
  seconds,
  monthSeconds: MONTH_S,
});
const given = record({
  resource: option(integer({ min: 1, max: 3 })),
  cents: integer({ min: -900, max: 900 }),
  units: integer({ min: 0, max: 40 }),
  seconds: integer({ min: 1, max: MONTH_S }),
});
const lines = array(given, { maxLength: 8 });
const cents = integer({ min: 0, max: 5_000 });
const text = (inCents: number) => Money.ofMinorUnits(BigInt(inCents)).toText();
const tiers = array(record({ width: integer({ min: 1, max: 25 }), perUnit: cents, flat: cents }), { minLength: 1, maxLength: 4 }).map(
  (widths): Tier[] => {
    let upTo = 0;
    return widths.map(({ width, perUnit, flat }, at) => {
      upTo += width;
      return { up_to: at === widths.length - 1 ? null : String(upTo), per_unit: text(perUnit), flat: text(flat) };
    });
  },
);

const sold = (model: RateModel, of: readonly Given[]): Money[] => priceLines(model, of.map(line));
const total = (model: RateModel, of: readonly Given[]): Money => Money.sum(sold(model, of));
const inCents = (amount: string): bigint => Money.parse(amount).toUnits(2);

/** The units of a month that count: those below zero lower the others, and the result is never below zero. */
const unitsOf = (of: readonly Given[]): number =>
  Math.max(
    0,
    of.reduce((sum, one) => sum + Math.sign(one.cents || 1) * one.units, 0),
  );

/** Lines that are priced together. */
function scopes(of: readonly Given[], scope: 'tenant' | 'resource'): (readonly Given[])[] {
  if (scope === 'tenant') return [of];
  const known = [1, 2, 3].map((resource) => of.filter((one) => one.resource === resource));
  return [...known, ...of.filter((one) => one.resource === null).map((one) => [one])];
}

/** Walks unit after unit, in cents. */
function naiveTiers(type: 'graduated' | 'volume', of: readonly Given[], all: readonly Tier[]): bigint {
  const units = unitsOf(of);
  const tierOf = (unit: number) => all.findIndex(({ up_to }) => up_to === null || unit <= Number(up_to));
  if (units === 0) return 0n;
  if (type === 'volume') {
    const tier = all[tierOf(units)];
    return (
      BigInt(units) * inCents(tier?.per_unit ?? '0') + (of.some((one) => one.cents >= 0 && one.units > 0) ? inCents(tier?.flat ?? '0') : 0n)
    );
  }
  let sum = 0n;
  for (let unit = 1; unit <= units; unit++) sum += inCents(all[tierOf(unit)]?.per_unit ?? '0');
  for (let tier = 0; tier <= tierOf(units); tier++) sum += inCents(all[tier]?.flat ?? '0');
  return sum;
}

describe(`random lines, seed ${SEED}`, () => {
  it('cost plus nothing is what the provider charges', () => {
    assert(
      property(lines, (of) => {
        expect(sold(PASS_THROUGH, of).map((sell) => sell.toUnits(2))).toEqual(of.map((one) => BigInt(one.cents)));
      }),
      options,
    );
  });

  it('cost plus a percentage has the margin between its bounds, with the sign of the line', () => {
    assert(
      property(lines, integer({ min: 0, max: 300 }), option(cents), option(cents), cents, (of, percent, low, high, fixed) => {
        const [min, max] = low !== null && high !== null && low > high ? [high, low] : [low, high];
        const bound = (value: number | null) => (value === null ? null : text(value));
        const model = readModel(
          {
            type: 'cost_plus',
            percent: String(percent),
            fixed_per_resource_month: text(fixed),
            min_margin: bound(min),
            max_margin: bound(max),
          },
          'model',
        );
        const seen = new Set<number>();
        const expected = of.map(({ cents: buy, resource }) => {
          const scaled = BigInt(Math.abs(buy)) * BigInt(percent);
          const [least, most] = [min === null ? scaled : BigInt(min) * 100n, max === null ? null : BigInt(max) * 100n];
          const raised = scaled < least ? least : scaled;
          const margin = most !== null && raised > most ? most : raised;
          const isFirst = buy >= 0 && resource !== null && !seen.has(resource);
          if (isFirst) seen.add(resource);
          return BigInt(buy) * 100n + (buy < 0 ? -margin : margin) + (isFirst ? BigInt(fixed) * 100n : 0n);
        });
        expect(sold(model, of).map((sell) => sell.toUnits(4))).toEqual(expected);
      }),
      options,
    );
  });

  it.each(['graduated', 'volume'] as const)('%s tiers cost what a walk over all units costs', (type) => {
    assert(
      property(lines, tiers, constantFrom('tenant' as const, 'resource' as const), (of, all, scope) => {
        const model = readModel({ type, scope, tiers: all }, 'model');
        const expected = scopes(of, scope).reduce((sum, group) => sum + naiveTiers(type, group, all), 0n);
        expect(total(model, of).toUnits(2)).toBe(expected);
      }),
      options,
    );
  });

  it('packages cost their price for each one that is begun', () => {
    assert(
      property(lines, integer({ min: 1, max: 30 }), cents, integer({ min: 0, max: 20 }), (of, size, price, free) => {
        let [left, packages] = [unitsOf(of) - free, 0n];
        for (; left > 0; left -= size) packages++;
        const model = readModel({ type: 'package', size: String(size), price: text(price), free: String(free) }, 'model');
        expect(total(model, of).toUnits(2)).toBe(packages * BigInt(price));
      }),
      options,
    );
  });

  it('an allowed amount is taken off once, and never more than there is', () => {
    assert(
      property(lines, cents, constantFrom('tenant' as const, 'resource' as const), (of, allowed, per) => {
        const expected = scopes(of, per).reduce((sum, group) => {
          const charged = Math.max(
            0,
            group.reduce((all, one) => all + one.cents, 0),
          );
          return sum + BigInt(Math.max(0, charged - allowed));
        }, 0n);
        expect(total(readModel({ type: 'free_allowance', amount: text(allowed), per }, 'model'), of).toUnits(2)).toBe(expected);
      }),
      options,
    );
  });

  it('an allowed quantity makes the first units free, and the others cost what the provider charges for each', () => {
    const positive = array(
      given.map((one) => ({ ...one, cents: Math.abs(one.cents), units: one.units + 1 })),
      { maxLength: 8 },
    );
    assert(
      property(positive, integer({ min: 0, max: 120 }), (of, allowed) => {
        let left = allowed;
        const expected = of.map((one) => {
          const free = Math.min(left, one.units);
          left -= free;
          return Money.ofMinorUnits(BigInt(one.cents))
            .ratio(BigInt(one.units - free), BigInt(one.units), 10)
            .toText();
        });
        const model = readModel({ type: 'free_allowance', quantity: String(allowed), per: 'tenant' }, 'model');
        expect(sold(model, of).map((sell) => sell.round(10, 'half_away').toText())).toEqual(expected);
      }),
      options,
    );
  });

  it('a fixed price of a month is never more than the whole price, and has the sign of the line', () => {
    assert(
      property(lines, cents, constantFrom('none', 'day', 'hour', 'as_provider'), (of, price, proration) => {
        const sells = sold(readModel({ type: 'fixed_per_sku', price: text(price), unit: 'month', proration }, 'model'), of);
        for (const [at, { cents: buy, seconds }] of of.entries()) {
          const parts = {
            none: 1,
            day: Math.ceil(seconds / 86_400) / 30,
            hour: Math.ceil(seconds / 3_600) / 720,
            as_provider: seconds / (672 * 3_600),
          };
          const expected = (price / 100) * Math.min(1, parts[proration]) * (buy < 0 ? -1 : 1);
          expect(Number(sells[at]?.toText())).toBeCloseTo(expected, 6);
        }
      }),
      options,
    );
  });

  it('a month lies between its minimum and its maximum, without the fee', () => {
    const optional = option(cents.map(text));
    const terms = record({ discount_percent: option(integer({ min: 0, max: 100 }).map(String)), recurring_fee: optional });
    const amount = integer({ min: -5_000, max: 9_000 });
    assert(
      property(amount, terms, option(cents), option(cents), (net, { discount_percent, recurring_fee }, low, high) => {
        const [min, max] = low !== null && high !== null && low > high ? [high, low] : [low, high];
        const all: MonthlyTerms = {
          discount_percent,
          recurring_fee,
          minimum_commitment: min === null ? null : text(min),
          maximum_spend: max === null ? null : text(max),
        };
        const discounted = net < 0 ? net * 100 : net * (100 - Number(discount_percent ?? 0));
        const raised = min === null ? discounted : Math.max(discounted, min * 100);
        const bounded = max === null ? raised : Math.min(raised, max * 100);
        const expected = BigInt(bounded) + inCents(recurring_fee ?? '0') * 100n;
        const start = Money.ofMinorUnits(BigInt(net));
        const sum = Money.sum([start, ...monthlyLines(start, all).map((one) => one.amount)]);
        expect(sum.toUnits(4)).toBe(expected);
      }),
      options,
    );
  });
});

it.each([
  [{ type: 'cost_plus', percent: '-5' }, 'model.percent'],
  [{ type: 'cost_plus', percent: 20 }, 'model.percent'],
  [{ type: 'package', size: '0', price: '1' }, 'model.size'],
  [{ type: 'graduated', tiers: [] }, 'model.tiers'],
  [{ type: 'volume', tiers: [{ up_to: '10', per_unit: '1' }] }, 'model.tiers.0.up_to'],
  [
    {
      type: 'volume',
      tiers: [
        { up_to: '10', per_unit: '1' },
        { up_to: '9', per_unit: '1' },
        { up_to: null, per_unit: '1' },
      ],
    },
    'model.tiers.1.up_to',
  ],
  [{ type: 'free_allowance' }, 'model'],
  [{ type: 'free_allowance', quantity: '1', amount: '1' }, 'model'],
  [{ type: 'free', percent: '1' }, 'model.percent'],
  [{ type: 'gift' }, 'model.type'],
  ['free', 'model.type'],
])('refuses the model %j and names %s', (model, field) => {
  const problems = (): readonly string[] => {
    try {
      readModel(model, 'model');
      return [];
    } catch (error) {
      return error instanceof ValidationFailedError ? error.errors.map((problem) => problem.field) : [String(error)];
    }
  };
  expect(problems()).toContain(field);
});

describe('the price of one thing', () => {
  const list = { hourly: Money.parse('0.01674'), monthly: Money.parse('11.25') };
  const priceOf = (model: object, of = list) => {
    const price = unitPrice(readModel(model, 'model'), of, null, MONTH_S);
    return price && [price.monthly.toAmountText(), price.hourly.toAmountText()];
  };

  it.each([
    [{ type: 'cost_plus', percent: '0' }, '11.25', '0.01674'],
    [{ type: 'cost_plus', percent: '20' }, '13.50', '0.020088'],
    [{ type: 'cost_plus', percent: '20', max_margin: '1' }, '12.25', '0.018228'],
    [{ type: 'cost_plus', percent: '0', fixed_per_resource_month: '11.25' }, '22.50', '0.03348'],
    [{ type: 'fixed_per_sku', price: '15', unit: 'month', proration: 'day' }, '15.00', '0.02232'],
    [{ type: 'fixed_per_sku', price: '0.02', unit: 'hour', proration: 'as_provider' }, '13.44', '0.02'],
    [{ type: 'fixed_per_sku', price: '0.02', unit: 'hour', proration: 'none' }, '14.40', '0.02'],
    [{ type: 'free' }, '0.00', '0.00'],
  ])('is by %j %s a month and %s an hour', (model, monthly, hourly) => {
    expect(priceOf(model)).toEqual([monthly, hourly]);
  });

  it.each([
    { type: 'graduated', scope: 'tenant', tiers: [{ up_to: null, per_unit: '1', flat: '0' }] },
    { type: 'package', size: '10', price: '5', free: '1' },
    { type: 'free_allowance', quantity: '50', per: 'resource' },
  ])('cannot be told by %j, which needs the other lines of the month', (model) => {
    expect(priceOf(model)).toBeNull();
  });

  it('is a price an hour also where the list price is zero', () => {
    const nothing = { hourly: Money.parse('0'), monthly: Money.parse('0') };
    expect(priceOf({ type: 'fixed_per_sku', price: '6.72', unit: 'month', proration: 'none' }, nothing)).toEqual(['6.72', '0.01']);
  });
});

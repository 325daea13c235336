import { Money } from './money';

const usd = (text: string) => Money.parse(text);

/** A seeded generator, so that a failure can be repeated. */
function randomAmounts(seed: number, count: number): string[] {
  let state = seed;
  const next = (limit: number) => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return Math.floor((state / 2_147_483_648) * limit);
  };
  return Array.from({ length: count }, () => {
    const places = next(11);
    const digits = Array.from({ length: 1 + next(14) + places }, () => next(10)).join('');
    const [whole, fraction] = [digits.slice(0, digits.length - places).replace(/^0+(?=\d)/, ''), digits.slice(digits.length - places)];
    const text = places === 0 ? whole : `${whole}.${fraction}`;
    return next(2) === 0 || !/[1-9]/.test(text) ? text : `-${text}`;
  });
}
const SEED = Number(process.env.FUZZ_SEED ?? Date.now() % 1_000_000);
const RANDOM = randomAmounts(SEED, 400);
const pairs = RANDOM.slice(1).map((text, at) => [usd(RANDOM[at] ?? '0'), usd(text)] as const);

it.each(['0', '0.00', '12.34', '-0.01', '86.9200', '123456789012.0123456789', '-1'])('keeps every digit of %s [BIL-1]', (text) => {
  expect(usd(text).toText()).toBe(text);
  expect(JSON.stringify({ amount: usd(text) })).toBe(`{"amount":"${text}"}`);
});

it.each(['', '-', '.5', '1.', '1e3', 'NaN', 'Infinity', '0x1', '1,000', ' 1', '1 ', '+1', '--1', '1.2.3', '9'.repeat(101)])(
  'refuses the text %p',
  (text) => {
    expect(() => usd(text)).toThrow(RangeError);
  },
);

it.each([
  ['0.1', '0.2', '0.3', '-0.1'],
  ['86.92', '86.920', '173.840', '0.000'],
  ['-5', '5.00', '0.00', '-10.00'],
  ['9007199254740993', '1', '9007199254740994', '9007199254740992'],
])('adds and subtracts %s and %s exactly', (a, b, sum, difference) => {
  expect(usd(a).add(usd(b)).toText()).toBe(sum);
  expect(usd(a).subtract(usd(b)).toText()).toBe(difference);
});

it.each([
  ['86.9200', '86.92'],
  ['0.00', '0'],
  ['100', '100'],
  ['-0.20', '-0.2'],
  ['10.00', '10'],
])('trims %s to %s', (text, short) => {
  expect(usd(text).trim().toText()).toBe(short);
});

it.each([
  { text: '0.125', away: '0.13', even: '0.12' },
  { text: '0.135', away: '0.14', even: '0.14' },
  { text: '-0.125', away: '-0.13', even: '-0.12' },
  { text: '0.1249999999', away: '0.12', even: '0.12' },
  { text: '0.1250000001', away: '0.13', even: '0.13' },
  { text: '7', away: '7.00', even: '7.00' },
  { text: '-0.001', away: '0.00', even: '0.00' },
])('rounds $text to cents as $away away from zero and as $even to even', ({ text, away, even }) => {
  expect(usd(text).round(2, 'half_away').toText()).toBe(away);
  expect(usd(text).round(2, 'half_even').toText()).toBe(even);
});

it('gives whole minor units, and refuses what a number of JSON cannot hold', () => {
  expect(usd('-1.005').toMinorUnits('half_away')).toBe(-101);
  expect(Money.ofMinorUnits(-101n).toText()).toBe('-1.01');
  expect(() => usd('90071992547410').toMinorUnits('half_away')).toThrow(RangeError);
});

it('multiplies by an exact decimal number', () => {
  expect(usd('0.00893').multiply('744').toText()).toBe('6.64392');
  expect(usd('-1.5').multiply('0.10').toText()).toBe('-0.150');
});

it('combines only amounts of one currency', () => {
  expect(() => usd('1').add(Money.parse('1', 'EUR'))).toThrow('USD and EUR');
  expect(String(Money.parse('1.50', 'EUR'))).toBe('1.50 EUR');
});

describe(`for ${RANDOM.length} random amounts (seed ${SEED})`, () => {
  it('parsing and writing are inverse', () => {
    for (const text of RANDOM) expect(usd(text).toText()).toBe(text);
  });

  it('addition commutes, and subtraction undoes it', () => {
    for (const [a, b] of pairs) {
      expect(a.add(b).equals(b.add(a))).toBe(true);
      expect(a.add(b).subtract(b).equals(a)).toBe(true);
      expect(a.subtract(a).isZero()).toBe(true);
    }
  });

  it('a sum does not depend on the order', () => {
    const amounts = RANDOM.map(usd);
    expect(Money.sum(amounts).equals(Money.sum(amounts.toReversed()))).toBe(true);
  });

  it('comparison agrees with the sign of the difference', () => {
    for (const [a, b] of pairs) {
      const difference = a.subtract(b).toText();
      const sign = a.subtract(b).isZero() ? 0 : difference.startsWith('-') ? -1 : 1;
      expect(a.compare(b)).toBe(sign);
      expect(b.compare(a)).toBe(sign === 0 ? 0 : -sign);
    }
  });

  it('multiplication distributes over addition', () => {
    for (const [a, b] of pairs)
      expect(
        a
          .add(b)
          .multiply('-3.25')
          .equals(a.multiply('-3.25').add(b.multiply('-3.25'))),
      ).toBe(true);
  });

  it('a rounded amount is at most half a cent away, and rounding it again changes nothing', () => {
    for (const [amount] of pairs)
      for (const rounding of ['half_away', 'half_even'] as const) {
        const rounded = amount.round(2, rounding);
        const distance = rounded.subtract(amount).toText().replace('-', '');
        expect(usd(distance).compare(usd('0.005'))).toBeLessThanOrEqual(0);
        expect(rounded.round(2, rounding).toText()).toBe(rounded.toText());
      }
  });
});

it.each([
  ['0', '0.00'],
  ['12', '12.00'],
  ['12.5', '12.50'],
  ['0.00744000', '0.00744'],
  ['-3.10', '-3.10'],
])('D3: writes the amount %s of the API as %s [BIL-1]', (stored, written) => {
  expect(Money.parse(stored).toAmountText()).toBe(written);
});

it.each([
  ['10', 1n, 3n, 4, '3.3333'],
  ['-10', 2n, 3n, 4, '-6.6667'],
  ['0.05', 1n, 2n, 2, '0.03'],
  ['-0.05', 1n, 2n, 2, '-0.03'],
  ['0.05', -1n, 2n, 2, '-0.03'],
  ['7', 6n, 2n, 0, '21'],
] as const)('takes of %s the part %s / %s with %s places: %s [BIL-1]', (amount, numerator, denominator, places, part) => {
  expect(usd(amount).ratio(numerator, denominator, places).toText()).toBe(part);
});

it.each([
  ['0.10', [1n, 1n, 1n], ['0.04', '0.03', '0.03']],
  ['-0.10', [1n, 1n, 1n], ['-0.04', '-0.03', '-0.03']],
  ['1', [0n, 1n], ['0.00', '1.00']],
  ['0.001', [1n, 1n], ['0.001', '0.000']],
  ['100', [1n, 2n], ['33.33', '66.67']],
])('splits %s by weights %s into parts that add up to it [BIL-1]', (amount, weights, parts) => {
  expect(
    usd(amount)
      .allocate(weights)
      .map((part) => part.toText()),
  ).toEqual(parts);
});

it('splits every amount without losing or adding a unit, and refuses weights without a sum [BIL-1]', () => {
  for (const [amount, other] of pairs) {
    const weights = [3n, 0n, other.toUnits(2) < 0n ? -other.toUnits(2) : other.toUnits(2), 7n];
    expect(Money.sum(amount.allocate(weights)).equals(amount)).toBe(true);
  }
  expect(() => usd('1').allocate([0n, 0n])).toThrow(RangeError);
  expect(() => usd('1').allocate([2n, -1n])).toThrow(RangeError);
});

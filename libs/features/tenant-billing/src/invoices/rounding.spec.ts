import { Money } from '#libs/kernel';
import * as fc from 'fast-check';
import { decimalsOf } from '../pricing/tenant-document';
import { roundLines, type ExactLine } from './rounding';

/** Amounts in 10^-6, so that naive code can count whole numbers. */
const PLACES = 6;

const lineArb = fc.record({ units: fc.bigInt(-3_000_000n, 3_000_000n), group: fc.constantFrom('S 10', 'Z 0', 'AE 0') });
const linesArb = fc.array(lineArb, { maxLength: 25 });
const decimalsArb = fc.constantFrom(0, 2, 3);

const toLine = ({ units, group }: { units: bigint; group: string }): ExactLine => ({
  exact: Money.parse('1').ratio(1n, 1_000_000n, PLACES).multiply(String(units)),
  group,
});

const unitsOf = (amount: Money): bigint => amount.toUnits(PLACES);

/**
 * The same in another way: it begins with every line rounded down, and raises one line after another by the smallest amount, each time the one
 * that is furthest below its exact value, until no further step brings the sum of the group nearer to the exact sum.
 */
function naive(lines: readonly { units: bigint; group: string }[], decimals: number): bigint[] {
  const step = 10n ** BigInt(PLACES - decimals);
  const nets = lines.map(({ units }) => {
    let down = (units / step) * step;
    while (down > units) down -= step;
    return down;
  });
  for (const group of new Set(lines.map((line) => line.group))) {
    const members = lines.flatMap((line, at) => (line.group === group ? [at] : []));
    const exact = members.reduce((sum, at) => sum + (lines[at]?.units ?? 0n), 0n);
    const raised = new Set<number>();
    for (;;) {
      const distance = exact - members.reduce((sum, at) => sum + (nets[at] ?? 0n), 0n);
      if (distance * 2n < step || (distance * 2n === step && exact < 0n)) break;
      let best: number | undefined;
      for (const at of members) {
        if (raised.has(at)) continue;
        const below = (lines[at]?.units ?? 0n) - (nets[at] ?? 0n);
        if (best === undefined || below > (lines[best]?.units ?? 0n) - (nets[best] ?? 0n)) best = at;
      }
      if (best === undefined) break;
      raised.add(best);
      nets[best] = (nets[best] ?? 0n) + step;
    }
  }
  return nets;
}

it('rounds like the naive way that raises one line after another', () => {
  fc.assert(
    fc.property(linesArb, decimalsArb, (lines, decimals) => {
      expect(roundLines(lines.map(toLine), decimals, 'USD').map(unitsOf)).toEqual(naive(lines, decimals));
    }),
    { numRuns: process.env.TEST_LONG === '1' ? 20_000 : 500 },
  );
});

it('keeps the sum of each tax group within half a unit of its exact sum, and each line within one unit of its value [TBL-8]', () => {
  fc.assert(
    fc.property(linesArb, decimalsArb, (lines, decimals) => {
      const step = 10n ** BigInt(PLACES - decimals);
      const nets = roundLines(lines.map(toLine), decimals, 'USD').map(unitsOf);
      const magnitude = (value: bigint) => (value < 0n ? -value : value);
      for (const group of new Set(lines.map((line) => line.group))) {
        const difference = lines.reduce((sum, line, at) => (line.group === group ? sum + line.units - (nets[at] ?? 0n) : sum), 0n);
        expect(magnitude(difference) * 2n).toBeLessThanOrEqual(step);
      }
      for (const [at, { units }] of lines.entries()) expect(magnitude(units - (nets[at] ?? 0n))).toBeLessThan(step);
    }),
    { numRuns: 300 },
  );
});

it.each([
  { exacts: ['0.005', '0.005'], decimals: 2, nets: ['0.01', '0.00'] },
  { exacts: ['0.3333333333', '0.3333333333', '0.3333333334'], decimals: 2, nets: ['0.33', '0.33', '0.34'] },
  { exacts: ['-0.005', '-0.001'], decimals: 2, nets: ['-0.01', '0.00'] },
  { exacts: ['10.5', '10.5'], decimals: 0, nets: ['11', '10'] },
  { exacts: ['1.00049', '1.0005'], decimals: 3, nets: ['1.000', '1.001'] },
])('rounds $exacts to $nets with $decimals decimal places: ties go to the earlier line', ({ exacts, decimals, nets }) => {
  const lines = exacts.map((exact) => ({ exact: Money.parse(exact), group: 'S 10' }));
  expect(roundLines(lines, decimals, 'USD').map((net) => net.toText())).toEqual(nets);
});

it('knows currencies without cents and with three decimal places', () => {
  expect(['USD', 'EUR', 'JPY', 'KWD'].map(decimalsOf)).toEqual([2, 2, 0, 3]);
});

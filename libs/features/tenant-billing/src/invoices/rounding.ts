import { Money } from '#libs/kernel';

/** Decimal places of the currencies that have not two (ISO 4217). */
const OTHER_DECIMALS: Readonly<Record<string, number>> = {
  BIF: 0, CLP: 0, DJF: 0, GNF: 0, ISK: 0, JPY: 0, KMF: 0, KRW: 0, PYG: 0, RWF: 0, UGX: 0, VND: 0, VUV: 0, XAF: 0, XOF: 0, XPF: 0,
  BHD: 3, IQD: 3, JOD: 3, KWD: 3, LYD: 3, OMR: 3, TND: 3,
}; // prettier-ignore

/** Decimal places of a currency: 2, for JPY 0, for KWD 3. */
export const decimalsOf = (currency: string): number => OTHER_DECIMALS[currency] ?? 2;

export interface ExactLine {
  /** The value before it is rounded. */
  readonly exact: Money;
  /** Lines of one tax group are rounded together. */
  readonly group: string;
}

/**
 * The nets of the lines of a document, in their order. The nets of a group add up to its exact sum, rounded half away from zero: each line gets its
 * value rounded down, and the units that are left go, one each, to the largest remainders; ties go to the earlier line. Pure.
 */
export function roundLines(lines: readonly ExactLine[], decimals: number, currency: string): Money[] {
  const places = Math.max(decimals, ...lines.map(({ exact }) => placesOf(exact)));
  const scale = 10n ** BigInt(places - decimals);
  const groups = new Map<string, number[]>();
  for (const [at, { group }] of lines.entries()) {
    const members = groups.get(group);
    if (members) members.push(at);
    else groups.set(group, [at]);
  }
  const nets = lines.map(() => 0n);
  for (const members of groups.values()) {
    const parts = members.map((at) => {
      const exact = lines[at]?.exact.toUnits(places) ?? 0n;
      const down = floorOf(exact, scale);
      return { at, exact, down, remainder: exact - down * scale };
    });
    const sum = parts.reduce((total, { exact }) => total + exact, 0n);
    const left = Number(halfAway(sum, scale) - parts.reduce((total, { down }) => total + down, 0n));
    const inTurn = parts.toSorted((a, b) => (a.remainder === b.remainder ? a.at - b.at : a.remainder > b.remainder ? -1 : 1));
    for (const [nth, { at, down }] of inTurn.entries()) nets[at] = nth < left ? down + 1n : down;
  }
  const unit = Money.parse('1', currency).ratio(1n, 10n ** BigInt(decimals), decimals);
  return nets.map((net) => unit.multiply(String(net)));
}

/** The number of decimal places in which the amount is written. */
const placesOf = (amount: Money): number => amount.toText().split('.')[1]?.length ?? 0;

const floorOf = (value: bigint, scale: bigint): bigint => value / scale - (value % scale < 0n ? 1n : 0n);

function halfAway(value: bigint, scale: bigint): bigint {
  const size = value < 0n ? -value : value;
  const rounded = (size * 2n + scale) / (scale * 2n);
  return value < 0n ? -rounded : rounded;
}

import { Money } from '#libs/kernel';
import { roundTogether } from '../documents/document-sealer';

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

/** The nets of the lines of a document, in their order: those of each tax group are rounded together. Pure. */
export function roundLines(lines: readonly ExactLine[], decimals: number, currency: string): Money[] {
  const groups = new Map<string, number[]>();
  for (const [at, { group }] of lines.entries()) {
    const members = groups.get(group);
    if (members) members.push(at);
    else groups.set(group, [at]);
  }
  const nets = new Map<number, Money>();
  for (const members of groups.values()) {
    const exacts = members.flatMap((at) => lines[at]?.exact ?? []);
    const { parts } = roundTogether(exacts, decimals, currency);
    for (const [nth, at] of members.entries()) nets.set(at, Money.parse(parts[nth]?.value ?? '0', currency));
  }
  return lines.map((_line, at) => nets.get(at) ?? Money.parse('0', currency));
}

import type { Schemas } from '../../client/client';

type Line = Schemas['TenantInvoiceLineResponse'];
type Note = Schemas['CreditNoteResponse'];

/** An amount as whole minor units, so that cents add up exactly. Throws nothing: text that is no amount is null. */
export function minor(text: string, places: number): bigint | null {
  const match = /^(-?)(\d{1,12})(?:\.(\d+))?$/.exec(text.trim());
  if (!match) return null;
  const [, sign = '', whole = '', fraction = ''] = match;
  if (fraction.length > places && /[1-9]/.test(fraction.slice(places))) return null;
  const units = BigInt(whole + fraction.slice(0, places).padEnd(places, '0'));
  return sign === '-' ? -units : units;
}

export function amountText(units: bigint, places: number): string {
  const digits = String(units < 0n ? -units : units).padStart(places + 1, '0');
  const whole = digits.slice(0, digits.length - places);
  return `${units < 0n ? '-' : ''}${whole}${places > 0 ? `.${digits.slice(-places)}` : ''}`;
}

const EXACT_PLACES = 10;

/** Quantity times price in minor units, rounded half away from zero. Null while one of them is no number. Pure. */
export function netOf(quantity: string, price: string, places: number): bigint | null {
  const [much, each] = [minor(quantity, EXACT_PLACES), minor(price, EXACT_PLACES)];
  if (much === null || each === null) return null;
  const unit = 10n ** BigInt(2 * EXACT_PLACES - places);
  const exact = much * each;
  return (exact + (exact < 0n ? -unit : unit) / 2n) / unit;
}

/** The places of a currency, by the amounts that the API gives in it. */
export const placesOf = (amount: string): number => amount.split('.')[1]?.length ?? 0;

/** What can still be credited of each line, in minor units. Pure. */
export function creditable(lines: readonly Line[], notes: readonly Note[], places: number): ReadonlyMap<number, bigint> {
  const left = new Map(lines.map(({ line_no: no, net }) => [no, minor(net, places) ?? 0n]));
  for (const { line_no: no, net } of notes.flatMap((note) => note.lines)) left.set(no, (left.get(no) ?? 0n) - (minor(net, places) ?? 0n));
  return left;
}

interface Credited {
  readonly net: bigint;
  /** Category and rate. */
  readonly group: string;
  readonly rate: string;
}

/**
 * Net, tax and total of a credit note before it is issued. All credit notes of an invoice together have the tax of one over the same lines,
 * rounded half away from zero for each rate. The API computes it again and has the last word. Pure.
 */
export function creditTotals(now: readonly Credited[], earlier: readonly Credited[]) {
  const net = now.reduce((sum, one) => sum + one.net, 0n);
  const groups = new Map(now.map(({ group, rate }) => [group, rate]));
  const sumOf = (some: readonly Credited[], group: string) => some.reduce((sum, one) => (one.group === group ? sum + one.net : sum), 0n);
  let tax = 0n;
  for (const [group, rate] of groups) {
    const before = sumOf(earlier, group);
    tax += taxOf(before + sumOf(now, group), rate) - taxOf(before, rate);
  }
  return { net, tax, total: net + tax };
}

const RATE_PLACES = 4;

function taxOf(net: bigint, rate: string): bigint {
  const scaled = net * (minor(rate, RATE_PLACES) ?? 0n);
  const unit = 100n * 10n ** BigInt(RATE_PLACES);
  const half = scaled < 0n ? -(unit / 2n) : unit / 2n;
  return (scaled + half) / unit;
}

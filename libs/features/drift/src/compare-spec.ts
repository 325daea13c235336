import { canonicalJson } from '#libs/kernel';

/**
 * Compares a field of the desired state with its live value, whatever their notation: scalars as text, a name without its trailing dot,
 * lists as sets, objects field by field; null equals null only. Detection uses the same rule in SQL (`arcadia_loosely_equal`), and a
 * test runs the same cases through both. [DRF-1]
 */
export function looselyEqual(one: unknown, other: unknown): boolean {
  return canonicalJson(looseForm(one)) === canonicalJson(looseForm(other));
}

function looseForm(value: unknown): unknown {
  if (value === null || value === undefined) return null;
  if (Array.isArray(value)) return [...new Map(value.map(keyed)).entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, form]) => form);
  if (typeof value === 'object') return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, looseForm(part)]));
  if (typeof value === 'number') return plainDecimal(value);
  const written = typeof value === 'string' ? value : JSON.stringify(value);
  return written.length > 1 && written.endsWith('.') ? written.slice(0, -1) : written;
}

function keyed(element: unknown): [string, unknown] {
  const form = looseForm(element);
  return [canonicalJson(form), form];
}

/** Writes a number as PostgreSQL does: without an exponent. */
function plainDecimal(number: number): string {
  const [digits = '', exponent] = String(number).split('e');
  if (exponent === undefined) return digits === '-0' ? '0' : digits;
  const [, sign = '', whole = '', fraction = ''] = /^(-?)(\d+)\.?(\d*)$/.exec(digits) ?? [];
  const shift = Number(exponent);
  if (shift < 0) return `${sign}0.${'0'.repeat(-shift - whole.length)}${whole}${fraction}`;
  return `${sign}${whole}${fraction.padEnd(shift, '0')}`;
}

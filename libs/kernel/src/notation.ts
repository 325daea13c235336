import { isIPv4, isIPv6 } from 'node:net';

/**
 * Whether a value means nothing. The provider writes nothing in five ways: null, an absent field, `""`, `[]` and `{}`.
 * False and 0 are values.
 */
export function isNothing(value: unknown): boolean {
  if (value === null || value === undefined || value === '') return true;
  if (typeof value !== 'object') return false;
  return Array.isArray(value) ? value.length === 0 : Object.keys(value).length === 0;
}

const IPV4_HOST = /^((?:0|[1-9]\d{0,2})(?:\.(?:0|[1-9]\d{0,2})){3})\/32$/;
const IPV6 = /^([0-9a-f.]*:[0-9a-f:.]*)(?:\/(0|[1-9]\d{0,2}))?$/i;

/**
 * One text for all notations of an IPv4 or IPv6 address or network: IPv6 short and in lower case (RFC 5952), and no prefix length for a
 * single address. `2001:0DB8:0:0::1/128` becomes `2001:db8::1`. Any other text is returned unchanged. `arcadia_loose_form` has the same
 * rule in SQL.
 */
export function canonicalAddress(text: string): string {
  const single = IPV4_HOST.exec(text)?.[1];
  if (single !== undefined) return isIPv4(single) ? single : text;
  const [, address = '', prefix] = IPV6.exec(text) ?? [];
  if (!isIPv6(address) || Number(prefix ?? 0) > 128) return text;
  const short = new URL(`http://[${address}]`).hostname.slice(1, -1);
  return prefix === undefined || prefix === '128' ? short : `${short}/${prefix}`;
}

/** One text for all notations of a domain name: lower case, without the dot at its end. */
export function canonicalDomain(name: string): string {
  return (name.length > 1 && name.endsWith('.') ? name.slice(0, -1) : name).toLowerCase();
}

/**
 * One form for equal values, to store and to hash: lists sorted as sets, addresses short, and nothing left out at every depth.
 * Null for a value that means nothing. Types are kept.
 */
export function canonicalValue(value: unknown): unknown {
  return formOf(value, (scalar) => (typeof scalar === 'string' ? canonicalAddress(scalar) : scalar));
}

/**
 * Compares two values, whatever their notation: scalars as text, a name without its trailing dot, addresses by their meaning, lists as
 * sets, objects field by field, and nothing equal to nothing. The recorder of the inventory and drift use this one rule. Detection of drift
 * has it in SQL (`arcadia_loosely_equal`), and a test runs the same cases through both. [TRU-2] [DRF-1]
 */
export function looselyEqual(one: unknown, other: unknown): boolean {
  return one === other || canonicalJson(formOf(one, looseScalar)) === canonicalJson(formOf(other, looseScalar));
}

function formOf(value: unknown, scalarForm: (scalar: unknown) => unknown): unknown {
  if (isNothing(value)) return null;
  if (Array.isArray(value)) {
    const forms = value.map((part) => formOf(part, scalarForm)).filter((form) => form !== null);
    const distinct = new Map(forms.map((form) => [canonicalJson(form), form]));
    return distinct.size === 0 ? null : [...distinct].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, form]) => form);
  }
  if (typeof value !== 'object') return scalarForm(value);
  const fields = Object.entries(value as object).map(([key, part]) => [key, formOf(part, scalarForm)] as const);
  const filled = fields.filter(([, form]) => form !== null);
  return filled.length === 0 ? null : Object.fromEntries(filled.sort(([a], [b]) => (a < b ? -1 : 1)));
}

function looseScalar(value: unknown): string {
  if (typeof value === 'number') return plainDecimal(value);
  const written = typeof value === 'string' ? value : JSON.stringify(value);
  return canonicalAddress(written.length > 1 && written.endsWith('.') ? written.slice(0, -1) : written);
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

/** Any JSON value. */
export type Json = string | number | boolean | null | Json[] | { [key: string]: Json };

/** JSON text with sorted keys: equal values give equal texts, independent of the order of their keys. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) => (isPlainObject(part) ? sortedByKey(part) : part));
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function sortedByKey(value: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}

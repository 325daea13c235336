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

/**
 * JSON text with sorted keys: equal values give equal texts, independent of the order of their keys. Values are read as `JSON.stringify` reads them.
 * Keys that are whole numbers stand first, in their order as numbers, as in every object of JavaScript: stored digests were computed so.
 */
export function canonicalJson(value: unknown): string {
  return canonicalText(value, '') ?? 'undefined';
}

/** The canonical text of an object from the canonical texts of its fields: a large one is written once, and used several times. */
export function canonicalObject(fields: Readonly<Record<string, string>>): string {
  const parts = inOrder(Object.keys(fields)).map((key) => `${JSON.stringify(key)}:${fields[key] ?? 'null'}`);
  return `{${parts.join(',')}}`;
}

/** Undefined for what JSON leaves out. */
function canonicalText(given: unknown, key: string): string | undefined {
  const value = hasOwnForm(given) ? given.toJSON(key) : given;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map((part, at) => canonicalText(part, String(at)) ?? 'null').join(',')}]`;
  const fields = value as Readonly<Record<string, unknown>>;
  let text = '';
  for (const name of inOrder(Object.keys(fields))) {
    const part = canonicalText(fields[name], name);
    if (part !== undefined) text += `${text === '' ? '' : ','}${JSON.stringify(name)}:${part}`;
  }
  return `{${text}}`;
}

function hasOwnForm(value: unknown): value is { toJSON(key: string): unknown } {
  return typeof value === 'object' && value !== null && 'toJSON' in value && typeof value.toJSON === 'function';
}

const WHOLE_NUMBER = /^(0|[1-9]\d{0,9})$/;
const LARGEST_INDEX = 2 ** 32 - 2;

function inOrder(keys: string[]): string[] {
  const isIndex = (key: string) => WHOLE_NUMBER.test(key) && Number(key) <= LARGEST_INDEX;
  const sorted = keys.sort();
  if (!sorted.some(isIndex)) return sorted;
  const indexes = sorted.filter(isIndex).sort((a, b) => Number(a) - Number(b));
  return [...indexes, ...sorted.filter((key) => !isIndex(key))];
}

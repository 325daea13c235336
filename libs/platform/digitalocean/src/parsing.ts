import { isNothing } from '#libs/kernel';
import { MalformedAnswerError } from './digitalocean.errors';

/** The longest id that is accepted. PostgreSQL's indexes can store ids of this length in any script. [OPS-10] */
const MAX_ID_LENGTH = 255;
const MAX_TEXT_LENGTH = 65_536;
/** Far above any list within an object; a page of a list has 200 objects. */
const MAX_ENTRIES = 10_000;

/** A JSON object of a response with unchecked fields. */
export type Fields = Readonly<Record<string, unknown>>;

/**
 * Readers of single fields: each returns the typed value or throws `MalformedAnswerError`, which names the field, never its value. The
 * `optional…` readers take every notation of nothing alike: null, an absent field, `""`, `[]` and `{}`. [TRU-3]
 */
export function record(value: unknown, name: string): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw malformed(name, 'an object');
  return value as Fields;
}

export function optionalRecord(value: unknown, name: string): Fields | null {
  return isNothing(value) ? null : record(value, name);
}

/** 1 to 65,536 UTF-16 characters of any kind; escape the text where it is displayed. */
export function text(from: Fields, field: string): string {
  if (from[field] === '') throw malformed(field, 'text');
  return checkedText(from[field], field);
}

export function optionalText(from: Fields, field: string): string | null {
  return isNothing(from[field]) ? null : text(from, field);
}

/**
 * The provider's ids are text or whole numbers; here they are always text, because some passed 2^31 in 2024 and no id is calculated with.
 * An id has 1 to 255 characters, none of them a control character.
 */
export function idText(from: Fields, field: string): string {
  return checkedId(from[field], field);
}

export function optionalIdText(from: Fields, field: string): string | null {
  return isNothing(from[field]) ? null : idText(from, field);
}

export function wholeNumber(from: Fields, field: string): number {
  const value = from[field];
  if (typeof value !== 'number' || !Number.isSafeInteger(value)) throw malformed(field, 'a whole number');
  return value;
}

export function optionalWholeNumber(from: Fields, field: string): number | null {
  return isNothing(from[field]) ? null : wholeNumber(from, field);
}

/** An amount as decimal text, as the API writes money; negative is credit. At most twelve digits before the point and six after it. */
export function moneyText(from: Fields, field: string): string {
  const value = from[field];
  if (typeof value !== 'string' || !/^-?\d{1,12}(\.\d{1,6})?$/.test(value)) throw malformed(field, 'an amount');
  return value;
}

/** Any number, e.g. `size_gigabytes` of a snapshot. Never use it for money, which the API sends as text. */
export function decimal(from: Fields, field: string): number {
  const value = from[field];
  if (typeof value !== 'number' || !Number.isFinite(value)) throw malformed(field, 'a number');
  return value;
}

export function optionalDecimal(from: Fields, field: string): number | null {
  return isNothing(from[field]) ? null : decimal(from, field);
}

/** Go's zero time, which a server in that language writes for a time that is not set. */
const ZERO_TIME = /^0001-01-01[T ]00:00:00/;
const WHOLE_SECONDS_UTC = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/;

/**
 * A time in one notation: RFC 3339 in UTC, without a fraction of zero. Null for the year 1 too, which means that no time is set. Text that
 * is no time is returned as it is, because the object around it still counts.
 */
export function optionalTime(from: Fields, field: string): string | null {
  const written = optionalText(from, field);
  if (written === null || ZERO_TIME.test(written)) return null;
  if (WHOLE_SECONDS_UTC.test(written)) return written;
  const time = new Date(written);
  return Number.isNaN(time.getTime()) ? written : time.toISOString().replace('.000Z', 'Z');
}

export function flag(from: Fields, field: string): boolean {
  const value = from[field];
  if (typeof value !== 'boolean') throw malformed(field, 'true or false');
  return value;
}

/** At most 10,000 entries. */
export function list(from: Fields, field: string): readonly unknown[] {
  const value = from[field];
  if (!Array.isArray(value)) throw malformed(field, 'a list');
  if (value.length > MAX_ENTRIES) throw malformed(field, `a list of at most ${MAX_ENTRIES} entries`);
  return value;
}

/** The API sends `null` for many empty lists. Entries that mean nothing are left out. */
export function optionalList(from: Fields, field: string): readonly unknown[] {
  if (isNothing(from[field])) return [];
  const entries = list(from, field);
  return entries.some(isNothing) ? entries.filter((entry) => !isNothing(entry)) : entries;
}

/** Ids in the order of the response, e.g. `volume_ids`. */
export function idTexts(from: Fields, field: string): string[] {
  return optionalList(from, field).map((value) => checkedId(value, field));
}

/** A list of plain texts, e.g. `tags`. */
export function texts(from: Fields, field: string): string[] {
  return optionalList(from, field).map((value) => checkedText(value, field));
}

function checkedText(value: unknown, field: string): string {
  if (typeof value !== 'string') throw malformed(field, 'text');
  if (value.length > MAX_TEXT_LENGTH) throw malformed(field, `text of at most ${MAX_TEXT_LENGTH} characters`);
  return value;
}

function checkedId(value: unknown, field: string): string {
  if (typeof value === 'string' && value !== '' && value.length <= MAX_ID_LENGTH && !/\p{Cc}/u.test(value)) return value;
  if (typeof value === 'number' && Number.isSafeInteger(value)) return String(value);
  throw malformed(field, 'an id');
}

function malformed(field: string, expected: string): MalformedAnswerError {
  return MalformedAnswerError.ofField(field, expected);
}

import { MalformedAnswerError } from './provider.error';

/** Bounds of what is taken over (OPS-10). PostgreSQL's indexes hold ids of this length in any script. */
const LONGEST_ID = 255;
const LONGEST_TEXT = 65_536;
/** Far more than any object has of anything; a page of a list has 200. */
const MOST_ENTRIES = 10_000;

/** A JSON object of an answer, not yet looked into. */
export type Fields = Readonly<Record<string, unknown>>;

/** Readers of single fields: each gives the typed value or throws `MalformedAnswerError` naming the field, never its value. */
export function record(value: unknown, name: string): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw malformed(name, 'an object');
  return value as Fields;
}

/** Null where the API says `null`, or nothing at all. */
export function optionalRecord(value: unknown, name: string): Fields | null {
  return absent(value) ? null : record(value, name);
}

/** At most 65,536 characters (UTF-16), of any kind: to be escaped where it is shown. */
export function text(from: Fields, field: string): string {
  return aText(from[field], field);
}

export function optionalText(from: Fields, field: string): string | null {
  return absent(from[field]) ? null : text(from, field);
}

/**
 * Ids are text or whole numbers at the provider and always text here: some passed 2^31 in 2024, and none is ever calculated with.
 * 1 to 255 characters, none of them a control character.
 */
export function idText(from: Fields, field: string): string {
  return anId(from[field], field);
}

export function optionalIdText(from: Fields, field: string): string | null {
  return absent(from[field]) ? null : idText(from, field);
}

export function wholeNumber(from: Fields, field: string): number {
  const value = from[field];
  if (typeof value !== 'number' || !Number.isSafeInteger(value)) throw malformed(field, 'a whole number');
  return value;
}

export function optionalWholeNumber(from: Fields, field: string): number | null {
  return absent(from[field]) ? null : wholeNumber(from, field);
}

/** An amount as decimal text, the way the API writes money in JSON; negative is credit. At most twelve digits before the point and six after it. */
export function moneyText(from: Fields, field: string): string {
  const value = from[field];
  if (typeof value !== 'string' || !/^-?\d{1,12}(\.\d{1,6})?$/.test(value)) throw malformed(field, 'an amount');
  return value;
}

/** Any number, e.g. `size_gigabytes` of a snapshot. Never for money, which comes as text. */
export function decimal(from: Fields, field: string): number {
  const value = from[field];
  if (typeof value !== 'number' || !Number.isFinite(value)) throw malformed(field, 'a number');
  return value;
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
  if (value.length > MOST_ENTRIES) throw malformed(field, `a list of at most ${MOST_ENTRIES} entries`);
  return value;
}

/** The API writes `null` for many an empty list. */
export function optionalList(from: Fields, field: string): readonly unknown[] {
  return absent(from[field]) ? [] : list(from, field);
}

/** Ids in the order of the answer, e.g. `volume_ids`; an absent or null list is empty. */
export function idTexts(from: Fields, field: string): string[] {
  return optionalList(from, field).map((value) => anId(value, field));
}

/** A list of plain texts, e.g. `tags`; an absent or null list is empty. */
export function texts(from: Fields, field: string): string[] {
  return optionalList(from, field).map((value) => aText(value, field));
}

function aText(value: unknown, field: string): string {
  if (typeof value !== 'string') throw malformed(field, 'text');
  if (value.length > LONGEST_TEXT) throw malformed(field, `text of at most ${LONGEST_TEXT} characters`);
  return value;
}

function anId(value: unknown, field: string): string {
  if (typeof value === 'string' && value !== '' && value.length <= LONGEST_ID && !/\p{Cc}/u.test(value)) return value;
  if (typeof value === 'number' && Number.isSafeInteger(value)) return String(value);
  throw malformed(field, 'an id');
}

function absent(value: unknown): value is null | undefined {
  return value === null || value === undefined;
}

function malformed(field: string, expected: string): MalformedAnswerError {
  return new MalformedAnswerError(`${field} is not ${expected}`);
}

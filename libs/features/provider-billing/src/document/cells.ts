import { UnreadableRecord } from '../provider-billing.errors';

/** The value of hours or a time that cannot be read. The document is refused for it only where a match depends on it. [BIL-3] */
export const UNREADABLE = Symbol('unreadable');

/** Commas only between thousands; at most twelve digits before the decimal point and ten after it. */
const DIGITS = /^(?:\d{1,12}|\d{1,3}(?:,\d{3}){1,3})(?:\.\d{1,10})?$|^\.\d{1,10}$/;

/**
 * Returns an amount of a document as plain decimal text, exact to the last digit. Negative amounts are written `-$1.23`, `$-1.23`, `-1.23`,
 * `$1.23-` or `($1.23)`, each with the ASCII or the typographic minus (docs/digitalocean-facts.md 9.8). [BIL-4]
 */
export function amountText(cell: string): string {
  const { negative, unsigned } = signOf(withAsciiMinus(cell.trim()));
  const digits = unsigned.replace(/^\$\s?/, '');
  if (!DIGITS.test(digits)) throw new UnreadableRecord(cell.trim() === '' ? 'the amount is missing' : 'the amount is not a number');
  const plain = digits.replaceAll(',', '').replace(/^\./, '0.');
  return negative && /[1-9]/.test(plain) ? `-${plain}` : plain;
}

const withAsciiMinus = (text: string): string => text.replaceAll(/[\u2212\u2013]/g, '-');

function signOf(text: string): { negative: boolean; unsigned: string } {
  const bracketed = /^(\$?)\(\s?(.*?)\s?\)$/.exec(text);
  if (bracketed) return { negative: true, unsigned: `${bracketed[1] ?? ''}${bracketed[2] ?? ''}` };
  if (text.startsWith('-')) return { negative: true, unsigned: text.slice(1).trimStart() };
  if (text.startsWith('+')) return { negative: false, unsigned: text.slice(1).trimStart() };
  if (/^\$\s?-/.test(text)) return { negative: true, unsigned: text.replace(/^\$\s?-\s?/, '') };
  if (text.endsWith('-')) return { negative: true, unsigned: text.slice(0, -1).trimEnd() };
  return { negative: false, unsigned: text };
}

/** Decimal places as finance software and spreadsheets write them: a minute in hours has no short form. */
const HOURS = /^(?:\d{1,9}|\d{1,3}(?:,\d{3}){1,2})(?:\.\d{1,30})?$|^\.\d{1,30}$/;

/**
 * Returns the hours, or the number of backups, exact to the last digit; negative ones take a charge back, and lines without a duration
 * have none.
 */
export function hoursText(cell: string): string | null | typeof UNREADABLE {
  const text = cell.trim();
  if (text === '') return null;
  const { negative, unsigned } = signOf(withAsciiMinus(text));
  if (!HOURS.test(unsigned)) return UNREADABLE;
  const plain = unsigned.replaceAll(',', '').replace(/^\./, '0.');
  return negative && /[1-9]/.test(plain) ? `-${plain}` : plain;
}

/**
 * Documents write times as `2026-04-01 00:00:00 +0000`; RFC 3339 is accepted too. The pattern decides, because what `Date.parse` accepts
 * differs between JavaScript engines.
 */
const TIME = /^(\d{4})-(\d{2})-(\d{2})(?:[ T](\d{2}):(\d{2}):(\d{2})(?:\.\d{1,9})?\s?(Z|UTC|[+-]\d{2}:?\d{2})?)?$/;
const LARGEST_OFFSET_MIN = 14 * 60;
const EARLIEST_YEAR = 1970;
const LATEST_YEAR = 2199;
/** The zero time of Go, with which the provider writes that there is no time. */
const NO_TIME = /^0001-01-01(?:[ T]00:00:00(?:\.0+)?\s?(?:Z|UTC|\+00:?00)?)?$/;

/**
 * Returns a time of a line in RFC 3339, UTC; null when the cell is empty or has the zero time. A date without a time means the start of
 * that day. The caller decides whether the line can do without an unreadable time.
 */
export function lineTime(cell: string): string | null | typeof UNREADABLE {
  const text = cell.trim();
  if (text === '' || NO_TIME.test(text)) return null;
  const [, year, month, day, hour = '00', minute = '00', second = '00', zone = 'Z'] = TIME.exec(text) ?? [];
  const utcMs = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  const offsetMin = offsetMinutes(zone);
  const exists =
    Number(year) >= EARLIEST_YEAR &&
    Number(year) <= LATEST_YEAR &&
    !Number.isNaN(utcMs) &&
    new Date(utcMs).toISOString().startsWith(`${year}-${month}-${day}`);
  if (!exists || Math.abs(offsetMin) > LARGEST_OFFSET_MIN) return UNREADABLE;
  return new Date(utcMs - offsetMin * 60_000).toISOString();
}

function offsetMinutes(zone: string): number {
  const [, sign, hours, minutes] = /^([+-])(\d{2}):?(\d{2})$/.exec(zone) ?? [];
  return sign === undefined ? 0 : (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes));
}

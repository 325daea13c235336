import { UnreadableRecord } from '../provider-billing.errors';

/**
 * Documents write times as `2026-04-01 00:00:00 +0000`; RFC 3339 is accepted too. The pattern decides, because what `Date.parse` accepts
 * differs between JavaScript engines.
 */
const FORM = /^(\d{4})-(\d{2})-(\d{2})(?:[ T](\d{2}):(\d{2}):(\d{2})(?:\.\d{1,9})?\s?(Z|UTC|[+-]\d{2}:?\d{2})?)?$/;
const LARGEST_OFFSET_MIN = 14 * 60;
const EARLIEST_YEAR = 1970;
const LATEST_YEAR = 2199;

/** Returns a time of a line in RFC 3339, UTC; null when the cell is empty. A date without a time means the start of that day. */
export function lineTime(cell: string): string | null {
  const text = cell.trim();
  if (text === '') return null;
  const [, year, month, day, hour = '00', minute = '00', second = '00', zone = 'Z'] = FORM.exec(text) ?? [];
  const utcMs = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  const offsetMin = offsetMinutes(zone);
  const exists =
    Number(year) >= EARLIEST_YEAR &&
    Number(year) <= LATEST_YEAR &&
    !Number.isNaN(utcMs) &&
    new Date(utcMs).toISOString().startsWith(`${year}-${month}-${day}`);
  if (!exists || Math.abs(offsetMin) > LARGEST_OFFSET_MIN) throw new UnreadableRecord('a time is not valid');
  return new Date(utcMs - offsetMin * 60_000).toISOString();
}

function offsetMinutes(zone: string): number {
  const [, sign, hours, minutes] = /^([+-])(\d{2}):?(\d{2})$/.exec(zone) ?? [];
  return sign === undefined ? 0 : (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes));
}

import { domainError } from './kernel.errors';

/** The form of a UUID in lower case, without anchors and groups: part of larger patterns, also in SQL. */
export const UUID_PATTERN = '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}';

/** The cursor key of the many lists that are ordered by an id. */
export const UUID_KEY = new RegExp(`^${UUID_PATTERN}$`);

/** True for a UUID of any version in lower case. */
export function isUuid(text: string): boolean {
  return UUID_KEY.test(text);
}

/** True for a day of the calendar, such as 2026-11-30: no 31 February. PostgreSQL refuses any other text as a date. */
export function isDay(text: string): boolean {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text) || text.startsWith('0000')) return false;
  const time = Date.parse(`${text}T00:00:00Z`);
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(text); // the calendar gives 31 February as one of the next month or as none
}

/** The cursor was not returned by this list. */
export class InvalidCursorError extends domainError('invalid_cursor', 'invalid', 'The cursor is not one that this list gave out') {}

/** A key that many lists use, as `UUID_KEY`. A list with another key brings its own pattern, which begins with `^` and ends with `$`. */
export const SEQUENCE_KEY = /^[1-9][0-9]{0,17}$/;

/** Longest cursor in characters. */
const LONGEST_CURSOR = 1_024;

/** A cursor contains the key of the last row of a page and nothing else: the reader's scope decides which rows follow. */
export function encodeCursor(key: string): string {
  return Buffer.from(key, 'utf8').toString('base64url');
}

/** The key of the row before the page; null without a cursor. `isKey`: what no pattern can say, such as which days there are. Throws `InvalidCursorError`. */
export function decodeCursor(cursor: string | undefined, pattern: RegExp, isKey: (key: string) => boolean = () => true): string | null {
  if (cursor === undefined) return null;
  const key = cursor.length <= LONGEST_CURSOR ? Buffer.from(cursor, 'base64url').toString('utf8') : '';
  if (!pattern.test(key) || encodeCursor(key) !== cursor || !isKey(key)) throw new InvalidCursorError();
  return key;
}

export interface PageRequest {
  /** 1 to 200. */
  readonly limit: number;
  readonly cursor?: string;
}

/** One page of rows, and the cursor of the next page. */
export interface Page<R> {
  readonly items: R[];
  readonly next_cursor: string | null;
}

/** Cuts the additional row by which a reader finds out whether there is a next page. */
export function pageOf<R>(rows: readonly R[], limit: number, keyOf: (row: R) => string): Page<R> {
  const items = rows.slice(0, limit);
  const last = items.at(-1);
  return { items, next_cursor: rows.length > limit && last !== undefined ? encodeCursor(keyOf(last)) : null };
}

/** How complete the rows of one kind are: when its last complete sweep began, and whether its last sweep was complete. */
export interface KindCompleteness {
  readonly as_of: string | null;
  readonly complete: boolean;
  readonly reason: string | null;
}

/** The response of every list. `as_of` is null while some kind in scope was never swept completely. [INV-15] */
export interface ListAnswer<T> {
  readonly data: T[];
  readonly page: { readonly next_cursor: string | null };
  readonly as_of: string | null;
  readonly completeness: Record<string, KindCompleteness>;
}

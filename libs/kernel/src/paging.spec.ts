import { decodeCursor, encodeCursor, InvalidCursorError, pageOf, SEQUENCE_KEY, UUID_KEY } from './paging';

const UUID = '0195f3a2-7c1e-4b6d-9a10-3f2b8c4d5e6f';

/** Cursors that the release before this file returned. */
const RECORDED = [
  { key: UUID, pattern: UUID_KEY, cursor: 'MDE5NWYzYTItN2MxZS00YjZkLTlhMTAtM2YyYjhjNGQ1ZTZm' },
  { key: '184467', pattern: SEQUENCE_KEY, cursor: 'MTg0NDY3' },
  {
    key: `2026-04-01/${UUID}/12/19f0ab3c`,
    pattern: /^[0-9a-f/-]+$/,
    cursor: 'MjAyNi0wNC0wMS8wMTk1ZjNhMi03YzFlLTRiNmQtOWExMC0zZjJiOGM0ZDVlNmYvMTIvMTlmMGFiM2M',
  },
];

it.each(RECORDED)('reads and writes the recorded cursor of $key', ({ key, pattern, cursor }) => {
  expect(encodeCursor(key)).toBe(cursor);
  expect(decodeCursor(cursor, pattern)).toBe(key);
});

it('starts at the first page without a cursor', () => {
  expect(decodeCursor(undefined, UUID_KEY)).toBeNull();
});

it.each([
  ['the key of another list', encodeCursor('184467')],
  ['an empty text', ''],
  ['a padded text', `${encodeCursor(UUID)}==`],
  ['characters that are not base64url', `${encodeCursor(UUID)}!`],
  ['a key with something behind it', encodeCursor(`${UUID}\n`)],
  ['more than 100 characters', encodeCursor(UUID.repeat(5))],
])('refuses a cursor that is %s', (_, cursor) => {
  expect(() => decodeCursor(cursor, UUID_KEY)).toThrow(InvalidCursorError);
});

it('returns a cursor only when there is a row after the page', () => {
  const keyOf = (row: string) => row;
  expect(pageOf(['1', '2', '3'], 2, keyOf)).toEqual({ items: ['1', '2'], next_cursor: encodeCursor('2') });
  expect(pageOf(['1', '2'], 2, keyOf)).toEqual({ items: ['1', '2'], next_cursor: null });
  expect(pageOf([], 2, keyOf)).toEqual({ items: [], next_cursor: null });
});

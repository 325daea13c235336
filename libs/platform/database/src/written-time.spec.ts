import { rfc3339 } from './written-time';

it.each([
  ['2026-07-01 12:00:00+00', '2026-07-01T12:00:00.000Z'],
  ['2026-07-01 12:00:00.5+00', '2026-07-01T12:00:00.500Z'],
  ['2026-07-01 12:00:00.12+00', '2026-07-01T12:00:00.120Z'],
  ['2026-07-01 12:00:00.123+00', '2026-07-01T12:00:00.123Z'],
  ['1999-12-31 23:59:59.999999+00', '1999-12-31T23:59:59.999Z'],
])('converts %s as Date does', (written, text) => {
  expect(rfc3339(written)).toBe(text);
  expect(new Date(written.replace(' ', 'T').replace('+00', 'Z')).toISOString()).toBe(text);
});

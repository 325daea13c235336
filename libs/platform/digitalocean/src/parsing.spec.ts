import { decimal, flag, idText, idTexts, optionalList, optionalRecord, optionalText, record, text, texts, wholeNumber } from './parsing';
import { MalformedAnswerError } from './digitalocean.errors';

it('reads each field as the API describes it', () => {
  const droplet = record(
    { id: 3_169_590_176, name: 'web', size: 1.5, disk: 25, locked: false, tags: null, volume_ids: ['a', 7] },
    'droplet',
  );
  expect(idText(droplet, 'id')).toBe('3169590176');
  expect(text(droplet, 'name')).toBe('web');
  expect(decimal(droplet, 'size')).toBe(1.5);
  expect(wholeNumber(droplet, 'disk')).toBe(25);
  expect(flag(droplet, 'locked')).toBe(false);
  expect(texts(droplet, 'tags')).toEqual([]);
  expect(idTexts(droplet, 'volume_ids')).toEqual(['a', '7']);
  expect(optionalText(droplet, 'absent')).toBeNull();
  expect(optionalRecord(droplet.region, 'region')).toBeNull();
  expect(optionalList(droplet, 'absent')).toEqual([]);
});

it.each([
  { read: () => record(null, 'secret-name'), field: 'secret-name' },
  { read: () => record(['secret'], 'droplet'), field: 'droplet' },
  { read: () => text({ name: { secret: 1 } }, 'name'), field: 'name' },
  { read: () => idText({ id: '' }, 'id'), field: 'id' },
  { read: () => idText({ id: 2 ** 53 }, 'id'), field: 'id' },
  { read: () => wholeNumber({ disk: '25' }, 'disk'), field: 'disk' },
  { read: () => texts({ tags: ['a', 1] }, 'tags'), field: 'tags' },
  { read: () => idText({ id: 'secret\n' }, 'id'), field: 'id' },
  { read: () => idText({ id: 'secret\u009b' }, 'id'), field: 'id' },
])('names the field that is not as described ($field), never its value', ({ read, field }) => {
  expect(read).toThrow(MalformedAnswerError);
  expect(read).toThrow(new RegExp(`\\(${field} is not`));
});

it.each([
  { what: 'an id of 255 characters', read: (more: number) => idText({ id: 'x'.repeat(255 + more) }, 'id') },
  { what: 'ids of 255 characters', read: (more: number) => idTexts({ ids: ['x'.repeat(255 + more)] }, 'ids') },
  { what: 'a text of 65,536 characters', read: (more: number) => text({ name: 'x'.repeat(65_536 + more) }, 'name') },
  { what: 'texts of 65,536 characters', read: (more: number) => texts({ tags: ['x'.repeat(65_536 + more)] }, 'tags') },
  { what: 'a list of 10,000 entries', read: (more: number) => optionalList({ tags: Array(10_000 + more).fill('x') }, 'tags') },
])('accepts $what, but not one more [OPS-10]', ({ read }) => {
  expect(() => read(0)).not.toThrow();
  expect(() => read(1)).toThrow(MalformedAnswerError);
});

it('keeps line breaks in texts', () => {
  expect(text({ description: 'two\nlines' }, 'description')).toBe('two\nlines');
});

import type { RawObject } from './listed-objects';
import type { SeededRandom } from './seeded-random';

/** The ways in which a provider writes nothing; undefined leaves the field out. */
export const NOTHINGS: readonly unknown[] = [null, undefined, '', [], {}];

const anyOf = (random: SeededRandom, values: readonly unknown[]): unknown => values[random.below(values.length)];

/** The same object in another notation: other orders, other notations of addresses, times and slugs, and of nothing. */
export function respelled(random: SeededRandom, value: unknown, field = ''): unknown {
  if (Array.isArray(value))
    return shuffled(random, [...value.map((part) => respelled(random, part, field)), ...(random.chance(0.2) ? [null] : [])]);
  if (typeof value === 'object' && value !== null) {
    const fields = Object.entries(value).map(([name, part]) => [name, respelled(random, part, name)] as const);
    return Object.fromEntries([...shuffled(random, fields), [`unset_${random.below(3)}`, anyOf(random, NOTHINGS)]]);
  }
  return typeof value === 'string' ? respelledText(random, value, field) : value;
}

function respelledText(random: SeededRandom, text: string, field: string): string {
  if (text.includes('::') && /^[0-9a-f]*:[0-9a-f:]+(\/\d+)?$/.test(text)) return longIpv6(random, text);
  if (field === 'addresses' && /^[\d.]+$/.test(text)) return random.pick([text, `${text}/32`]);
  if (/^\d{4}-\d\d-\d\dT/.test(text)) return random.pick([text, text.replace('Z', '.000Z'), text.replace('Z', '+00:00')]);
  if (text === '0' && field === 'ports') return random.pick(['0', 'all']);
  const capitals = ['slug', 'size_slug', 'size'].includes(field) || text === 'fern-bakery.example';
  return capitals && random.chance(0.5) ? text.toUpperCase() : text;
}

/** An IPv6 address or network with all of its groups, some in capitals or with leading zeros. */
function longIpv6(random: SeededRandom, text: string): string {
  const [address = '', prefix] = text.split('/');
  const [head = [], tail = []] = address.split('::').map((part) => part.split(':').filter((group) => group !== ''));
  const groups = address.includes('::') ? [...head, ...Array<string>(8 - head.length - tail.length).fill('0'), ...tail] : head;
  const written = groups.map((group) => random.pick([group, group.padStart(4, '0'), group.toUpperCase()])).join(':');
  return prefix === undefined ? written : `${written}/${prefix}`;
}

function shuffled<T>(random: SeededRandom, values: readonly T[]): T[] {
  const left = [...values];
  return values.map(() => left.splice(random.below(left.length), 1)[0] as T);
}

const JUNK: readonly unknown[] = [
  ...NOTHINGS,
  0,
  -1,
  1.5,
  2 ** 60,
  true,
  'x',
  'x'.repeat(70_000),
  [1],
  [[]],
  [null],
  { a: 1 },
  { slug: 7 },
  '\u0000',
  '0001-01-01T00:00:00Z',
];

/**
 * The object with one value replaced by something that the API does not document. The id becomes nothing at most: another id is another
 * object.
 */
export function damaged(random: SeededRandom, object: RawObject, idField?: string): RawObject {
  const field = random.pick(Object.keys(object));
  const value = object[field];
  if (field === idField) return { ...object, [field]: anyOf(random, NOTHINGS) };
  if (Array.isArray(value) && value.length > 0 && random.chance(0.5))
    return { ...object, [field]: [...(value as unknown[]).slice(1), anyOf(random, JUNK)] };
  if (typeof value === 'object' && value !== null && !Array.isArray(value) && random.chance(0.5))
    return { ...object, [field]: damaged(random, value as RawObject) };
  return { ...object, [field]: anyOf(random, JUNK) };
}

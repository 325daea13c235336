import type { Database } from '#libs/database';
import { looselyEqual } from '#libs/kernel';
import { aDatabase } from '../../support/a-database';
import { SeededRandom } from '../../support/seeded-random';
import { createTestDatabase, type TestDatabase } from '../../support/database';

const PAIRS = Number(process.env.FUZZ_RUNS ?? 5_000);
const SEED = Number(process.env.FUZZ_SEED ?? Date.now() % 1_000_000);

let stored: TestDatabase;
let database: Database;
beforeAll(async () => {
  stored = await createTestDatabase();
  database = aDatabase(stored.appUrl);
});
afterAll(async () => {
  await database.close();
  await stored.drop();
});

const SCALARS: unknown[] = [
  'a',
  'a.',
  'a..',
  'A',
  '.',
  '',
  '1',
  '1.0',
  '01',
  'null',
  'true',
  '[1]',
  '{"a":1}',
  '2001:db8::1f',
  '2001:0DB8:0:0::1F',
  '2001:db8::1f/128',
  '2001:db8::/32',
  '::ffff:203.0.113.9',
  '203.0.113.9/32',
  '203.0.113.9',
  '12:30',
  'ä🛰️.',
  'x\ny.',
  0,
  -0,
  1,
  1.5,
  -2.25,
  1e21,
  1e-7,
  123e-9,
  9007199254740991,
  true,
  false,
  null,
];

function aValue(random: SeededRandom, depth: number): unknown {
  if (depth === 0 || random.chance(0.5)) return random.pick(SCALARS);
  const parts = Array.from({ length: random.below(4) }, () => aValue(random, depth - 1));
  return random.chance(0.7) ? parts : Object.fromEntries(parts.map((part) => [random.pick(['a', 'b', 'c']), part]));
}

/** Returns the same value in another notation, or a value that is nearly the same. */
function aNeighbour(random: SeededRandom, value: unknown): unknown {
  if (Array.isArray(value)) {
    const parts = value.map((part) => (random.chance(0.5) ? aNeighbour(random, part) : part));
    if (random.chance(0.3) && parts.length > 0) parts.push(random.pick(parts));
    if (random.chance(0.2)) parts.push(random.pick([null, '', [], {}]));
    return random.chance(0.1) ? parts.slice(1) : parts.reverse();
  }
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, aNeighbour(random, part)]));
  if (random.chance(0.1)) return random.pick(SCALARS);
  if (value === null) return random.pick([null, '', [], {}, [null]]);
  const written = typeof value === 'string' ? value : JSON.stringify(value);
  return random.chance(0.5) ? written : `${written}.`;
}

it(`compares values the same way in the database and in the pure function (seed ${SEED}) [DRF-1]`, async () => {
  const random = new SeededRandom(SEED);
  const pairs = Array.from({ length: PAIRS }, () => {
    const one = aValue(random, 3);
    return { one, other: random.chance(0.8) ? aNeighbour(random, one) : aValue(random, 3) };
  });
  const rows = await database.query<{ equal: boolean }>(
    `select arcadia_loosely_equal(pair -> 'one', pair -> 'other') as equal from json_array_elements($1::json) with ordinality p(written, nth)
       cross join lateral (select written::jsonb as pair) as_binary order by nth`,
    [JSON.stringify(pairs)],
  );
  const wrong = pairs.filter(({ one, other }, nth) => looselyEqual(one, other) !== rows[nth]?.equal);
  expect(wrong).toEqual([]);
  // Both results occurred often: a rule that calls every pair equal would prove nothing.
  for (const equal of [true, false]) expect(rows.filter((row) => row.equal === equal).length).toBeGreaterThan(PAIRS / 10);
});

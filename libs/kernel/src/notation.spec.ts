import { canonicalAddress, canonicalDomain, canonicalJson, canonicalObject, canonicalValue, isNothing, looselyEqual } from './notation';

it.each([
  ['s-1vcpu-1gb', 's-1vcpu-1gb'],
  ['2', 2],
  [0.5, '0.5'],
  [-0, 0],
  [true, 'true'],
  ['mail.example.com.', 'mail.example.com'],
  [
    ['web', 'db'],
    ['db', 'web'],
  ],
  [['web', 'web'], ['web']],
  [
    [22, '80'],
    ['22', 80],
  ],
  [['a.example.com.'], ['a.example.com']],
  [[], []],
  [null, null],
  [null, undefined],
  [
    { ports: [80, 22], to: 'a.' },
    { to: 'a', ports: ['22', '80'] },
  ],
  [
    [{ port: 22 }, { port: 80 }],
    [{ port: '80' }, { port: 22 }],
  ],
  [
    [[1, 2], [1]],
    [['1'], [2, 1]],
  ],
  [1e21, '1000000000000000000000'],
  [1.5e-7, '0.00000015'],
  ['', null],
  [[], null],
  [[], {}],
  [[null], undefined],
  [
    [[{ a: 1, b: 2 }, { a: 1 }]],
    [
      [
        { a: 1, b: null },
        { a: 1, b: 2, c: [] },
      ],
    ],
  ],
  [{ a: 1 }, { a: 1, b: null }],
  [{ a: { b: '' } }, null],
  ['2001:0DB8::0:1F', '2001:db8::1f'],
  ['::/0', '0::0/0'],
  ['203.0.113.9/32', '203.0.113.9'],
  [{ sources: { addresses: ['0.0.0.0/0', '::/0'] } }, { sources: { tags: null, addresses: ['::/0', '0.0.0.0/0'], droplet_ids: [] } }],
])('treats %j and %j as equal [DRF-1]', (one, other) => {
  expect(looselyEqual(one, other)).toBe(true);
  expect(looselyEqual(other, one)).toBe(true);
});

it.each([
  ['s-1vcpu-1gb', 's-1vcpu-2gb'],
  ['web', 'Web'],
  ['web', ' web'],
  [1, 2],
  ['1', '1.0'],
  [0, null],
  ['null', null],
  [false, null],
  ['web', ['web']],
  [['web'], ['web', 'db']],
  [
    [1, 2],
    [1, [2]],
  ],
  [[[1, 2], [1]], [[1, 2]]],
  [[{ a: 1, b: 2 }, { a: 1 }], [{ a: 1, b: 2 }]],
  ['a..', 'a'],
  ['.', ''],
  ['2001:db8::1', '2001:db8::2'],
  ['2001:db8::/32', '2001:db8::/33'],
  ['10.0.0.1', '10.0.0.1/8'],
  ['010.0.0.1/32', '10.0.0.1'],
  [{ a: 1 }, { a: 1, b: 0 }],
  [{ a: 1 }, { a: 1, b: false }],
])('treats %j and %j as different [DRF-1]', (one, other) => {
  expect(looselyEqual(one, other)).toBe(false);
  expect(looselyEqual(other, one)).toBe(false);
});

it.each([
  ['2001:0DB8:0CAD:00D0:0000:0000:0000:001F', '2001:db8:cad:d0::1f'],
  ['2001:db8::1/128', '2001:db8::1'],
  ['2001:DB8:0:0::/64', '2001:db8::/64'],
  ['0:0:0:0:0:0:0:0', '::'],
  ['1:0:0:2:0:0:0:3', '1:0:0:2::3'],
  ['::FFFF:203.0.113.9', '::ffff:cb00:7109'],
  ['203.0.113.9/32', '203.0.113.9'],
  ['203.0.113.0/24', '203.0.113.0/24'],
  ['203.0.113.9', '203.0.113.9'],
])('writes the address %s as %s [TRU-2]', (written, expected) => {
  expect(canonicalAddress(written)).toBe(expected);
  expect(canonicalAddress(expected)).toBe(expected);
});

it.each([
  '',
  ':',
  'k8s:worker',
  '2001:db8::1::2',
  '2001:db8::g',
  '2001:db8::1/129',
  '2001:db8::1/064',
  '300.1.1.1/32',
  '12:30',
  'fe80::1%eth0',
])('leaves %j, which is no address, as it is [TRU-2]', (text) => {
  expect(canonicalAddress(text)).toBe(text);
});

it('writes a domain in lower case and without the dot at its end [TRU-2]', () => {
  expect(['Fern-Bakery.EXAMPLE.', 'fern-bakery.example', '.'].map(canonicalDomain)).toEqual([
    'fern-bakery.example',
    'fern-bakery.example',
    '.',
  ]);
});

it('takes null, an absent field, "", [] and {} as nothing, and false and 0 as values [TRU-3]', () => {
  expect([null, undefined, '', [], {}].map(isNothing)).toEqual([true, true, true, true, true]);
  expect([false, 0, ' ', [null], { a: null }].map(isNothing)).toEqual([false, false, false, false, false]);
});

it('gives equal values one stored form, with their types [TRU-2]', () => {
  const one = { ports: '80', sources: { addresses: ['2001:DB8::0/32', '0.0.0.0/0'], droplet_ids: [2, 1], tags: [] }, note: '' };
  const other = { sources: { droplet_ids: [1, 2], addresses: ['0.0.0.0/0', '2001:db8::/32'], kubernetes_ids: null }, ports: '80' };
  expect(JSON.stringify(canonicalValue(one))).toBe(JSON.stringify(canonicalValue(other)));
  expect(canonicalValue(one)).toEqual({ ports: '80', sources: { addresses: ['0.0.0.0/0', '2001:db8::/32'], droplet_ids: [1, 2] } });
});

it.each([
  { a: { b: 1, a: [2, { d: 1, c: 2 }] }, b: { a: [2, { c: 2, d: 1 }], b: 1 } },
  { a: { x: null, y: undefined }, b: { x: null } },
])('gives equal values one text, whatever the order of their keys', ({ a, b }) => {
  expect(canonicalJson(a)).toBe(canonicalJson(b));
});

it('keeps the order of lists, which means something', () => {
  expect(canonicalJson([2, 1])).not.toBe(canonicalJson([1, 2]));
});

/** As digests were computed that are stored. */
const naiveCanonicalJson = (value: unknown): string =>
  JSON.stringify(value, (_key, part: unknown) =>
    typeof part === 'object' && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );

it.each([
  [{ b: 1, a: [{ d: null, c: 'é"\\\n\u2028\ud800' }], '10': true, '9': false, '01': 0, '-1': 0, '4294967295': 1, '4294967294': 2 }],
  [[undefined, () => 1, Symbol('x'), Number.NaN, -0, 1e21, 1.5e-7]],
  [{ gone: undefined, at: new Date(0), nested: { toJSON: (key: string) => ({ z: key, y: 1 }) }, empty: {}, none: [] }],
  ['text'],
  [null],
  [new Map([['a', 1]])],
])('writes %j as it was written when stored digests were computed', (value) => {
  expect(canonicalJson(value)).toBe(naiveCanonicalJson(value));
});

it('writes an object from the canonical texts of its fields', () => {
  const fields = { b: [1, { d: 1, c: 2 }], a: 'x', '2': null, '10': 1 };
  const texts = Object.fromEntries(Object.entries(fields).map(([key, value]) => [key, canonicalJson(value)]));
  expect(canonicalObject(texts)).toBe(canonicalJson(fields));
});

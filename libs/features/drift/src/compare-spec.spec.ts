import { looselyEqual } from './compare-spec';

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
  ['', null],
  ['null', null],
  [false, null],
  [[], null],
  [[], {}],
  ['web', ['web']],
  [['web'], ['web', 'db']],
  [
    [1, 2],
    [1, [2]],
  ],
  [[[1, 2], [1]], [[1, 2]]],
  [[{ a: 1, b: 2 }, { a: 1 }], [{ a: 1, b: 2 }]],
  [{ a: 1 }, { a: 1, b: null }],
  ['.', ''],
  ['a..', 'a'],
])('treats %j and %j as different [DRF-1]', (one, other) => {
  expect(looselyEqual(one, other)).toBe(false);
  expect(looselyEqual(other, one)).toBe(false);
});

import { canonicalJson } from './canonical-json';

it.each([
  { a: { b: 1, a: [2, { d: 1, c: 2 }] }, b: { a: [2, { c: 2, d: 1 }], b: 1 } },
  { a: { x: null, y: undefined }, b: { x: null } },
])('gives equal values one text, whatever the order of their keys', ({ a, b }) => {
  expect(canonicalJson(a)).toBe(canonicalJson(b));
});

it('keeps the order of lists, which means something', () => {
  expect(canonicalJson([2, 1])).not.toBe(canonicalJson([1, 2]));
});

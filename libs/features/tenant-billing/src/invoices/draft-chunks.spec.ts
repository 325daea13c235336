import { canonicalJson } from '#libs/kernel';
import { createHash } from 'node:crypto';
import { digestByLine, draftChunks, lineParts } from './draft-chunks';

const sizes = (lines: readonly number[]) => draftChunks(lines, (one) => one);

it('puts at most 50 drafts and 20,000 lines together, and a draft with more lines alone', () => {
  expect(sizes([])).toEqual([]);
  expect(sizes(Array.from({ length: 101 }, () => 0)).map(({ length }) => length)).toEqual([50, 50, 1]);
  expect(sizes([12_000, 8_000, 1, 30_000, 5, 20_000])).toEqual([[12_000, 8_000], [1], [30_000], [5], [20_000]]);
});

it('writes at most 20,000 lines with one statement', () => {
  const lines = Array.from({ length: 40_001 }, (_, at) => at);
  const parts = lineParts(lines);
  expect(parts.map(({ length }) => length)).toEqual([20_000, 20_000, 1]);
  expect(parts.flat()).toEqual(lines);
  expect(lineParts([])).toEqual([]);
});

it.each([
  [[]],
  [[{ net: '1.00', kind: 'usage' }]],
  [
    [
      { kind: 'usage', net: '1.00' },
      { explanation: { b: 1, a: [undefined, null] }, kind: 'shared' },
    ],
  ],
])('has the digest of the canonical JSON, so that drafts of earlier releases stay current [TBL-2]', (lines) => {
  const draft = { total: '1.00', lines, currency: 'USD', terms: { net_days: 14, fx: null } };
  expect(digestByLine(draft)).toBe(createHash('sha256').update(canonicalJson(draft)).digest('hex'));
});

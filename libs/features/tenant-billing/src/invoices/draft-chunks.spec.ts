import { draftChunks, lineParts } from './draft-chunks';

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

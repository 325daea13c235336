import { IncompleteListError, MalformedAnswerError } from './digitalocean.errors';
import { ListCompleteness, type ReceivedPage } from './pagination';

const nameless = new MalformedAnswerError('name is not text');
const page = (ids: string[], total: number | undefined, hasNext = false, unreadable = 0): ReceivedPage<string> => ({
  items: ids,
  unreadable: Array.from({ length: unreadable }, () => ({ error: nameless })),
  total,
  hasNext,
});
const walk = (pages: ReceivedPage<string>[], maxPages?: number) => {
  const list = new ListCompleteness<string>((id) => id, maxPages);
  const more = pages.map((each) => list.addPage(each).more);
  return { more, finish: () => list.assertComplete() };
};

/** Reads a list that never ends by itself; returns the number of pages read and the reason why reading stopped. */
function readUntilEnd(pageAt: (page: number) => ReceivedPage<string>): { pages: number; reason: string } {
  const list = new ListCompleteness<string>((id) => id);
  for (let pages = 1; ; pages++) {
    if (list.addPage(pageAt(pages)).more) continue;
    try {
      list.assertComplete();
    } catch (error) {
      if (error instanceof IncompleteListError) return { pages, reason: error.reason };
    }
    return { pages, reason: 'none' };
  }
}

it.each([
  { name: 'an empty list', pages: [page([], 0)], more: [false] },
  { name: 'one page', pages: [page(['a'], 1)], more: [false] },
  { name: 'two pages', pages: [page(['a'], 2, true), page(['b'], 2)], more: [true, false] },
  { name: 'a next link too many', pages: [page(['a'], 1, true), page([], 1)], more: [true, false] },
])('accepts $name as complete', ({ pages, more }) => {
  const walked = walk(pages);
  expect(walked.more).toEqual(more);
  expect(walked.finish).not.toThrow();
});

it.each([
  { reason: 'no_total', pages: [page(['a'], undefined)] },
  { reason: 'total_changed', pages: [page(['a'], 2, true), page(['b'], 3), page(['c'], 3)] },
  { reason: 'total_changed', pages: [page(['a'], 3, true), page(['b'], 2)] },
  { reason: 'count_mismatch', pages: [page(['a'], 0)] },
  { reason: 'count_mismatch', pages: [page(['a', 'a'], 2), page([], 2)] },
  { reason: 'count_mismatch', pages: [page([], 5, true)] },
  { reason: 'count_mismatch', pages: [page(['a'], 1, true), page(['b'], 1, true)] },
  { reason: 'repeated_page', pages: [page(['a'], 1, true), page(['a'], 1, true)] },
  { reason: 'too_many_pages', pages: [page(['a'], 3, true), page(['b'], 3, true)] },
  { reason: 'unreadable_item', pages: [page(['a'], 2, false, 1)] },
  { reason: 'unreadable_item', pages: [page([], 200, true, 100), page(['a'], 200, false, 99)] },
])('does not accept a list as complete: $reason [INV-4]', ({ reason, pages }) => {
  const walked = walk(pages, 2 + Number(reason === 'total_changed'));
  expect(walked.more.at(-1)).toBe(false);
  expect(walked.finish).toThrow(expect.objectContaining({ reason }));
});

it('names the unreadable field of the first unreadable object', () => {
  expect(walk([page(['a'], 2, false, 1)]).finish).toThrow(expect.objectContaining({ cause: nameless }));
});

describe('ends an endless list [OPS-10]', () => {
  const fresh = (at: number) => Array.from({ length: 200 }, (_, place) => `${at}-${place}`);

  it('ends at the first id above its total', () => {
    expect(readUntilEnd((at) => page(fresh(at), 1_000, true))).toEqual({ pages: 6, reason: 'count_mismatch' });
  });

  it('ends after twice the pages of its first total and ten more, when the total grows with it', () => {
    expect(readUntilEnd((at) => page(fresh(at), (at + 4) * 200, true))).toEqual({ pages: 20, reason: 'total_changed' });
  });

  it('ends after half of the calls of an hour, whatever its total', () => {
    expect(readUntilEnd((at) => page(fresh(at), Number.MAX_SAFE_INTEGER, true))).toEqual({ pages: 2_500, reason: 'too_many_pages' });
  });

  it('ends after a hundred pages without a total', () => {
    expect(readUntilEnd((at) => page(fresh(at), undefined, true))).toEqual({ pages: 100, reason: 'no_total' });
  });

  it('ends when it contains no readable object', () => {
    expect(readUntilEnd(() => page([], 200, true, 200))).toEqual({ pages: 12, reason: 'unreadable_item' });
  });
});

it('reads a long list of small pages to its end', () => {
  expect(readUntilEnd((at) => page([String(at)], 2_000, at < 2_000))).toEqual({ pages: 2_000, reason: 'none' });
});

import { MalformedAnswerError } from '../provider.error';
import { IncompleteListError } from './incomplete-list.error';
import { ListWalk, type AnsweredPage } from './list-walk';

const nameless = new MalformedAnswerError('name is not text');
const page = (ids: string[], total: number | undefined, hasNext = false, unreadable = 0): AnsweredPage<string> => ({
  items: ids,
  unreadable: Array.from({ length: unreadable }, () => nameless),
  total,
  hasNext,
});
const walk = (pages: AnsweredPage<string>[], mostPages?: number) => {
  const list = new ListWalk<string>((id) => id, mostPages);
  const more = pages.map((each) => list.take(each).more);
  return { more, finish: () => list.finish() };
};

/** Reads a list that never ends by itself, and answers after how many pages and why it was given up. */
function giveUp(pageAt: (page: number) => AnsweredPage<string>): { pages: number; reason: string } {
  const list = new ListWalk<string>((id) => id);
  for (let pages = 1; ; pages++) {
    if (list.take(pageAt(pages)).more) continue;
    try {
      list.finish();
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
])('takes $name as complete', ({ pages, more }) => {
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
])('INV-4: does not take it as complete: $reason', ({ reason, pages }) => {
  const walked = walk(pages, 2 + Number(reason === 'total_changed'));
  expect(walked.more.at(-1)).toBe(false);
  expect(walked.finish).toThrow(expect.objectContaining({ reason }));
});

it('tells which field of the first unreadable object was odd', () => {
  expect(walk([page(['a'], 2, false, 1)]).finish).toThrow(expect.objectContaining({ cause: nameless }));
});

describe('OPS-10: an endless list ends', () => {
  const fresh = (at: number) => Array.from({ length: 200 }, (_, place) => `${at}-${place}`);

  it('at the first id more than its total', () => {
    expect(giveUp((at) => page(fresh(at), 1_000, true))).toEqual({ pages: 6, reason: 'count_mismatch' });
  });

  it('after twice the pages of its first total and ten, when the total grows with it', () => {
    expect(giveUp((at) => page(fresh(at), (at + 4) * 200, true))).toEqual({ pages: 20, reason: 'total_changed' });
  });

  it('after half of an hour of calls, whatever it promises', () => {
    expect(giveUp((at) => page(fresh(at), Number.MAX_SAFE_INTEGER, true))).toEqual({ pages: 2_500, reason: 'too_many_pages' });
  });

  it('after a hundred pages without a total', () => {
    expect(giveUp((at) => page(fresh(at), undefined, true))).toEqual({ pages: 100, reason: 'no_total' });
  });

  it('when it contains nothing readable', () => {
    expect(giveUp(() => page([], 200, true, 200))).toEqual({ pages: 12, reason: 'unreadable_item' });
  });
});

it('reads a long list of small pages to its end', () => {
  expect(giveUp((at) => page([String(at)], 2_000, at < 2_000))).toEqual({ pages: 2_000, reason: 'none' });
});

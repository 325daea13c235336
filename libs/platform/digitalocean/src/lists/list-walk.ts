import type { MalformedAnswerError } from '../provider.error';
import { IncompleteListError, type IncompleteReason } from './incomplete-list.error';

/** Half a million objects, and half of an hour's calls: a list that goes on is not ours (OPS-10). */
const MOST_PAGES = 2_500;
/** A list may grow while it is read: to twice what its first total promised, and a few pages. */
const GROWTH = 2;
const SPARE_PAGES = 10;
/** As far as a list is read that has no total: it can never be complete. */
const MOST_PAGES_WITHOUT_TOTAL = 100;

/** One page as the provider answered it. */
export interface AnsweredPage<T> {
  readonly items: readonly T[];
  /** What is wrong with each item that could not be read. */
  readonly unreadable: readonly MalformedAnswerError[];
  /** `meta.total`, which not every list has. */
  readonly total: number | undefined;
  /** The provider says that there is more. Where it is we know ourselves (TEN-8). */
  readonly hasNext: boolean;
}

/**
 * Decides, page by page, how far to read a list and in the end whether it was complete: the total stayed the same from page to
 * page and the number of distinct ids equals it (docs/guarantees.md 1). Lists have no snapshot, so a change between two pages
 * shifts objects out of view; only the numbers show it. An endless list ends at the first of: a page without a new id, more
 * ids than the total says, more pages than the first total lets expect.
 */
export class ListWalk<T> {
  private readonly seen = new Set<string>();
  private unread = 0;
  private total: number | undefined;
  private pages = 0;
  private pagesAllowed: number | undefined;
  private problem: { readonly reason: IncompleteReason; readonly cause?: MalformedAnswerError } | undefined;

  constructor(
    private readonly idOf: (item: T) => string,
    private readonly mostPages = MOST_PAGES,
  ) {}

  /** Takes the next page: answers the objects not seen before and whether another page has to be read. */
  take({ items, unreadable, total, hasNext }: AnsweredPage<T>): { fresh: T[]; more: boolean } {
    const fresh = items.filter((item) => this.isNew(this.idOf(item)));
    this.unread += unreadable.length;
    this.pages += 1;
    if (unreadable.length > 0) this.problem ??= { reason: 'unreadable_item', cause: unreadable[0] };
    if (total === undefined) this.problem ??= { reason: 'no_total' };
    else if (this.pages > 1 && total !== this.total) this.problem ??= { reason: 'total_changed' };
    this.total = total;
    if (total !== undefined) this.pagesAllowed ??= pagesFor(total, items.length + unreadable.length);
    return { fresh, more: this.wantsMore(fresh.length, items.length, unreadable.length, hasNext) };
  }

  /** Throws `IncompleteListError` unless what was read is provably everything. */
  finish(): void {
    if (this.problem === undefined && this.seen.size !== this.total) this.problem = { reason: 'count_mismatch' };
    if (this.problem) throw new IncompleteListError(this.problem.reason, this.problem.cause);
  }

  private wantsMore(fresh: number, readable: number, unreadable: number, hasNext: boolean): boolean {
    if (fresh === 0 && (readable > 0 || unreadable === 0)) {
      if (readable > 0) this.problem ??= { reason: 'repeated_page' };
      return false;
    }
    if (this.total !== undefined && this.seen.size > this.total) {
      this.problem ??= { reason: 'count_mismatch' };
      return false;
    }
    if (!hasNext && this.seen.size + this.unread >= (this.total ?? 0)) return false;
    if (this.pages < Math.min(this.mostPages, this.pagesAllowed ?? MOST_PAGES_WITHOUT_TOTAL)) return true;
    this.problem ??= { reason: 'too_many_pages' };
    return false;
  }

  private isNew(id: string): boolean {
    const before = this.seen.size;
    return this.seen.add(id).size > before;
  }
}

/** By the size of the page that the total came with: some servers give fewer per page than asked for. */
function pagesFor(total: number, pageSize: number): number {
  return GROWTH * Math.ceil(total / Math.max(1, pageSize)) + SPARE_PAGES;
}

import { IncompleteListError, MalformedAnswerError, ProviderError, type IncompleteReason } from './digitalocean.errors';
import type { DigitalOceanHttpClient, ProviderRequest } from './http-client';
import { list, optionalRecord, record } from './parsing';

/** The most objects that DigitalOcean returns on one page (docs/digitalocean-facts.md). */
const PER_PAGE = 200;
/** Half a million objects, and half of the calls of an hour: a longer list is not one of ours. [OPS-10] */
const MAX_PAGES = 2_500;
/** A list may grow while it is read: to twice the pages of its first total, and a few more. */
const GROWTH = 2;
const SPARE_PAGES = 10;
/** A list without a total can never be complete, so only this much of it is read. */
const MAX_PAGES_WITHOUT_TOTAL = 100;

/** One page of a list. */
export interface ListPage<T> {
  /** The objects that no earlier page contained. */
  readonly items: T[];
  /** From 1. */
  readonly page: number;
  /** `meta.total` of this page; the number of objects on it when the list has no total. */
  readonly total: number;
  readonly pagesExpected: number;
  /** `performance.now()` just before the request of this page was sent: its content is at least as recent. */
  readonly requestedAtMs: number;
  /** Provider calls that this page cost, retries included. */
  readonly calls: number;
}

export interface ListRequest<T> extends Pick<ProviderRequest, 'purpose' | 'fingerprint' | 'path' | 'query' | 'timeoutMs' | 'signal'> {
  /** Name of the collection in the response. */
  readonly key: string;
  readonly idOf: (item: T) => string;
  /** Throws `MalformedAnswerError` for an unreadable object: the object is skipped, and the list ends as incomplete. */
  readonly parse: (raw: unknown) => T;
}

/** One page as the provider returned it. */
export interface ReceivedPage<T> {
  readonly items: readonly T[];
  /** One error for each object that could not be read. */
  readonly unreadable: readonly MalformedAnswerError[];
  /** `meta.total`, which not every list has. */
  readonly total: number | undefined;
  /** The provider links to a next page. The link itself is not followed; our own URL is used. [TEN-8] */
  readonly hasNext: boolean;
}

/** The pages of a list, in order; the next page is fetched while the consumer works on the current one. */
export async function* listPages<T>(client: DigitalOceanHttpClient, request: ListRequest<T>): AsyncGenerator<ListPage<T>, void, void> {
  const ended = new AbortController(); // aborts the prefetched page when the consumer stops early
  const signal = request.signal ? AbortSignal.any([request.signal, ended.signal]) : ended.signal;
  const fetchPage = (page: number) => {
    const { purpose, fingerprint, path, timeoutMs } = request;
    const query = { ...request.query, page: String(page), per_page: String(PER_PAGE) };
    const fetched = client.read({ purpose, fingerprint, path, query, timeoutMs, signal, method: 'GET' }, (response) =>
      readPage(response.body, request.key, request.parse),
    );
    fetched.catch(() => undefined); // a failure is thrown when the page is awaited, which may never happen
    return fetched;
  };
  const completeness = new ListCompleteness(request.idOf);
  try {
    let next: ReturnType<typeof fetchPage> | undefined = fetchPage(1);
    for (let page = 1; next; page++) {
      const { value, requestedAtMs, calls } = await next;
      const { fresh, more } = completeness.addPage(value);
      next = more ? fetchPage(page + 1) : undefined;
      const total = value.total ?? value.items.length;
      yield { items: fresh, page, total, pagesExpected: Math.ceil(total / PER_PAGE), requestedAtMs, calls };
    }
    completeness.assertComplete();
  } catch (error) {
    if (error instanceof ProviderError) error.path ??= request.path;
    throw error;
  } finally {
    ended.abort();
  }
}

/**
 * Decides after each page whether to read another one, and at the end whether the list is complete: `meta.total` is the same on every
 * page and equals the number of distinct ids (docs/guarantees.md). A change between two pages can hide an object, which only the numbers
 * reveal. An endless list ends at a page without a new id, at more ids than the total, or at more pages than expected.
 */
export class ListCompleteness<T> {
  private readonly ids = new Set<string>();
  private unreadable = 0;
  private total: number | undefined;
  private pages = 0;
  private pagesAllowed: number | undefined;
  private problem: { readonly reason: IncompleteReason; readonly cause?: MalformedAnswerError } | undefined;

  constructor(
    private readonly idOf: (item: T) => string,
    private readonly maxPages = MAX_PAGES,
  ) {}

  /** Adds the next page. Returns its objects that no earlier page contained, and whether another page has to be read. */
  addPage({ items, unreadable, total, hasNext }: ReceivedPage<T>): { fresh: T[]; more: boolean } {
    const fresh = items.filter((item) => this.isNew(this.idOf(item)));
    this.unreadable += unreadable.length;
    this.pages += 1;
    if (unreadable.length > 0) this.problem ??= { reason: 'unreadable_item', cause: unreadable[0] };
    if (total === undefined) this.problem ??= { reason: 'no_total' };
    else if (this.pages > 1 && total !== this.total) this.problem ??= { reason: 'total_changed' };
    this.total = total;
    if (total !== undefined) this.pagesAllowed ??= pagesFor(total, items.length + unreadable.length);
    return { fresh, more: this.needsNextPage(fresh.length, items.length, unreadable.length, hasNext) };
  }

  /** Throws `IncompleteListError` unless the pages provably contain every object. */
  assertComplete(): void {
    if (this.problem === undefined && this.ids.size !== this.total) this.problem = { reason: 'count_mismatch' };
    if (this.problem) throw new IncompleteListError(this.problem.reason, this.problem.cause);
  }

  private needsNextPage(fresh: number, readable: number, unreadable: number, hasNext: boolean): boolean {
    if (fresh === 0 && (readable > 0 || unreadable === 0)) {
      if (readable > 0) this.problem ??= { reason: 'repeated_page' };
      return false;
    }
    if (this.total !== undefined && this.ids.size > this.total) {
      this.problem ??= { reason: 'count_mismatch' };
      return false;
    }
    if (!hasNext && this.ids.size + this.unreadable >= (this.total ?? 0)) return false;
    if (this.pages < Math.min(this.maxPages, this.pagesAllowed ?? MAX_PAGES_WITHOUT_TOTAL)) return true;
    this.problem ??= { reason: 'too_many_pages' };
    return false;
  }

  private isNew(id: string): boolean {
    const before = this.ids.size;
    return this.ids.add(id).size > before;
  }
}

/** Uses the size of the page that carried the total: some servers return fewer objects per page than requested. */
function pagesFor(total: number, pageSize: number): number {
  return GROWTH * Math.ceil(total / Math.max(1, pageSize)) + SPARE_PAGES;
}

/**
 * Reads `{<key>: [...], links, meta: {total}}`. A missing collection is not an empty one: it throws `MalformedAnswerError`.
 * An object that `parse` refuses is counted as unreadable; the rest of the page is kept.
 */
function readPage<T>(body: unknown, key: string, parse: (raw: unknown) => T): ReceivedPage<T> {
  const response = record(body, 'the answer');
  const raws = list(response, key);
  const total = optionalRecord(response.meta, 'meta')?.total ?? undefined;
  if (total !== undefined && !(Number.isSafeInteger(total) && Number(total) >= 0))
    throw new MalformedAnswerError('meta.total is not a count');
  const pages = optionalRecord(optionalRecord(response.links, 'links')?.pages, 'links.pages');
  return {
    ...readItems(raws, parse),
    total: total === undefined ? undefined : Number(total),
    hasNext: typeof pages?.next === 'string' && pages.next !== '',
  };
}

function readItems<T>(raws: readonly unknown[], parse: (raw: unknown) => T): Pick<ReceivedPage<T>, 'items' | 'unreadable'> {
  const items: T[] = [];
  const unreadable: MalformedAnswerError[] = [];
  for (const raw of raws) {
    try {
      items.push(parse(raw));
    } catch (error) {
      if (!(error instanceof MalformedAnswerError)) throw error;
      unreadable.push(error);
    }
  }
  return { items, unreadable };
}

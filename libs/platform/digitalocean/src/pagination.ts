import { IncompleteListError, MalformedAnswerError, ProviderError, type IncompleteReason } from './digitalocean.errors';
import type { DigitalOceanHttpClient, ProviderRequest } from './http-client';
import { isNothing } from '#libs/kernel';
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

/** A listed object that `parse` refused. */
export interface UnreadableObject {
  /** Null when the id is unreadable too: the list is then incomplete. */
  readonly id: string | null;
  /** The first field that could not be read; null when the object as a whole is unusable. */
  readonly field: string | null;
  /** What was expected, in words, without the value. */
  readonly reason: string;
}

/** One page of a list. */
export interface ListPage<T> {
  /** The objects that no earlier page contained. */
  readonly items: T[];
  /** The unreadable objects that no earlier page contained. Those with an id count as listed. */
  readonly unreadable: readonly UnreadableObject[];
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
  /** The provider returns the whole list in one response, without `meta.total`: the objects of the response are the list. */
  readonly unpaged?: boolean;
  /** A response without the key is an empty list. Otherwise it is an unreadable one. */
  readonly mayOmitKey?: boolean;
  readonly idOf: (item: T) => string;
  /** Throws `MalformedAnswerError` for an unreadable object: the object is skipped, and the list ends as incomplete. */
  readonly parse: (raw: unknown) => T;
  /**
   * The id of an object that `parse` refused, as `idOf` would return it; undefined when the id is unreadable too. With it, an unreadable
   * object counts as listed, and the list can be complete. [TRU-3]
   */
  readonly idOfUnreadable?: (raw: unknown) => string | undefined;
}

/** One page as the provider returned it. */
export interface ReceivedPage<T> {
  readonly items: readonly T[];
  /** The objects that could not be read, each with its id where that is readable. */
  readonly unreadable: readonly { readonly error: MalformedAnswerError; readonly id?: string }[];
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
      readPage(response.body, request),
    );
    fetched.catch(() => undefined); // a failure is thrown when the page is awaited, which may never happen
    return fetched;
  };
  const completeness = new ListCompleteness(request.idOf);
  try {
    let next: ReturnType<typeof fetchPage> | undefined = fetchPage(1);
    for (let page = 1; next; page++) {
      const { value, requestedAtMs, calls } = await next;
      const { fresh, unreadable, more } = completeness.addPage(value);
      next = more ? fetchPage(page + 1) : undefined;
      const total = value.total ?? value.items.length;
      yield { items: fresh, unreadable, page, total, pagesExpected: Math.ceil(total / PER_PAGE), requestedAtMs, calls };
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
 * page and equals the number of distinct ids, those of unreadable objects included (docs/guarantees.md). A change between two pages can hide an object, which only the numbers
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
  addPage({ items, unreadable, total, hasNext }: ReceivedPage<T>): { fresh: T[]; unreadable: UnreadableObject[]; more: boolean } {
    const fresh = items.filter((item) => this.isNew(this.idOf(item)));
    const named = unreadable.filter(({ id }) => id !== undefined);
    const freshNamed = named.filter(({ id }) => this.isNew(id ?? ''));
    const nameless = unreadable.filter(({ id }) => id === undefined);
    this.unreadable += nameless.length;
    this.pages += 1;
    if (nameless.length > 0) this.problem ??= { reason: 'unreadable_item', cause: nameless[0]?.error };
    if (total === undefined) this.problem ??= { reason: 'no_total' };
    else if (this.pages > 1 && total !== this.total) this.problem ??= { reason: 'total_changed' };
    this.total = total;
    if (total !== undefined) this.pagesAllowed ??= pagesFor(total, items.length + unreadable.length);
    const identified = items.length + named.length;
    const more = this.needsNextPage(fresh.length + freshNamed.length, identified, nameless.length, hasNext);
    const counted = [...freshNamed, ...nameless].map(({ id, error }) => ({
      id: id ?? null,
      field: error.field ?? null,
      reason: error.expectation ?? 'the object as a whole is unusable',
    }));
    return { fresh, unreadable: counted, more };
  }

  /** Throws `IncompleteListError` unless the pages provably contain every object. */
  assertComplete(): void {
    if (this.problem === undefined && this.ids.size !== this.total) this.problem = { reason: 'count_mismatch' };
    if (this.problem) throw new IncompleteListError(this.problem.reason, this.problem.cause);
  }

  private needsNextPage(fresh: number, identified: number, nameless: number, hasNext: boolean): boolean {
    if (fresh === 0 && (identified > 0 || nameless === 0)) {
      if (identified > 0) this.problem ??= { reason: 'repeated_page' };
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
 * Reads `{<key>: [...], links, meta: {total}}`; some lists have the total beside the objects. A collection of null is an empty one; a missing collection is not, and throws
 * `MalformedAnswerError`. An object that `parse` refuses is counted as unreadable; the rest of the page is kept.
 */
function readPage<T>(body: unknown, { key, parse, idOfUnreadable, unpaged, mayOmitKey }: ListRequest<T>): ReceivedPage<T> {
  const response = record(body, 'the answer');
  const isEmpty = response[key] === undefined ? mayOmitKey === true : isNothing(response[key]);
  const raws = isEmpty ? [] : list(response, key);
  const total = optionalRecord(response.meta, 'meta')?.total ?? response.total ?? undefined;
  if (total !== undefined && !(Number.isSafeInteger(total) && Number(total) >= 0))
    throw new MalformedAnswerError('meta.total is not a count');
  const pages = optionalRecord(optionalRecord(response.links, 'links')?.pages, 'links.pages');
  return {
    ...readItems(raws, parse, idOfUnreadable),
    total: total === undefined ? (unpaged === true ? raws.length : undefined) : Number(total),
    hasNext: typeof pages?.next === 'string' && pages.next !== '',
  };
}

function readItems<T>(
  raws: readonly unknown[],
  parse: (raw: unknown) => T,
  idOfUnreadable?: (raw: unknown) => string | undefined,
): Pick<ReceivedPage<T>, 'items' | 'unreadable'> {
  const items: T[] = [];
  const unreadable: ReceivedPage<T>['unreadable'][number][] = [];
  for (const raw of raws) {
    try {
      items.push(parse(raw));
    } catch (error) {
      if (!(error instanceof MalformedAnswerError)) throw error;
      unreadable.push({ error, id: idOfUnreadable?.(raw) });
    }
  }
  return { items, unreadable };
}

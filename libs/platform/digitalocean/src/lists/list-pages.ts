import type { DoorRequest, DigitalOceanHttpClient } from '../door/provider-door';
import { ListWalk } from './list-walk';
import { readPage } from './read-page';

/** The most that DigitalOcean gives at once (docs/measurements.md I1). */
const PER_PAGE = 200;

/** One page of a list. */
export interface ListPage<T> {
  /** What no earlier page contained. */
  readonly items: T[];
  /** From 1. */
  readonly page: number;
  /** `meta.total` of this page; the number of items seen on it when the list has no total. */
  readonly total: number;
  readonly pagesExpected: number;
  /** `performance.now()` just before the request of this page was sent: what it shows is at least as young. */
  readonly requestedAtMs: number;
  /** Provider calls that this page cost, repetitions included. */
  readonly calls: number;
}

export interface ListRequest<T> extends Pick<DoorRequest, 'purpose' | 'fingerprint' | 'path' | 'query' | 'timeoutMs' | 'signal'> {
  /** Name of the collection in the answer. */
  readonly key: string;
  readonly idOf: (item: T) => string;
  /** Throws `MalformedAnswerError` for what is no such object: it is left out, and the list ends as incomplete. */
  readonly parse: (raw: unknown) => T;
}

/** The pages of a list, in order; the next one is fetched while the consumer works on the current one. */
export async function* listPages<T>(door: DigitalOceanHttpClient, request: ListRequest<T>): AsyncGenerator<ListPage<T>, void, void> {
  const left = new AbortController(); // the consumer stopped early: what is still being fetched is for nobody
  const signal = request.signal ? AbortSignal.any([request.signal, left.signal]) : left.signal;
  const fetchPage = (page: number) => {
    const { purpose, fingerprint, path, timeoutMs } = request;
    const query = { ...request.query, page: String(page), per_page: String(PER_PAGE) };
    const fetched = door.read({ purpose, fingerprint, path, query, timeoutMs, signal, method: 'GET' }, (answer) =>
      readPage(answer.body, request.key, request.parse),
    );
    fetched.catch(() => undefined); // looked at when its turn comes, or never
    return fetched;
  };
  const walk = new ListWalk(request.idOf);
  try {
    let next: ReturnType<typeof fetchPage> | undefined = fetchPage(1);
    for (let page = 1; next; page++) {
      const { value, requestedAtMs, calls } = await next;
      const { fresh, more } = walk.take(value);
      next = more ? fetchPage(page + 1) : undefined;
      const total = value.total ?? value.items.length;
      yield { items: fresh, page, total, pagesExpected: Math.ceil(total / PER_PAGE), requestedAtMs, calls };
    }
    walk.finish();
  } finally {
    left.abort();
  }
}

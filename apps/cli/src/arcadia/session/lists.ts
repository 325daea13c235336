import type { Command } from 'commander';
import type { paths } from '#api-schema';
import { answered } from './client';
import { EXIT, Failure, usageError } from './failure';
import type { Row } from './output';
import type { CommandBook, Session } from './session';

interface Page {
  readonly data: readonly Row[];
  readonly page: { readonly next_cursor: string | null };
}

/** The routes that answer a list in pages. */
type ListPath = {
  [P in keyof paths]: paths[P] extends {
    get: { responses: { 200: { content: { 'application/json': { data: object[]; page: object } } } } };
  }
    ? P
    : never;
}[keyof paths];
type Query<P extends ListPath> = paths[P] extends { get: { parameters: { query?: infer Q } } } ? keyof NonNullable<Q> & string : never;
type Item<P extends ListPath> = paths[P] extends {
  get: { responses: { 200: { content: { 'application/json': { data: (infer T)[] } } } } };
}
  ? keyof T & string
  : never;

interface ListDeclaration<P extends ListPath> {
  readonly usage: string;
  readonly summary: string;
  readonly path: P;
  /** Query parameters of the route that are options with a value, and their descriptions. */
  readonly filters: { readonly [F in Query<P>]?: string };
  /** Query parameters that are options without a value and are sent as `true`. */
  readonly switches?: { readonly [F in Query<P>]?: string };
  readonly fields: readonly (Item<P> | `${Item<P>}.${string}`)[];
  readonly examples: readonly string[];
}

type Fetch = (
  path: string,
  init: { params: { query: Record<string, string>; path: Record<string, string> } },
) => Promise<{ data?: Page; error?: unknown; response: Response }>;

const OF_EVERY_LIST = {
  '--limit <count>': 'end after so many rows; all by default',
  '--exit-code': 'exit with 3 when there are rows',
};
const LARGEST_PAGE = 200;
const flagOf = (parameter: string) => `--${parameter.replaceAll('_', '-')}`;
const optionOf = (parameter: string) => parameter.replace(/_([a-z])/g, (_all, letter: string) => letter.toUpperCase());

/** Adds a command that reads a list page by page. An argument of `usage` is the `id` of the path. */
export function addList<P extends ListPath>(book: CommandBook, parent: Command, declared: ListDeclaration<P>): void {
  const filters = Object.entries(declared.filters) as [string, string][];
  const switches = Object.entries(declared.switches ?? {}) as [string, string][];
  const options = {
    ...Object.fromEntries(filters.map(([name, text]) => [`${flagOf(name)} <value>`, text])),
    ...Object.fromEntries(switches.map(([name, text]) => [flagOf(name), text])),
    ...OF_EVERY_LIST,
  };
  book.add(parent, { ...declared, options, watch: true }, async (session, id = '') => {
    const query: Record<string, string> = {};
    for (const [name] of filters) {
      const value = session.text(optionOf(name));
      if (value !== undefined) query[name] = value;
    }
    for (const [name] of switches) if (session.has(optionOf(name))) query[name] = 'true';
    const rows = pages(session, declared.path, query, { id });
    const count = await session.write(atMost(rows, limitOf(session)), declared.fields);
    return count > 0 && session.has('exitCode') ? EXIT.findings : EXIT.ok;
  });
}

export function limitOf(session: Session): number {
  const limit = session.text('limit');
  if (limit !== undefined && !/^[1-9]\d{0,8}$/.test(limit)) throw usageError(`--limit must be a whole number from 1, not ${limit}`);
  return Number(limit ?? Infinity);
}

/** Reads the next page only when the one before has been taken. An api with smaller pages (`PAGE_LIMIT_MAX`) is asked for its own size. */
export async function* pages(
  session: Session,
  path: ListPath,
  query: Readonly<Record<string, string>>,
  pathParameters: Readonly<Record<string, string>> = {},
): AsyncGenerator<readonly Row[]> {
  const get = session.client.GET as unknown as Fetch;
  const read = (of: Record<string, string>) => answered(get(path, { params: { query: { ...of, ...query }, path: { ...pathParameters } } }));
  let size: Record<string, string> = { limit: String(Math.min(LARGEST_PAGE, limitOf(session))) };
  let answer = await read(size).catch((error: unknown) => {
    if (!(error instanceof Failure) || !error.errors.some(({ field }) => field === 'limit')) throw error;
    size = {};
    return read(size);
  });
  for (;;) {
    yield answer.data;
    const cursor = answer.page.next_cursor;
    if (cursor === null) return;
    answer = await read({ ...size, cursor });
  }
}

/** Ends after `most` rows, without reading a page that is not needed. */
export async function* atMost(rows: AsyncIterable<readonly Row[]>, most: number): AsyncGenerator<readonly Row[]> {
  let left = most;
  for await (const page of rows) {
    yield page.slice(0, left);
    left -= page.length;
    if (left <= 0) return;
  }
}

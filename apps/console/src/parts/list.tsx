import { keepPreviousData, useInfiniteQuery, type QueryKey } from '@tanstack/react-query';
import type { RowData } from '@tanstack/react-table';
import { useCallback, useMemo } from 'react';
import type { Freshness } from '../client/client';
import { usePollMs } from '../shell/live';
import { DataTable, type DataTableProps } from './data-table';
import { ErrorState, ProblemCode, Skeleton } from './states';

const TEXTS = { cut: 'The rest of the list could not be read.', again: 'Try again' };

const POLL_MS = 15_000;
/** A longer list is not asked for again while somebody reads it. */
const MOST_POLLED_PAGES = 2;
/** The longest page that the API gives. */
export const PAGE = 200;

export interface ListPage<Row> extends Freshness {
  readonly data: readonly Row[];
  readonly page: { readonly next_cursor: string | null };
}

interface ListOptions<Row> {
  readonly pollMs?: number;
  readonly enabled?: boolean;
  /** The row changes without an event, as a saga does from step to step: the list is asked for while it has such rows. */
  readonly isBusy?: (row: Row) => boolean;
}

/** A list of the API, one page after another on scrolling, and refreshed while it is on screen: by the event stream, or by asking. */
export function useList<Row, Page extends ListPage<Row>>(
  queryKey: QueryKey,
  read: (cursor: string | undefined, signal: AbortSignal) => Promise<Page>,
  { pollMs = POLL_MS, enabled = true, isBusy }: ListOptions<Row> = {},
) {
  const calmMs = usePollMs(pollMs);
  const query = useInfiniteQuery({
    queryKey,
    queryFn: ({ pageParam, signal }) => read(pageParam === '' ? undefined : pageParam, signal),
    initialPageParam: '',
    getNextPageParam: (last: Page) => last.page.next_cursor ?? undefined,
    placeholderData: keepPreviousData,
    refetchInterval: ({ state: { data } }) => {
      if ((data?.pages.length ?? 0) > MOST_POLLED_PAGES) return false;
      return isBusy && data?.pages.some((page) => page.data.some(isBusy)) ? pollMs : calmMs;
    },
    enabled,
  });
  const { hasNextPage, isFetchingNextPage, isFetchNextPageError, fetchNextPage } = query;
  const rows = useMemo(() => query.data?.pages.flatMap((page) => [...page.data]) ?? [], [query.data]);
  const onEnd = useCallback(() => {
    // A page that was refused is asked for again by a person only, else it would be asked for without end.
    if (hasNextPage && !isFetchingNextPage && !isFetchNextPageError) void fetchNextPage();
  }, [hasNextPage, isFetchingNextPage, isFetchNextPageError, fetchNextPage]);
  return { query, rows, onEnd, first: query.data?.pages[0] };
}

interface ListCardProps<Row> extends Omit<DataTableProps<Row>, 'rows' | 'onEnd' | 'dimmed'> {
  readonly list: {
    readonly query: {
      readonly error: Error | null;
      readonly isPending: boolean;
      readonly refetch: () => unknown;
      /** Of a list that is read page after page: the next one was refused. */
      readonly isFetchNextPageError?: boolean;
      readonly isFetchingNextPage?: boolean;
      readonly fetchNextPage?: () => unknown;
    };
    readonly rows: readonly Row[];
    readonly onEnd: () => void;
  };
  /** Above the rows. */
  readonly totals?: React.ReactNode;
  readonly empty: React.ReactNode;
  /** Docked below the rows. */
  readonly foot?: React.ReactNode;
}

/** A list in its card: totals, then rows, or a skeleton, or why there are none. Old rows stay while new ones cannot be read. */
export function ListCard<Row extends RowData>({ list, totals, empty, foot, ...table }: ListCardProps<Row>) {
  const { query, rows, onEnd } = list;
  const isCutShort = query.isFetchNextPageError === true;
  return (
    <section className="card tw" aria-label={table.label}>
      {totals && <div className="tot">{totals}</div>}
      {query.error && !isCutShort && <ErrorState error={query.error} retry={() => void query.refetch()} />}
      {query.isPending && <Skeleton lines={14} />}
      {rows.length > 0 && <DataTable {...table} rows={rows} onEnd={onEnd} dimmed={query.error !== null && !isCutShort} />}
      {query.error && isCutShort && <CutShort error={query.error} query={query} />}
      {!query.isPending && !query.error && rows.length === 0 && empty}
      {foot}
    </section>
  );
}

interface CutShortProps {
  readonly error: Error;
  readonly query: { readonly isFetchingNextPage?: boolean; readonly fetchNextPage?: () => unknown };
}

/** Where a list ends because its next page was refused: why, and the way to ask for it again. */
export function CutShort({ error, query }: CutShortProps) {
  return (
    <div role="alert" className="pad">
      <p>
        {TEXTS.cut} {error.message}
      </p>
      <ProblemCode error={error} />
      <button type="button" className="btn sml" disabled={query.isFetchingNextPage} onClick={() => void query.fetchNextPage?.()}>
        {TEXTS.again}
      </button>
    </div>
  );
}

interface PageOf<Row> {
  readonly data: readonly Row[];
  readonly page: { readonly next_cursor: string | null };
}

interface Read<Row> {
  readonly data: readonly Row[];
  /** There are more rows than were asked for. */
  readonly isCut: boolean;
}

/** Reads a list page after page to its end, or to the first page at which it has `most` rows. For lists that are short by their nature. */
export async function everyPage<Row>(
  read: (query: { readonly limit: number; readonly cursor?: string }) => Promise<PageOf<Row>>,
  most = Infinity,
): Promise<Read<Row>> {
  const rows: Row[] = [];
  let cursor: string | null = null;
  do {
    const answer: PageOf<Row> = await read({ limit: PAGE, ...(cursor !== null && { cursor }) });
    rows.push(...answer.data);
    cursor = answer.page.next_cursor;
  } while (cursor !== null && rows.length < most);
  return { data: rows, isCut: cursor !== null };
}

import { keepPreviousData, useInfiniteQuery, useQueryClient, type InfiniteData, type QueryKey } from '@tanstack/react-query';
import type { RowData } from '@tanstack/react-table';
import { useCallback, useMemo } from 'react';
import type { Freshness } from '../client/client';
import { isLong, useIsOutdated, usePollMs } from '../shell/live';
import { DataTable, type DataTableProps } from './data-table';
import { EmptyList, type FilterSpec } from './filters';
import { ErrorState, ProblemCode, Skeleton } from './states';

const TEXTS = {
  cut: 'The rest of the list could not be read.',
  again: 'Try again',
  outdated: 'Something has changed since this list was read.',
  renew: 'Read it again',
};

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
    refetchOnWindowFocus: (known) => !isLong(known),
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
  const client = useQueryClient();
  const isOutdated = useIsOutdated(queryKey);
  /** Reads the list from its begin again. Pages behind the first one come back on scrolling. */
  const renew = () => {
    client.setQueryData<InfiniteData<Page, string>>(
      queryKey,
      (data) => data && { pages: data.pages.slice(0, 1), pageParams: data.pageParams.slice(0, 1) },
    );
    void query.refetch();
  };
  return { query, rows, onEnd, first: query.data?.pages[0], outdated: isOutdated && rows.length > 0 ? { renew } : undefined };
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
      /** The rows are those of the filters from before. */
      readonly isPlaceholderData?: boolean;
    };
    /** A list of several pages that an event has made old: it is read again when a person asks for it. */
    readonly outdated?: { readonly renew: () => void } | undefined;
    readonly rows: readonly Row[];
    readonly onEnd: () => void;
  };
  /** Above the rows. */
  readonly totals?: React.ReactNode;
  /** Of the whole list, without filters. */
  readonly empty: React.ReactNode;
  /** The filters that the address may have. */
  readonly filters?: readonly Pick<FilterSpec, 'name'>[];
  /** Docked below the rows. */
  readonly foot?: React.ReactNode;
}

/** A list in its card: totals, then rows, or a skeleton, or why there are none. Old rows stay while new ones cannot be read. */
export function ListCard<Row extends RowData>({ list, totals, empty, filters = [], foot, ...table }: ListCardProps<Row>) {
  const { query, rows, onEnd, outdated } = list;
  const isCutShort = query.isFetchNextPageError === true;
  return (
    <section className="card tw" aria-label={table.label} aria-busy={query.isPlaceholderData || undefined}>
      {totals && <div className={query.isPlaceholderData ? 'tot dimmed' : 'tot'}>{totals}</div>}
      {outdated && <OutdatedList {...outdated} />}
      {query.error && !isCutShort && <ErrorState error={query.error} retry={() => void query.refetch()} />}
      {query.isPending && <Skeleton lines={14} />}
      {rows.length > 0 && (
        <DataTable {...table} rows={rows} onEnd={onEnd} dimmed={query.isPlaceholderData || (query.error !== null && !isCutShort)} />
      )}
      {query.error && isCutShort && <CutShort error={query.error} query={query} />}
      {!query.isPending && !query.error && rows.length === 0 && <EmptyList specs={filters}>{empty}</EmptyList>}
      {foot}
    </section>
  );
}

/** Above a list that is not read again by itself, because a person may be reading far down in it. */
export function OutdatedList({ renew }: { readonly renew: () => void }) {
  return (
    <div className="tot" role="status">
      <span>{TEXTS.outdated}</span>
      <button type="button" className="btn sml" onClick={renew}>
        {TEXTS.renew}
      </button>
    </div>
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

import { notifyManager, useQueryClient, type QueryClient, type QueryKey } from '@tanstack/react-query';
import { useCallback, useEffect, useSyncExternalStore } from 'react';
import types from '../client/event-types.json';
import { ALWAYS, TOUCHED, touchedBy, type Subject } from './touched';

/** `live`: the event stream is open. `interrupted`: it has not been for a while, and pages are polled as without one. */
type LiveState = 'starting' | 'live' | 'interrupted';

const STREAM = '/api/v1/events/stream';
const FIRST_RETRY_MS = 2_000;
const LONGEST_RETRY_MS = 60_000;
/** A shorter interruption, such as a restart of the api, is not said on the page. */
const INTERRUPTED_AFTER_MS = 8_000;
/** A hidden tab gives its connection back after this time: a browser has six for each host. */
const HIDDEN_MS = 15_000;
/** Events of one change come together; the queries are read once for all of them. */
const GATHER_MS = 400;
/** How rarely a page asks while the stream tells it of changes. The age of data is no event. */
const POLL_WHILE_LIVE_MS = 60_000;

interface Known {
  readonly state: { readonly data: unknown };
}

/** A list of which several pages are in the tab. It is not read again by an event: that would be a request for each page, at every event. */
export function isLong({ state: { data } }: Known): boolean {
  const { pages } = (data ?? {}) as { readonly pages?: unknown };
  return Array.isArray(pages) && pages.length > 1;
}

/** Reads queries on screen again that have become old. A long list is only marked; its card has a note then. */
export function readOld(client: QueryClient, isOld: (queryKey: QueryKey) => boolean): void {
  const isOf = ({ queryKey }: { readonly queryKey: QueryKey }) => isOld(queryKey);
  void client.invalidateQueries({ predicate: (query) => isOf(query) && !isLong(query) });
  void client.invalidateQueries({ predicate: (query) => isOf(query) && isLong(query), refetchType: 'none' });
}

/** True while a list on the page is long, and has become old since it was read. */
export function useIsOutdated(queryKey: QueryKey): boolean {
  const cache = useQueryClient().getQueryCache();
  const subscribeCache = useCallback((listener: () => void) => cache.subscribe(notifyManager.batchCalls(listener)), [cache]);
  return useSyncExternalStore(subscribeCache, () => {
    const query = cache.find({ queryKey });
    return query !== undefined && query.state.isInvalidated && query.state.fetchStatus === 'idle' && isLong(query);
  });
}

/**
 * Reads again what a change on this page has made old, without waiting for its event. The preview in an open dialog is not read again: it showed
 * the change before it was made, and its request may have no answer any more.
 */
export const renew = (client: QueryClient, ...subjects: readonly Subject[]): Promise<void> =>
  readAgain(client, new Set<string>([...ALWAYS, ...subjects.flatMap((subject) => TOUCHED[subject])]));

const readAgain = (client: QueryClient, keys: ReadonlySet<string>) =>
  client.invalidateQueries({ predicate: ({ queryKey }) => keys.has(String(queryKey[0])) });

let state: LiveState = 'starting';
const listeners = new Set<() => void>();

function become(next: LiveState): void {
  if (state === next) return;
  state = next;
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export const useLiveState = (): LiveState => useSyncExternalStore(subscribe, () => state);

/** How often a page asks by itself: as given, and rarely while the stream tells it of what its query shows. */
export const usePollMs = (ms: number): number => (useLiveState() === 'live' ? Math.max(ms, POLL_WHILE_LIVE_MS) : ms);

/** Reads the queries on screen again that events have made old, once for all events of a moment. */
function refresher(client: QueryClient): { readonly note: (type: string) => void; readonly stop: () => void } {
  const old = new Set<string>();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const read = () => {
    timer = undefined;
    const keys = new Set(old);
    old.clear();
    readOld(client, ([word]) => keys.has(String(word)));
  };
  return {
    note: (type) => {
      for (const key of touchedBy(type)) old.add(key);
      timer ??= setTimeout(read, GATHER_MS);
    },
    stop: () => clearTimeout(timer),
  };
}

/** Keeps the stream open until it is stopped. The browser itself resumes a broken one after its last event; a refused one is tried again. */
function keepStream(client: QueryClient): () => void {
  const refresh = refresher(client);
  let source: EventSource | undefined;
  let retryMs = FIRST_RETRY_MS;
  let wasOpen = false;
  let retry: ReturnType<typeof setTimeout> | undefined;
  let late: ReturnType<typeof setTimeout> | undefined;
  let hidden: ReturnType<typeof setTimeout> | undefined;

  const close = () => {
    source?.close();
    source = undefined;
    clearTimeout(retry);
  };
  const open = () => {
    close();
    const opened = new EventSource(STREAM);
    source = opened;
    opened.addEventListener('open', () => {
      clearTimeout(late);
      late = undefined;
      retryMs = FIRST_RETRY_MS;
      become('live');
      // What changed while there was no stream is known to the api alone.
      if (wasOpen) readOld(client, ([word]) => !String(word).startsWith('session'));
      wasOpen = true;
    });
    opened.addEventListener('error', () => {
      late ??= setTimeout(() => become('interrupted'), INTERRUPTED_AFTER_MS);
      if (opened.readyState !== EventSource.CLOSED) return;
      retry = setTimeout(open, retryMs);
      retryMs = Math.min(retryMs * 2, LONGEST_RETRY_MS);
    });
    for (const type of types) opened.addEventListener(type, () => refresh.note(type));
  };
  const seen = () => {
    clearTimeout(hidden);
    if (document.visibilityState === 'visible') {
      if (source === undefined) open();
    } else hidden = setTimeout(close, HIDDEN_MS);
  };
  document.addEventListener('visibilitychange', seen);
  seen();
  return () => {
    document.removeEventListener('visibilitychange', seen);
    for (const timer of [retry, late, hidden]) clearTimeout(timer);
    refresh.stop();
    close();
    become('starting');
  };
}

/** One stream of events for the tab, as long as the caller is on the page. */
export function useLiveUpdates(): void {
  const client = useQueryClient();
  useEffect(() => keepStream(client), [client]);
}

import { AsyncLocalStorage } from 'node:async_hooks';

/** One call of another service. Neither query string nor bodies. */
export interface OutboundCall {
  /** `performance.now()` when it was sent. */
  readonly atMs: number;
  readonly method: string;
  readonly path: string;
  /** Null when there was no answer. */
  readonly status: number | null;
  readonly ms: number;
  /** The id that the other service gave the call. */
  readonly requestId: string | null;
}

/** A step that calls in a loop must not make its checkpoint large: further calls are not recorded. */
const MOST_CALLS = 200;

const current = new AsyncLocalStorage<OutboundCall[]>();

/** Adds the calls of this work to `calls`, in the order of their ends. */
export function withCallRecord<T>(calls: OutboundCall[], work: () => T): T {
  return current.run(calls, work);
}

/** Records a call that has just ended, for the work that made it, if that work keeps a record. `response`: undefined when none came. */
export function recordCall(
  { method, path }: Pick<OutboundCall, 'method' | 'path'>,
  atMs: number,
  response?: { readonly status: number; readonly requestId?: unknown },
): void {
  const calls = current.getStore();
  if (!calls || calls.length >= MOST_CALLS) return;
  const requestId = typeof response?.requestId === 'string' ? response.requestId : null;
  calls.push({ atMs, method, path, status: response?.status ?? null, ms: Math.round(performance.now() - atMs), requestId });
}

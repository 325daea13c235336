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

/** Records a call for the work that made it, if that work keeps a record. */
export function recordCall(call: OutboundCall): void {
  const calls = current.getStore();
  if (calls && calls.length < MOST_CALLS) calls.push(call);
}

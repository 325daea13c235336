import { AsyncLocalStorage } from 'node:async_hooks';
import { traceparent } from './tracing';

/** The fields that all log lines of one piece of work share. */
export interface LogFields {
  readonly request_id?: string;
  readonly job_id?: string;
  readonly sweep_id?: string;
  readonly saga_id?: string;
  readonly kind?: string;
}

const current = new AsyncLocalStorage<LogFields>();

/** Runs the work with these fields on all its log lines, in addition to the fields of the caller. */
export function withLogFields<T>(fields: LogFields, work: () => T): T {
  return current.run({ ...current.getStore(), ...fields }, work);
}

/** The fields of the current work, and its trace id when tracing is on. */
export function logFields(): LogFields & { readonly trace_id?: string } {
  const traceId = traceparent()?.split('-')[1];
  return { ...current.getStore(), ...(traceId && { trace_id: traceId }) };
}

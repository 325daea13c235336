import { Logger } from '@nestjs/common';
import type { Config } from '#libs/config';
import { errorCode } from '#libs/kernel';
import type * as OpenTelemetry from './open-telemetry';

/** Facts about a span. Words, numbers and ids only: no query strings, no headers, no bodies (TEN-8). */
export type SpanAttributes = Readonly<Record<string, string | number | boolean | undefined>>;

export interface SpanDescription {
  /** One of few names, such as a route or a kind; never an id. */
  readonly name: string;
  /** `server` handles a request, `client` calls another service, `producer` enqueues work, `consumer` processes it. */
  readonly kind: 'server' | 'client' | 'producer' | 'consumer' | 'internal';
  readonly attributes?: SpanAttributes;
  /** The W3C `traceparent` of the cause in another process; a malformed one begins a new trace. */
  readonly parent?: string;
}

/** A span that has not ended. */
export interface Span {
  rename(name: string): void;
  set(attributes: SpanAttributes): void;
  fail(code: string): void;
}

/** Creates the spans of this process; exists only when tracing is on. */
export interface Tracer {
  span<T>(description: SpanDescription, work: (span: Span) => Promise<T>): Promise<T>;
  traceparent(): string | undefined;
  /** Sends the spans that have not been sent yet. */
  end(): Promise<void>;
}

const NO_SPAN: Span = { rename: () => undefined, set: () => undefined, fail: () => undefined };
let current: Tracer | undefined;

/** Sets the tracer that creates spans from now on; undefined switches tracing off. */
export function traceWith(tracer: Tracer | undefined): void {
  current = tracer;
}

/** Runs the work as a span of the current trace. A failure marks the span with its stable code. Without tracing only the work runs. */
export async function inSpan<T>(description: SpanDescription, work: (span: Span) => Promise<T>): Promise<T> {
  if (!current) return work(NO_SPAN);
  return current.span(description, async (span) => {
    try {
      return await work(span);
    } catch (error) {
      span.fail(errorCode(error));
      throw error;
    }
  });
}

/** The current trace as W3C `traceparent`, to be stored with work for another process. */
export function traceparent(): string | undefined {
  return current?.traceparent();
}

/** Spans that are not sent within this time are lost: a graceful shutdown must not wait for a collector. [OPS-6] */
const END_LIMIT_MS = 2_000;

/**
 * Switches tracing on when `OTEL_EXPORTER_OTLP_ENDPOINT` is set. Only then is OpenTelemetry loaded, which takes a quarter of a second.
 * Returns the function that ends tracing. Never throws: a process works without its traces.
 */
export function startTracing(config: Config, processName: string): () => Promise<void> {
  const nothing = () => Promise.resolve();
  if (!config.tracing.endpoint) return nothing;
  const log = new Logger('Tracing');
  try {
    const { openTelemetry } = require('./open-telemetry') as typeof OpenTelemetry;
    const tracer = openTelemetry(config, processName);
    traceWith(tracer);
    log.log({ event: 'tracing_started', process: processName });
    return async () => {
      traceWith(undefined);
      await Promise.race([tracer.end().catch(() => undefined), new Promise((resolve) => setTimeout(resolve, END_LIMIT_MS).unref())]);
    };
  } catch (error) {
    log.error({ event: 'tracing_start_failed' }, error instanceof Error ? error.stack : undefined);
    return nothing;
  }
}

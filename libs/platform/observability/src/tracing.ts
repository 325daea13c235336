import { errorCode } from '#libs/kernel';

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

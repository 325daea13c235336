import { errorCode } from '#libs/kernel';

/** Facts about a span. Words, numbers and ids only: no query strings, no headers, no bodies (TEN-8). */
export type SpanAttributes = Readonly<Record<string, string | number | boolean | undefined>>;

export interface SpanDescription {
  /** Few different ones: routes and kinds, never ids. */
  readonly name: string;
  /** `server` answers, `client` calls outside, `producer` leaves work behind, `consumer` takes it up. */
  readonly kind: 'server' | 'client' | 'producer' | 'consumer' | 'internal';
  readonly attributes?: SpanAttributes;
  /** W3C `traceparent` of what caused it, where that came from elsewhere; anything malformed begins a new trace. */
  readonly parent?: string;
}

/** A span under way. */
export interface Span {
  rename(name: string): void;
  set(attributes: SpanAttributes): void;
  fail(code: string): void;
}

/** What makes the spans of this process; there is none unless tracing is switched on. */
export interface Tracer {
  span<T>(description: SpanDescription, work: (span: Span) => Promise<T>): Promise<T>;
  traceparent(): string | undefined;
  /** Sends what is left. */
  end(): Promise<void>;
}

const NO_SPAN: Span = { rename: () => undefined, set: () => undefined, fail: () => undefined };
let current: Tracer | undefined;

/** From now on spans are made by this tracer; undefined: none are made. */
export function traceWith(tracer: Tracer | undefined): void {
  current = tracer;
}

/** Does the work as a span of the trace at hand. A failure is marked with its stable code; without tracing it is just the work. */
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

/** The trace at hand as W3C `traceparent`, to be left with work that somebody else takes up. */
export function traceparent(): string | undefined {
  return current?.traceparent();
}

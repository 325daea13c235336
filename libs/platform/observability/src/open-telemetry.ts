import { AsyncLocalStorage } from 'node:async_hooks';
import { ROOT_CONTEXT, SpanKind, SpanStatusCode, trace, type Context, type Span as OtelSpan } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { BatchSpanProcessor, ParentBasedSampler, TraceIdRatioBasedSampler, TracerProvider } from '@opentelemetry/sdk-trace';
import type { Config } from '#libs/config';
import type { Span, SpanAttributes, SpanDescription, Tracer } from './tracing';

const KINDS: Record<SpanDescription['kind'], SpanKind> = {
  server: SpanKind.SERVER,
  client: SpanKind.CLIENT,
  producer: SpanKind.PRODUCER,
  consumer: SpanKind.CONSUMER,
  internal: SpanKind.INTERNAL,
};

/** OpenTelemetry, sending over OTLP/HTTP. Loaded only when tracing is on. */
export function openTelemetry({ tracing, version }: Config, processName: string): Tracer {
  const exporter = new OTLPTraceExporter({
    url: `${tracing.endpoint}/v1/traces`,
    headers: () => Promise.resolve(headersFrom(tracing.headers?.() ?? '')), // read for each batch, because they may be rotated
  });
  const provider = new TracerProvider({
    resource: resourceFromAttributes({ 'service.name': `arcadia-cloud-${processName}`, 'service.version': version }),
    sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(tracing.ratio) }),
    spanProcessors: [new BatchSpanProcessor({ exporter })],
  });
  const current = new AsyncLocalStorage<OtelSpan>();
  const tracer = provider.getTracer('arcadia-cloud');
  return {
    span: async ({ name, kind, attributes, parent }, work) => {
      const above = current.getStore();
      const from = parent === undefined ? (above ? trace.setSpan(ROOT_CONTEXT, above) : ROOT_CONTEXT) : contextFrom(parent);
      const span = tracer.startSpan(name, { kind: KINDS[kind], attributes: known(attributes) }, from);
      try {
        return await current.run(span, () => work(handleOf(span)));
      } finally {
        span.end();
      }
    },
    traceparent: () => {
      const span = current.getStore()?.spanContext();
      return span && `00-${span.traceId}-${span.spanId}-${span.traceFlags.toString(16).padStart(2, '0')}`;
    },
    end: () => provider.shutdown(),
  };
}

function handleOf(span: OtelSpan): Span {
  return {
    rename: (name) => void span.updateName(name),
    set: (attributes) => void span.setAttributes(known(attributes)),
    fail: (code) => {
      span.setAttribute('error.type', code);
      span.setStatus({ code: SpanStatusCode.ERROR });
    },
  };
}

/** W3C Trace Context, level 1: version 00, no id of zeros. */
function contextFrom(traceparent: string): Context {
  const [, traceId, spanId, flags] = /^00-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})$/.exec(traceparent) ?? [];
  if (!traceId || !spanId || !flags) return ROOT_CONTEXT;
  return trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId, traceFlags: parseInt(flags, 16), isRemote: true });
}

function known(attributes: SpanAttributes = {}): Record<string, string | number | boolean> {
  return Object.fromEntries(Object.entries(attributes).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])));
}

/** `name=value,name=value`, values percent-encoded, as OpenTelemetry writes them. */
function headersFrom(text: string): Record<string, string> {
  const pairs = text.split(',').map((pair) => pair.split(/=(.*)/s, 2).map((part) => part.trim()));
  return Object.fromEntries(pairs.flatMap(([name, value]) => (name && value ? [[name, decodeURIComponent(value)]] : [])));
}

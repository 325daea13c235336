export { JsonLogger } from './json-logger';
export { logFields, withLogFields, type LogFields } from './log-fields';
export { redact } from './redact';
export { startTracing } from './start-tracing';
export { inSpan, traceparent, traceWith, type Span, type SpanAttributes, type SpanDescription, type Tracer } from './tracing';
export { counter, gauge, histogram, METRICS_CONTENT_TYPE, metricsText, type Reading } from './metrics';

export { recordCall, withCallRecord, type OutboundCall } from './call-record';
export { JsonLogger, logFields, redact, withLogFields, type LogFields } from './json-logger';
export { inSpan, startTracing, traceparent, traceWith, type Span, type SpanAttributes, type SpanDescription, type Tracer } from './tracing';
export { counter, exportBuildInfo, gauge, histogram, METRICS_CONTENT_TYPE, metricsText, type Reading } from './metrics';

export { JsonLogger } from './json-logger';
export { logFields, withLogFields, type LogFields } from './log-fields';
export { redact } from './redact';
export { counter, gauge, histogram, metrics } from './metrics';

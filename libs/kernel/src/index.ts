export { cached, type CacheLimits } from './cached';
export { canonicalJson, type Json } from './canonical-json';
export {
  DomainError,
  domainError,
  errorCode,
  isRetryable,
  UNKNOWN_FIELD,
  ValidationFailedError,
  type DomainErrorClass,
  type ErrorCategory,
  type FieldError,
} from './kernel.errors';
export {
  decodeCursor,
  encodeCursor,
  InvalidCursorError,
  pageOf,
  SEQUENCE_KEY,
  UUID_KEY,
  type KindCompleteness,
  type ListAnswer,
  type Page,
  type PageRequest,
} from './paging';
export { throttle } from './throttle';
export { withTimeout } from './with-timeout';

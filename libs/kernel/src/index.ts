export { cached, type CacheLimits } from './cached';
export { canonicalJson, type Json } from './canonical-json';
export { DomainError, errorCode, isRetryable, type ErrorCategory, type WriteFailure } from './domain.error';
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
export { UNKNOWN_FIELD, ValidationFailedError, type FieldError } from './validation-failed.error';
export { withTimeout } from './with-timeout';

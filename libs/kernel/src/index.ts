export { cached, type CacheLimits } from './cached';
export { canonicalJson, type Json } from './canonical-json';
export { DomainError, errorCode, isRetryable, type ErrorCategory } from './domain.error';
export { isUuid, UUID_KEY, UUID_PATTERN } from './ids';
export { Money, type Rounding } from './money';
export {
  decodeCursor,
  encodeCursor,
  InvalidCursorError,
  pageOf,
  SEQUENCE_KEY,
  type KindCompleteness,
  type ListAnswer,
  type Page,
  type PageRequest,
} from './paging';
export { throttle } from './throttle';
export { UNKNOWN_FIELD, ValidationFailedError, type FieldError } from './validation-failed.error';
export { withTimeout } from './with-timeout';

export { cached, type CacheLimits } from './timing';
export { isUuid, UUID_KEY, UUID_PATTERN } from './ids';
export {
  DomainError,
  domainError,
  errorCode,
  errorFields,
  isRetryable,
  UNKNOWN_FIELD,
  ValidationFailedError,
  type DomainErrorClass,
  type ErrorCategory,
  type FieldError,
  type WriteFailure,
} from './kernel.errors';
export { Money, type Rounding } from './money';
export { canonicalAddress, canonicalDomain, canonicalJson, canonicalValue, isNothing, looselyEqual, type Json } from './notation';
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
export { throttle } from './timing';
export { withTimeout } from './timing';

export { cached, type CacheLimits } from './timing';
export {
  DomainError,
  domainError,
  errorCode,
  errorFields,
  isRetryable,
  nearestWord,
  quotedWord,
  UNKNOWN_FIELD,
  unknownWord,
  ValidationFailedError,
  type DomainErrorClass,
  type ErrorCategory,
  type FieldError,
  type WriteFailure,
} from './kernel.errors';
export { Money, type Rounding } from './money';
export {
  canonicalAddress,
  canonicalDomain,
  canonicalJson,
  canonicalObject,
  canonicalValue,
  isNothing,
  looselyEqual,
  type Json,
} from './notation';
export {
  decodeCursor,
  encodeCursor,
  InvalidCursorError,
  isDay,
  isUuid,
  pageOf,
  SEQUENCE_KEY,
  UUID_KEY,
  UUID_PATTERN,
  type KindCompleteness,
  type ListAnswer,
  type Page,
  type PageRequest,
} from './paging';
export { throttle } from './timing';
export { withTimeout } from './timing';

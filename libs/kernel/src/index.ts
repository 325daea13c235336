export { canonicalJson, type Json } from './canonical-json';
export { DomainError, errorCode, isRetryable, type ErrorCategory } from './domain.error';
export { UNKNOWN_FIELD, ValidationFailedError, type FieldError } from './validation-failed.error';

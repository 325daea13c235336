export { canonicalJson, type Json } from './canonical-json';
export { DomainError, errorCode, isRetryable, type ErrorCategory } from './domain.error';

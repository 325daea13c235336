import { DomainError } from './domain.error';

/** One problem of the input. */
export interface FieldError {
  /** Name of the parameter or body field; empty when the input as a whole is wrong. */
  readonly field: string;
  readonly message: string;
}

/** The message of a field or parameter that no documented input has. */
export const UNKNOWN_FIELD = 'is not a known field';

const MAX_ERRORS = 20;
const MAX_TEXT = 200;

/** The input does not have the documented shape. Hostile input may name thousands of fields of any length: both are limited. [TEN-5] */
export class ValidationFailedError extends DomainError {
  readonly code = 'validation_failed';
  readonly category = 'invalid';
  readonly errors: readonly FieldError[];

  constructor(errors: readonly FieldError[]) {
    super('The input is not as documented; see errors');
    this.errors = errors.slice(0, MAX_ERRORS).map(({ field, message }) => ({ field: cut(field), message: cut(message) }));
  }
}

function cut(text: string): string {
  return text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}…` : text;
}

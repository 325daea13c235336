import { closest, distance } from 'fastest-levenshtein';

/**
 * The meaning of a failure for the caller. The category alone decides the HTTP status (one filter in the api) and whether a queue retries
 * (`isRetryable`); `code` names the exact failure and never changes once released.
 */
export type ErrorCategory =
  | 'invalid'
  | 'unauthenticated'
  | 'forbidden'
  | 'not_found'
  | 'conflict'
  | 'gone'
  | 'rate_limited'
  | 'unavailable'
  | 'unknown_outcome'
  | 'internal';

/** How a write at an outside system stands after the error that ended it. */
export type WriteFailure =
  /** The write did not happen, and the same write would be refused again. */
  | { readonly is: 'refused' }
  /** The write did not happen, and may be sent again later. `why` begins with "waiting for". */
  | { readonly is: 'postponed'; readonly why: string }
  /** The write may have happened, or may still happen. Look for its effect before a retry. [SAG-19] */
  | { readonly is: 'unknown' };

/** The base of every expected failure. The message may be returned to the caller: it contains no secrets, no SQL, no paths. */
export abstract class DomainError extends Error {
  /** Stable, snake_case, part of the API. */
  abstract readonly code: string;
  abstract readonly category: ErrorCategory;
  /** The time until a retry makes sense, in milliseconds; undefined when it is unknown. */
  readonly retryAfterMs?: number;

  /**
   * True for an outage of something outside: it ends without a change to the request, so waiting for its end costs a saga step no try.
   */
  get outage(): boolean {
    return false;
  }

  /** For outages: whether a saga step that waits for the end of the outage has `code` in its ledger line meanwhile. */
  get reportedWhileWaiting(): boolean {
    return false;
  }

  /** Undefined for an error that concerns no write at an outside system, as one of our own database. */
  get writeFailure(): WriteFailure | undefined {
    return undefined;
  }

  /** The message without words of an outside system, such as a provider's explanation, which may repeat a secret. [TEN-8] */
  get ownMessage(): string {
    return this.message;
  }

  /** What a log line contains besides code and message: which list, which call. Free of secrets. */
  get facts(): Readonly<Record<string, string | number>> {
    return {};
  }

  override get name(): string {
    return this.constructor.name;
  }
}

/** The base class of one error with a fixed code and category; its constructor takes `Args`. */
export type DomainErrorClass<Code extends string, Category extends ErrorCategory, Args extends unknown[], Base = DomainError> = new (
  ...args: Args
) => Base & { readonly code: Code; readonly category: Category };

/**
 * Makes the base class of one error: `class NotFoundError extends domainError('not_found', 'not_found', 'There is no such thing') {}`.
 * `detail` is the message or makes it of the constructor's arguments; without `detail`, the constructor takes the message.
 */
export function domainError<Code extends string, Category extends ErrorCategory, Args extends unknown[] = []>(
  code: Code,
  category: Category,
  detail: string | ((...args: Args) => string),
  options?: { readonly retryAfterMs: number },
): DomainErrorClass<Code, Category, Args>;
export function domainError<Code extends string, Category extends ErrorCategory>(
  code: Code,
  category: Category,
): DomainErrorClass<Code, Category, [message: string]>;
export function domainError(
  code: string,
  category: ErrorCategory,
  detail: string | ((...args: never[]) => string) = (message: string) => message,
  { retryAfterMs }: { readonly retryAfterMs?: number } = {},
): DomainErrorClass<string, ErrorCategory, never[]> {
  return class extends DomainError {
    readonly code = code;
    readonly category = category;
    override readonly retryAfterMs = retryAfterMs;

    constructor(...args: never[]) {
      super(typeof detail === 'string' ? detail : detail(...args));
    }
  };
}

/** True for temporary failures: only `rate_limited` and `unavailable` are retried. */
export function isRetryable(error: unknown): boolean {
  return error instanceof DomainError && (error.category === 'rate_limited' || error.category === 'unavailable');
}

/** The stable code of an expected failure, `internal` for everything else. Safe to store and to return. */
export function errorCode(error: unknown): string {
  return error instanceof DomainError ? error.code : 'internal';
}

/**
 * The fields of a log line about a failure: its code, and for an expected failure its own message and facts. The explanation of a provider may
 * repeat a secret of the request, and of any other error only the code `internal` is safe to write. [TEN-8]
 */
export function errorFields(error: unknown): { readonly code: string; readonly detail?: string } {
  return error instanceof DomainError ? { code: error.code, detail: error.ownMessage, ...error.facts } : { code: errorCode(error) };
}

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
/** A message may list the known values of a field. */
const MAX_MESSAGE = 1_000;

/**
 * The input does not have the documented shape. The message is the first problem, with the number of the others. Hostile input may name
 * thousands of fields of any length: both are limited. [TEN-5]
 */
export class ValidationFailedError extends domainError('validation_failed', 'invalid') {
  readonly errors: readonly FieldError[];

  constructor(errors: readonly FieldError[]) {
    const kept = errors
      .slice(0, MAX_ERRORS)
      .map(({ field, message }) => ({ field: cut(field, MAX_TEXT), message: cut(message, MAX_MESSAGE) }));
    super(summaryOf(kept, errors.length));
    this.errors = kept;
  }
}

function summaryOf([first]: readonly FieldError[], count: number): string {
  if (!first) return 'The input is not as documented';
  const named = withField(first);
  return count > 1 ? `${named} (and ${count - 1} more; see errors)` : named;
}

/** The message with the whole path of its field. Some messages begin with the path or with its last part. */
function withField({ field, message }: FieldError): string {
  if (field === '' || message.startsWith(field)) return message;
  const name = field.slice(field.lastIndexOf('.') + 1);
  return message.startsWith(`${name} `) ? `${field}${message.slice(name.length)}` : `${field} ${message}`;
}

function cut(text: string, max: number): string {
  return text.length > max ? `${text.slice(0, max)}…` : text;
}

/** A word that is further away than this share of its length is not suggested. */
const FURTHEST = 0.5;
/** A longer word is cut in a message, and gets no suggestion. */
const LONGEST_WORD = 60;
/** Known words in a message. */
const MOST_WORDS = 40;

/**
 * The known word that a misspelt one most likely means: the same letters in another case, else a longer form of it (`ubuntu-24` means the
 * newest `ubuntu-24-…`), else the one with the fewest different letters. Undefined when none is near.
 */
export function nearestWord(word: string, known: readonly string[]): string | undefined {
  const lower = word.trim().toLowerCase();
  if (lower === '' || lower.length > LONGEST_WORD || known.length === 0) return undefined;
  const same = known.find((one) => one.toLowerCase() === lower);
  if (same !== undefined) return same;
  const [longer] = known.filter((one) => lower.length > 2 && one.toLowerCase().startsWith(lower)).sort(byFormAndAge);
  if (longer !== undefined) return longer;
  const near = closest(lower, [...known]);
  return distance(lower, near.toLowerCase()) <= Math.ceil(Math.max(lower.length, near.length) * FURTHEST) ? near : undefined;
}

/** The shortest form first, and of forms that differ in numbers only the highest numbers, which name the newest version. */
function byFormAndAge(a: string, b: string): number {
  const letters = (word: string) => word.replaceAll(/\d+/g, '').length;
  return letters(a) - letters(b) || b.localeCompare(a, 'en', { numeric: true });
}

/** What is wrong with a word that is not known: the nearest known word, and the known ones. The sentence begins with a verb. */
export function unknownWord(word: unknown, known: readonly string[]): string {
  const nearest = typeof word === 'string' ? nearestWord(word, known) : undefined;
  const listed = known.length > MOST_WORDS ? [...known.slice(0, MOST_WORDS), '…'] : known;
  const suggestion = nearest === undefined ? '' : `; did you mean ${nearest}?`;
  return `must be one of ${listed.join(', ')}${suggestion}`;
}

/** A word of the caller, short enough for a message. */
export function quotedWord(word: string): string {
  return `"${word.length > LONGEST_WORD ? `${word.slice(0, LONGEST_WORD)}…` : word}"`;
}

import { applyDecorators } from '@nestjs/common';
import { Transform } from 'class-transformer';
import { Matches, ValidateBy, ValidateIf, type ValidationArguments } from 'class-validator';
import { isTenantId } from '#libs/identity';
import { isDay, unknownWord } from '#libs/kernel';

const TIMESTAMP = /^\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(\.\d{1,9})?([Zz]|[+-]\d{2}:\d{2})$/;

/** Null is a value here, e.g. "no owner"; a missing field is an error. */
export const OrNull = () => ValidateIf((_input, value) => value !== null);

/** A tenant id as tokens carry it. */
export const IsTenantId = () =>
  ValidateBy({ name: 'isTenantId', validator: { validate: isTenantId, defaultMessage: () => `$property must be ${A_TENANT_ID}` } });

export const A_TENANT_ID = 'a tenant id: text of 1 to 200 characters, without control characters and without blanks at its ends';

/** An RFC 3339 time between 1970 and 2999. It is converted to UTC, because PostgreSQL accepts fewer offsets and days than JavaScript. */
export const IsTimestamp = () =>
  applyDecorators(
    Transform(({ value }: { value: unknown }) => (isTimestamp(value) ? new Date(value).toISOString() : value)),
    ValidateBy({
      name: 'isTimestamp',
      validator: { validate: isTimestamp, defaultMessage: () => '$property must be a time such as 2026-11-30T18:00:00Z (RFC 3339)' },
    }),
  );

/** A word of letters, digits and `_ . : -`. Its list is checked where the word is used. */
export const IsWord = () => Matches(WORD, { message: '$property must be a word of letters, digits and _ . : -' });

const WORD = /^[\w.:-]{1,64}$/;
/** Words in one list of a query. */
const MOST_WORDS = 20;

/** One of these words; another one is refused with the nearest of them. */
export const IsOneOf = (words: readonly string[]) => oneOf('isOneOf', words, (value) => [value]);

/** Some of these words, separated by commas. */
export const IsSomeOf = (words: readonly string[]) => oneOf('isSomeOf', words, wordsIn);

/** A list of these words in a body. */
export const IsEachOf = (words: readonly string[], least = 1) =>
  oneOf('isEachOf', words, (value) => (Array.isArray(value) ? (value as readonly unknown[]) : [undefined]), { least, most: words.length });

function oneOf(
  name: string,
  words: readonly string[],
  split: (value: unknown) => readonly unknown[],
  { least, most } = { least: 1, most: MOST_WORDS },
) {
  const isKnown = (word: unknown) => typeof word === 'string' && words.includes(word);
  const validate = (value: unknown) => {
    const given = split(value);
    return given.length >= least && given.length <= most && given.every(isKnown);
  };
  const defaultMessage = (given?: ValidationArguments) =>
    `$property ${unknownWord(
      split(given?.value).find((word) => !isKnown(word)),
      words,
    )}`;
  return ValidateBy({ name, constraints: [words], validator: { validate, defaultMessage } });
}

/** The words of a list in a query; none for a value that is no text. */
export function wordsIn(value: unknown): string[] {
  return typeof value === 'string' ? value.split(',') : [];
}

/** Lists of words that are known in the code and in rows together, such as the kinds of resources. `KnownWords` reads them. */
export type Vocabulary =
  | 'resource_kind'
  | 'resource_status'
  | 'region'
  | 'size'
  | 'size_family'
  | 'line_kind'
  | 'history_type'
  | 'drift_field'
  | 'saga_kind'
  | 'audit_action'
  | 'audit_target'
  | 'event_type'
  | 'event_kind';

/** A word of the vocabulary. The pipe of this api refuses every other word. [TEN-5] */
export const IsKnown = (vocabulary: Vocabulary) => fromVocabulary('isKnown', vocabulary, (value) => [value]);

/** Words of the vocabulary, separated by commas. */
export const AreKnown = (vocabulary: Vocabulary) => fromVocabulary('areKnown', vocabulary, wordsIn);

function fromVocabulary(name: string, vocabulary: Vocabulary, split: (value: unknown) => readonly unknown[]) {
  const validate = (value: unknown) => {
    const words = split(value);
    return words.length > 0 && words.length <= MOST_WORDS && words.every((word) => typeof word === 'string' && WORD.test(word));
  };
  const defaultMessage = () => '$property must be a word of letters, digits and _ . : -';
  return ValidateBy({ name, constraints: [vocabulary], validator: { validate, defaultMessage } });
}

/** A month, as `2026-04` or as its first day. */
export const IsPeriod = () => Matches(/^(19|20|21)\d{2}-(0[1-9]|1[0-2])(-01)?$/, { message: '$property must be a month such as 2026-04' });

/** A day of the calendar, such as 2026-11-30; no 31 February. */
export const IsDay = () =>
  ValidateBy({
    name: 'isDay',
    validator: {
      validate: (value) => typeof value === 'string' && /^(19|20|21)\d{2}-\d{2}-\d{2}$/.test(value) && isDay(value),
      defaultMessage: () => '$property must be a day of the calendar such as 2026-11-30',
    },
  });

/** Text with at least one visible character. */
export const IsNotBlank = () =>
  ValidateBy({
    name: 'isNotBlank',
    validator: {
      validate: (value) => typeof value === 'string' && value.trim() !== '',
      defaultMessage: () => '$property must not be blank',
    },
  });

/** Any JSON value, null included; only a missing field is an error. */
export const IsGiven = () =>
  ValidateBy({ name: 'isGiven', validator: { validate: (value) => value !== undefined, defaultMessage: () => '$property must be given' } });

function isTimestamp(value: unknown): value is string {
  if (typeof value !== 'string' || !TIMESTAMP.test(value)) return false;
  const year = new Date(value).getUTCFullYear(); // NaN for an hour or month that does not exist
  return year >= 1970 && year <= 2999;
}

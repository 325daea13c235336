import { applyDecorators } from '@nestjs/common';
import { Transform } from 'class-transformer';
import { Matches, ValidateBy, ValidateIf } from 'class-validator';
import { isTenantId } from '#libs/identity';

const TIMESTAMP = /^\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(\.\d{1,9})?([Zz]|[+-]\d{2}:\d{2})$/;

/** Null is a value here, e.g. "no owner"; a missing field is an error. */
export const OrNull = () => ValidateIf((_input, value) => value !== null);

/** A tenant id as tokens carry it. */
export const IsTenantId = () =>
  ValidateBy({ name: 'isTenantId', validator: { validate: isTenantId, defaultMessage: () => '$property must be a tenant id' } });

/** An RFC 3339 time between 1970 and 2999. It is converted to UTC, because PostgreSQL accepts fewer offsets and days than JavaScript. */
export const IsTimestamp = () =>
  applyDecorators(
    Transform(({ value }: { value: unknown }) => (isTimestamp(value) ? new Date(value).toISOString() : value)),
    ValidateBy({ name: 'isTimestamp', validator: { validate: isTimestamp, defaultMessage: () => '$property must be an RFC 3339 time' } }),
  );

/**
 * A word of the provider or of this service, such as a kind, a status or a region. The existing ones are data, so every word of
 * this form is valid.
 */
export const IsWord = () => Matches(/^[\w.:-]{1,64}$/, { message: '$property must be a word of letters, digits and _ . : -' });

/** A month, as `2026-04` or as its first day. */
export const IsPeriod = () => Matches(/^(19|20|21)\d{2}-(0[1-9]|1[0-2])(-01)?$/, { message: '$property must be a month such as 2026-04' });

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

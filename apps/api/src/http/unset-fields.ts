import type { Type } from '@nestjs/common';
import { getMetadataStorage } from 'class-validator';

const byClass = new Map<unknown, ReadonlySet<string>>();

/** The fields of an input class that may be missing and have no meaning for null. */
function unsetByNull(metatype: unknown): ReadonlySet<string> {
  const known = byClass.get(metatype);
  if (known) return known;
  const rules = typeof metatype === 'function' ? getMetadataStorage().getTargetValidationMetadatas(metatype, '', true, false) : [];
  const named = (has: (rule: (typeof rules)[number]) => boolean) => new Set(rules.filter(has).map(({ propertyName }) => propertyName));
  const optional = named(({ name }) => name === 'isOptional');
  const orNull = named(({ type, name }) => type === 'conditionalValidation' && name === undefined);
  const fields = new Set([...optional].filter((field) => !orNull.has(field)));
  byClass.set(metatype, fields);
  return fields;
}

/**
 * Takes each null out of an input whose field may be missing, unless null is a value of the field (`OrNull`): many clients write every field that
 * they do not set as null. Without this, class-validator lets such a null pass as if it were valid. [TEN-5]
 */
export function withoutNulls(metatype: Type, plain: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const unset = unsetByNull(metatype);
  return Object.fromEntries(Object.entries(plain).filter(([field, value]) => value !== null || !unset.has(field)));
}

/** The same for the objects within an input that is an instance of its class by now. */
export function takeNestedNulls(input: unknown): void {
  if (typeof input !== 'object' || input === null) return;
  const unset = unsetByNull(input.constructor);
  for (const [field, value] of Object.entries(input)) {
    if (value === null && unset.has(field)) Reflect.deleteProperty(input, field);
    else takeNestedNulls(value);
  }
}

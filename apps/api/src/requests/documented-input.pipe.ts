import { Inject, Injectable, type ArgumentMetadata, type PipeTransform, type Type } from '@nestjs/common';
import { plainToInstance } from 'class-transformer';
import { getMetadataStorage, validateSync, type ValidationError } from 'class-validator';
import { CONFIG, type Config } from '#libs/config';
import { findUnstorableInput } from './hostile-input';
import { DEFAULT_LIMIT, PageQuery } from './page.query';
import { QueryCache } from './passed-queries';
import { UNKNOWN_FIELD, ValidationFailedError, type FieldError } from '#libs/kernel';

/** The global pipe: a body or query becomes an instance of its class, or is refused with every field that is wrong (TEN-5). Unknown fields are wrong. */
@Injectable()
export class DocumentedInputPipe implements PipeTransform {
  private readonly passed = new QueryCache();

  constructor(@Inject(CONFIG) private readonly config: Config) {}

  transform(value: unknown, { type, metatype }: ArgumentMetadata): unknown {
    if ((type !== 'body' && type !== 'query') || !metatype) return value;
    return type === 'body' ? this.read(value, type, metatype) : this.passed.of(metatype, value, () => this.read(value, type, metatype));
  }

  private read(value: unknown, type: 'body' | 'query', metatype: Type): object {
    const plain = recordOf(value, type);
    const hostile = findUnstorableInput(plain);
    const refused = hostile ? [hostile] : unknownFields(metatype, plain);
    if (refused.length > 0) throw new ValidationFailedError(refused);
    if (isPage(metatype) && plain.limit === undefined) plain.limit = String(Math.min(DEFAULT_LIMIT, this.config.http.pageLimitMax));
    const input = plainToInstance(metatype as Type<object>, plain, { exposeDefaultValues: true });
    const errors = validateSync(input, { whitelist: true, forbidNonWhitelisted: true, forbidUnknownValues: true, stopAtFirstError: true });
    const found = errors.length > 0 ? errors.flatMap(fieldErrors) : this.tooLong(input);
    if (found.length > 0) throw new ValidationFailedError(found);
    return input;
  }

  /** The highest limit is configured, so no decorator can know it. */
  private tooLong(input: object): FieldError[] {
    const max = this.config.http.pageLimitMax;
    return input instanceof PageQuery && input.limit > max
      ? [{ field: 'limit', message: `limit must be an integer from 1 to ${max}` }]
      : [];
  }
}

function isPage(metatype: Type): boolean {
  return metatype === PageQuery || metatype.prototype instanceof PageQuery;
}

function recordOf(value: unknown, type: 'body' | 'query'): Record<string, unknown> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value };
  if (type === 'query' || value === undefined) return {};
  throw new ValidationFailedError([{ field: '', message: 'the body must be a JSON object' }]);
}

/** Looked for before class-transformer runs, which passes over names that every object has, such as `toString`. */
function unknownFields(metatype: Type, plain: object): FieldError[] {
  const known = fieldsOf(metatype);
  return Object.keys(plain).flatMap((field) => (known.has(field) ? [] : [{ field, message: UNKNOWN_FIELD }]));
}

const fieldsByClass = new Map<Type, ReadonlySet<string>>();

function fieldsOf(metatype: Type): ReadonlySet<string> {
  const known = fieldsByClass.get(metatype);
  if (known) return known;
  const rules = getMetadataStorage().getTargetValidationMetadatas(metatype, '', true, false);
  const fields = new Set(rules.map(({ propertyName }) => propertyName));
  fieldsByClass.set(metatype, fields);
  return fields;
}

function fieldErrors({ property, constraints, children }: ValidationError): FieldError[] {
  const own = Object.entries(constraints ?? {}).map(([rule, message]) => ({
    field: property,
    message: rule === 'whitelistValidation' ? UNKNOWN_FIELD : message,
  }));
  return [...own, ...(children ?? []).flatMap(fieldErrors)];
}

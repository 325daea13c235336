import {
  Inject,
  Injectable,
  ValidationPipe,
  type ArgumentMetadata,
  type PipeTransform,
  type Type,
  type ValidationError,
} from '@nestjs/common';
import { getMetadataStorage } from 'class-validator';
import { CONFIG, type Config } from '#libs/config';
import { isUuid, UNKNOWN_FIELD, ValidationFailedError, type FieldError } from '#libs/kernel';
import { DEFAULT_LIMIT, PageQuery } from './http.dto';

/**
 * Nest's ValidationPipe with the problem document of this api: a body or query becomes an instance of its class, or all wrong
 * fields are named. [TEN-5]
 */
@Injectable()
export class InputValidationPipe extends ValidationPipe {
  constructor(@Inject(CONFIG) private readonly config: Config) {
    super({
      transform: true,
      transformOptions: { exposeDefaultValues: true },
      whitelist: true,
      forbidNonWhitelisted: true,
      forbidUnknownValues: true,
      stopAtFirstError: true,
      exceptionFactory: (errors) => new ValidationFailedError(errors.flatMap(fieldErrors)),
    });
  }

  override async transform(value: unknown, metadata: ArgumentMetadata): Promise<unknown> {
    const { type, metatype } = metadata;
    if ((type !== 'body' && type !== 'query') || !metatype || !this.toValidate(metadata)) return value;
    const plain = recordOf(value, type);
    const unstorable = findUnstorableInput(plain);
    const refused = unstorable ? [unstorable] : unknownFields(metatype, plain);
    if (refused.length > 0) throw new ValidationFailedError(refused);
    const max = this.config.http.pageLimitMax;
    if (isPage(metatype) && plain.limit === undefined) plain.limit = String(Math.min(DEFAULT_LIMIT, max));
    const input: unknown = await super.transform(plain, metadata);
    // The highest limit is configured, so no decorator can know it.
    if (input instanceof PageQuery && input.limit > max)
      throw new ValidationFailedError([{ field: 'limit', message: `limit must be an integer from 1 to ${max}` }]);
    return input;
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

/** Runs before class-transformer, which ignores names that every object has, such as `toString`. */
/** A request that should change nothing must not be taken for one that should. */
const DRY_RUN_IN_BODY = 'is a query parameter, not a field of the body: send ?dry_run=true';

function unknownFields(metatype: Type, plain: object): FieldError[] {
  const known = fieldsOf(metatype);
  return Object.keys(plain).flatMap((field) =>
    known.has(field) ? [] : [{ field, message: field === 'dry_run' ? DRY_RUN_IN_BODY : UNKNOWN_FIELD }],
  );
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

/** Ids are UUIDs. Any other text is refused before it reaches a statement. */
@Injectable()
export class UuidPipe implements PipeTransform<string, string> {
  transform(value: string): string {
    const id = value.toLowerCase();
    if (!isUuid(id)) throw new ValidationFailedError([{ field: 'id', message: 'id must be a UUID' }]);
    return id;
  }
}

/** Deeper than every documented input, and shallow enough for the recursive functions that follow. */
const MAX_DEPTH = 12;
/** NUL, which PostgreSQL text cannot store, and lone halves of surrogate pairs, which UTF-8 cannot encode. */
const UNSTORABLE = /[\0\p{Cs}]/u;
/** Keys that would change an object's prototype instead of becoming fields. */
const PROTOTYPE_KEYS = new Set(['__proto__', 'constructor', 'prototype']);

/** The first part of a parsed body, query or path that no later code may receive; undefined when all of it can be stored. */
export function findUnstorableInput(value: unknown, field = '', depth = 0): FieldError | undefined {
  if (typeof value === 'string') return UNSTORABLE.test(value) ? { field, message: 'must be valid text without NUL' } : undefined;
  if (typeof value !== 'object' || value === null) return undefined;
  if (depth >= MAX_DEPTH) return { field, message: 'is nested too deeply' };
  for (const [key, nested] of Object.entries(value)) {
    const path = field === '' ? key : `${field}.${key}`;
    if (PROTOTYPE_KEYS.has(key)) return { field: path, message: UNKNOWN_FIELD };
    const found = UNSTORABLE.test(key)
      ? { field, message: 'has a field whose name is not valid text' }
      : findUnstorableInput(nested, path, depth + 1);
    if (found) return found;
  }
  return undefined;
}

import {
  Inject,
  Injectable,
  ValidationPipe,
  type ArgumentMetadata,
  type CanActivate,
  type ExecutionContext,
  type PipeTransform,
  type Type,
  type ValidationError,
} from '@nestjs/common';
import { ROUTE_ARGS_METADATA } from '@nestjs/common/constants';
import { RouteParamtypes } from '@nestjs/common/enums/route-paramtypes.enum';
import { getMetadataStorage } from 'class-validator';
import type { Request } from 'express';
import { CONFIG, type Config } from '#libs/config';
import { isTenantId } from '#libs/identity';
import { isUuid, nearestWord, UNKNOWN_FIELD, ValidationFailedError, type FieldError } from '#libs/kernel';
import { DEFAULT_LIMIT, DryRunQuery, PageQuery } from './http.dto';
import { A_TENANT_ID } from './input.decorators';
import { KnownWords } from './known-words';

/**
 * Nest's ValidationPipe with the problem document of this api: a body or query becomes an instance of its class, or all wrong fields are
 * named at once. [TEN-5]
 */
@Injectable()
export class InputValidationPipe extends ValidationPipe {
  private readonly ofCaller = new WeakSet<object>();

  constructor(
    @Inject(CONFIG) private readonly config: Config,
    private readonly words: KnownWords,
  ) {
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
    if (unstorable) throw new ValidationFailedError([unstorable]);
    const unknown = takeUnknownFields(metatype, plain, type);
    const max = this.config.http.pageLimitMax;
    if (isPage(metatype) && plain.limit === undefined) plain.limit = String(Math.min(DEFAULT_LIMIT, max));
    const { input, problems } = await this.validated(withoutNulls(metatype, plain), metadata);
    takeNestedNulls(input);
    const words = await this.words.check(metatype, withoutFields(plain, problems));
    const all = [...unknown, ...problems, ...words.problems, ...limitProblems(input, max)];
    if (all.length > 0) throw new ValidationFailedError(all.map((problem) => withLimits(problem, metatype, max)));
    if (!words.shared) this.ofCaller.add(input as object);
    return input;
  }

  /** Whether a valid input is valid for every caller, or contains words that only rows of its caller contain. */
  isValidForAll(input: object): boolean {
    return !this.ofCaller.has(input);
  }

  private async validated(plain: object, metadata: ArgumentMetadata): Promise<{ input?: unknown; problems: readonly FieldError[] }> {
    try {
      return { input: (await super.transform(plain, metadata)) as unknown, problems: [] };
    } catch (error) {
      if (!(error instanceof ValidationFailedError)) throw error;
      return { problems: error.errors };
    }
  }
}

const unsetByClass = new Map<unknown, ReadonlySet<string>>();

/** The fields of an input class that may be missing and have no meaning for null. */
function unsetByNull(metatype: unknown): ReadonlySet<string> {
  const known = unsetByClass.get(metatype);
  if (known) return known;
  const rules = typeof metatype === 'function' ? getMetadataStorage().getTargetValidationMetadatas(metatype, '', true, false) : [];
  const named = (has: (rule: (typeof rules)[number]) => boolean) => new Set(rules.filter(has).map(({ propertyName }) => propertyName));
  const optional = named(({ name }) => name === 'isOptional');
  const orNull = named(({ type, name }) => type === 'conditionalValidation' && name === undefined);
  const fields = new Set([...optional].filter((field) => !orNull.has(field)));
  unsetByClass.set(metatype, fields);
  return fields;
}

/**
 * Takes each null out of a field that may be missing, unless null is a value of the field (`OrNull`): many clients write every field that they do not
 * set as null. Without this, class-validator lets such a null pass as if it were valid. [TEN-5]
 */
function withoutNulls(metatype: Type, plain: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const unset = unsetByNull(metatype);
  return Object.fromEntries(Object.entries(plain).filter(([field, value]) => value !== null || !unset.has(field)));
}

/** The same for the objects within an input that is an instance of its class by now. */
function takeNestedNulls(input: unknown): void {
  if (typeof input !== 'object' || input === null) return;
  const unset = unsetByNull(input.constructor);
  for (const [field, value] of Object.entries(input)) {
    if (value === null && unset.has(field)) Reflect.deleteProperty(input, field);
    else takeNestedNulls(value);
  }
}

/** The highest limit is configured, so no decorator can know it. */
function limitProblems(input: unknown, max: number): FieldError[] {
  return input instanceof PageQuery && input.limit > max ? [{ field: 'limit', message: '' }] : [];
}

function withLimits(problem: FieldError, metatype: Type, max: number): FieldError {
  if (problem.field !== 'limit' || !isPage(metatype) || problem.message === UNKNOWN_FIELD) return problem;
  return { field: 'limit', message: `limit must be a whole number from 1 to ${max}` };
}

function withoutFields(plain: Readonly<Record<string, unknown>>, problems: readonly FieldError[]): Record<string, unknown> {
  return Object.fromEntries(Object.entries(plain).filter(([field]) => !problems.some((problem) => problem.field === field)));
}

function isPage(metatype: Type): boolean {
  return metatype === PageQuery || metatype.prototype instanceof PageQuery;
}

function recordOf(value: unknown, type: 'body' | 'query'): Record<string, unknown> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value };
  if (type === 'query' || value === undefined) return {};
  throw new ValidationFailedError([{ field: '', message: 'the body must be a JSON object' }]);
}

/** Hostile input may have thousands of unknown fields. */
const MOST_SUGGESTIONS = 5;

/** Runs before class-transformer, which ignores names that every object has, such as `toString`. Removes the fields that it returns. */
function takeUnknownFields(metatype: Type, plain: Record<string, unknown>, type: 'body' | 'query'): FieldError[] {
  const known = fieldsOf(metatype);
  const unknown = Object.keys(plain).filter((field) => !known.has(field));
  for (const field of unknown) delete plain[field];
  return unknown.map((field, nr) => ({ field, message: nr < MOST_SUGGESTIONS ? unknownField(field, [...known], type) : UNKNOWN_FIELD }));
}

function unknownField(field: string, known: readonly string[], type: 'body' | 'query'): string {
  if (type === 'body' && fieldsOf(DryRunQuery).has(field)) return `${UNKNOWN_FIELD} of the body; it is a query parameter: ?${field}=true`;
  const nearest = nearestWord(field, known);
  return nearest === undefined ? UNKNOWN_FIELD : `${UNKNOWN_FIELD}; did you mean ${nearest}?`;
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

function fieldErrors({ property, value, constraints, children }: ValidationError): FieldError[] {
  const own = Object.entries(constraints ?? {}).map(([rule, message]) => ({
    field: property,
    message: rule === 'whitelistValidation' ? UNKNOWN_FIELD : value === undefined ? 'is missing' : message,
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

/** Versions are whole numbers from 1. Any other text is refused before it reaches a statement. */
@Injectable()
export class VersionPipe implements PipeTransform<string, number> {
  transform(value: string): number {
    if (!/^[1-9]\d{0,8}$/.test(value))
      throw new ValidationFailedError([{ field: 'version', message: 'version must be a whole number from 1' }]);
    return Number(value);
  }
}

/** Ids of tenants are text. Any other text is refused before it reaches a statement. */
@Injectable()
export class TenantIdPipe implements PipeTransform<string, string> {
  transform(value: string): string {
    if (!isTenantId(value)) throw new ValidationFailedError([{ field: 'id', message: `id must be ${A_TENANT_ID}` }]);
    return value;
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

type Handler = ReturnType<ExecutionContext['getHandler']>;

/** Refuses query parameters of a handler without a query class, and bodies of one without a body class: no pipe runs for them. [TEN-5] */
@Injectable()
export class UndeclaredInputGuard implements CanActivate {
  private readonly inputs = new Map<Handler, { query: boolean; body: boolean }>();

  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest<Request>();
    const declared = this.inputsOf(context);
    const unknown = [...(declared.query ? [] : Object.keys(request.query)), ...(declared.body ? [] : bodyFields(request.body))];
    if (unknown.length > 0) throw new ValidationFailedError(unknown.map((field) => ({ field, message: UNKNOWN_FIELD })));
    return true;
  }

  private inputsOf(context: ExecutionContext) {
    const handler = context.getHandler();
    const known = this.inputs.get(handler);
    if (known) return known;
    const args = (Reflect.getMetadata(ROUTE_ARGS_METADATA, context.getClass(), handler.name) ?? {}) as Record<string, unknown>;
    const has = (type: RouteParamtypes) => Object.keys(args).some((key) => key.startsWith(`${type}:`));
    const declared = { query: has(RouteParamtypes.QUERY), body: has(RouteParamtypes.BODY) };
    this.inputs.set(handler, declared);
    return declared;
  }
}

function bodyFields(body: unknown): string[] {
  if (body === undefined || body === null) return [];
  return typeof body === 'object' && !Array.isArray(body) ? Object.keys(body) : ['body'];
}

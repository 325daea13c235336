import type { Type } from '@nestjs/common';
import type * as Swagger from '@nestjs/swagger';
import type { ApiOperationOptions, ApiParamOptions, ApiPropertyOptions, ApiQueryOptions, ApiResponseOptions } from '@nestjs/swagger';
import { getMetadataStorage } from 'class-validator';

/**
 * Decorators of `@nestjs/swagger`, applied when the document is first requested. Loading the package takes 0.25 s of CPU, which
 * a start must not spend. The names and options are those of the package.
 */
type Apply = (swagger: typeof Swagger) => void;

let pending: Apply[] = [];

/** Loads the package and applies every decorator that was declared since the last call. */
export function loadSwagger(): typeof Swagger {
  const swagger = require('@nestjs/swagger') as typeof Swagger;
  const declared = pending;
  pending = [];
  for (const apply of declared) apply(swagger);
  return swagger;
}

/** A property decorator that may depend on the class, e.g. on its validators. */
export const lazyProperty = (
  optionsOf: (swagger: typeof Swagger, target: object, key: string) => ApiPropertyOptions,
): PropertyDecorator => {
  return (target, key) => {
    pending.push((swagger) => swagger.ApiProperty(optionsOf(swagger, target, String(key)))(target, key));
  };
};

/** Classes that a schema refers to by name. */
export const registerModels = (swagger: typeof Swagger, target: object, ...models: readonly Type<object>[]): void => {
  swagger.ApiExtraModels(...models)(target.constructor);
};

const lazyMethod = (decoratorOf: (swagger: typeof Swagger) => MethodDecorator): MethodDecorator => {
  return (target, key, descriptor) => {
    pending.push((swagger) => void decoratorOf(swagger)(target, key, descriptor));
  };
};

export const ApiOperation = (options: ApiOperationOptions) => lazyMethod((swagger) => swagger.ApiOperation(options));
export const ApiParam = (options: ApiParamOptions) => lazyMethod((swagger) => swagger.ApiParam(options));
export const ApiQuery = (options: ApiQueryOptions) => lazyMethod((swagger) => swagger.ApiQuery(options));
export const ApiResponse = (options: (swagger: typeof Swagger) => ApiResponseOptions) =>
  lazyMethod((swagger) => swagger.ApiResponse(options(swagger)));
export const ApiModels = (...models: readonly Type<object>[]) => lazyMethod((swagger) => swagger.ApiExtraModels(...models));

/** Leaves the routes of a controller out of the document. */
export const ApiExcludeController = (): ClassDecorator => (target) => {
  pending.push((swagger) => swagger.ApiExcludeController()(target));
};

export interface FieldOptions {
  /** The value may be null. */
  readonly nullable?: true;
  /** The field may be missing. */
  readonly optional?: true;
  readonly example?: unknown;
}

type Schema = Readonly<Record<string, unknown>>;

/** Marks a field of any JSON value; the document builder removes the mark, because such a schema has no type. */
export const ANY_JSON = 'any-json';

/** Fields of responses. The first parameter describes the field to readers of the API document. */
export const ApiText = (description: string, options?: FieldOptions) => field({ type: 'string' }, description, options);
export const ApiUuid = (description: string, options?: FieldOptions) => field({ type: 'string', format: 'uuid' }, description, options);
export const ApiTime = (description: string, options?: FieldOptions) =>
  field({ type: 'string', format: 'date-time' }, description, options);
export const ApiDate = (description: string, options?: FieldOptions) => field({ type: 'string', format: 'date' }, description, options);
export const ApiWhole = (description: string, options?: FieldOptions & { readonly minimum?: number }) => {
  const minimum = options?.minimum;
  return field({ type: 'integer', ...(minimum !== undefined && { minimum }) }, description, options);
};
/** A number of things, 0 or more. */
export const ApiCount = (description: string, options?: FieldOptions) => ApiWhole(description, { ...options, minimum: 0 });
/** A measure that need not be whole, 0 or more. */
export const ApiMeasure = (description: string, options?: FieldOptions) => field({ type: 'number', minimum: 0 }, description, options);
/** A part of a whole, 0 to 1. */
export const ApiShare = (description: string, options?: FieldOptions) =>
  field({ type: 'number', minimum: 0, maximum: 1 }, description, options);
export const ApiFlag = (description: string, options?: FieldOptions) => field({ type: 'boolean' }, description, options);
export const ApiEnum = (values: readonly string[], description: string, options?: FieldOptions) =>
  field({ type: 'string', enum: [...values] }, description, options);
/** An object with any keys and any JSON values. */
export const ApiAnyObject = (description: string, options?: FieldOptions) =>
  field({ type: 'object', additionalProperties: {} }, description, options);
/** Any JSON value, null included. */
export const ApiAnyJson = (description: string, options?: FieldOptions) => field({ type: ANY_JSON }, description, options);
/** An object with any keys and values among these words. */
export const ApiMapOfWords = (words: readonly string[], description: string, options?: FieldOptions) =>
  field({ type: 'object', additionalProperties: { type: 'string', enum: [...words] } }, description, options);
export const ApiTextList = (description: string, options?: FieldOptions) =>
  field({ type: 'array', items: { type: 'string' } }, description, options);
export const ApiEnumList = (values: readonly string[], description: string) =>
  field({ type: 'array', items: { type: 'string', enum: [...values] } }, description);
export const ApiTexts = (description: string) => field({ type: 'array', items: { type: 'string' } }, description);

/** An object of another class. */
export const ApiObject = (type: () => Type<object>, description: string, options?: FieldOptions) =>
  ofClass(type, (ref) => ref, description, options);
export const ApiListOf = (type: () => Type<object>, description: string, options?: FieldOptions) =>
  ofClass(type, (ref) => ({ type: 'array', items: ref }), description, options);
/** An object with any keys and objects of another class as values. */
export const ApiMapOf = (type: () => Type<object>, description: string) =>
  ofClass(type, (ref) => ({ type: 'object', additionalProperties: ref }), description);

function field(schema: Schema, description: string, options: FieldOptions = {}): PropertyDecorator {
  return lazyProperty(() => propertyOptions(schema, description, options));
}

function ofClass(type: () => Type<object>, schemaOf: (ref: Schema) => Schema, description: string, options: FieldOptions = {}) {
  return lazyProperty((swagger, target) => {
    registerModels(swagger, target, type());
    return propertyOptions(schemaOf({ $ref: swagger.getSchemaPath(type()) }), description, options);
  });
}

/** `oneOf` with one member keeps swagger from replacing a schema by the property's design type; the document builder unwraps it. */
function propertyOptions(schema: Schema, description: string, { nullable, optional, example }: FieldOptions): ApiPropertyOptions {
  const choice = nullable ? { anyOf: [schema, { type: 'null' }] } : { oneOf: [schema] };
  const metadata: Schema = { type: 'object', ...choice, description, required: !optional, ...(example !== undefined && { example }) };
  return metadata;
}

/** Words, separated by commas. */
const WORD_LIST = '^[\\w.:,-]+$';

/** JSON Schema of each validator. The test of the document finds a validator that is missing here. */
export const SCHEMA_OF_VALIDATOR: Readonly<Record<string, (constraints: readonly unknown[]) => Schema>> = {
  isArray: () => ({ type: 'array' }),
  arrayMinSize: ([minItems]) => ({ minItems }),
  arrayNotEmpty: () => ({ minItems: 1 }),
  arrayMaxSize: ([maxItems]) => ({ maxItems }),
  arrayUnique: () => ({ type: 'array' }),
  isFirewallRule: ([side]) => ({
    type: 'object',
    required: ['protocol', String(side)],
    properties: {
      protocol: { type: 'string', enum: ['tcp', 'udp', 'icmp'], description: 'Protocol' },
      ports: { type: 'string', description: 'A port, a range such as 8000-9000, or 0 for all' },
      [String(side)]: {
        type: 'object',
        additionalProperties: { type: 'array', items: {} },
        description: 'The other side: `addresses`, or `droplet_ids`, `load_balancer_uids`, `kubernetes_ids` and `tags` of the provider',
      },
    },
  }),
  isBoolean: () => ({ type: 'boolean' }),
  isByteLength: ([, maxLength]) => ({ type: 'string', maxLength }),
  isInt: () => ({ type: 'integer' }),
  min: ([minimum]) => ({ minimum }),
  max: ([maximum]) => ({ maximum }),
  isString: () => ({ type: 'string' }),
  minLength: ([minLength]) => ({ type: 'string', minLength }),
  maxLength: ([maxLength]) => ({ type: 'string', maxLength }),
  matches: ([pattern]) => ({ type: 'string', pattern: pattern instanceof RegExp ? pattern.source : undefined }),
  isOneOf: ([values]) => ({ type: 'string', enum: values }),
  isEachOf: ([values]) => ({ items: { type: 'string', enum: values } }),
  isSomeOf: ([values]) => ({
    type: 'string',
    anyOf: [
      { type: 'string', enum: values },
      { type: 'string', pattern: WORD_LIST },
    ],
  }),
  isKnown: () => ({ type: 'string', pattern: WORD_LIST.replace(',', '') }),
  areKnown: () => ({ type: 'string', pattern: WORD_LIST }),
  isEmail: () => ({ type: 'string', format: 'email' }),
  isIn: ([values]) => ({ type: 'string', enum: values }),
  isUuid: () => ({ type: 'string', format: 'uuid' }),
  isTimestamp: () => ({ type: 'string', format: 'date-time' }),
  isDay: () => ({ type: 'string', format: 'date' }),
  isTenantId: () => ({ type: 'string', minLength: 1, maxLength: 200 }),
  isObject: () => ({ type: 'object', additionalProperties: {} }),
  isGiven: () => ({ type: ANY_JSON }),
  isNotBlank: () => ({ type: 'string', minLength: 1 }),
};

/**
 * A field of a query or body. Its type, limits and required mark come from the field's validators, so the document cannot
 * promise another form than the one that is enforced.
 */
export const ApiInput = (description: string, { of, ...options }: InputOptions = {}) =>
  lazyProperty((swagger, target, key): ApiPropertyOptions => {
    const { schema, required, nullable } = inputSchema(target, key);
    const choice = nullable ? { ...schema, type: [schema['type'], 'null'] } : schema;
    const isRequired = required && options.default === undefined;
    const stated: Schema = { ...choice, ...options };
    if (of) registerModels(swagger, target, of());
    const shape = of ? shapeOf(stated, swagger.getSchemaPath(of())) : stated;
    const { example } = options;
    const metadata: Schema = {
      type: 'object',
      oneOf: [shape],
      description,
      required: isRequired,
      ...(of && example !== undefined && { example }),
    };
    return metadata;
  });

interface InputOptions {
  readonly example?: unknown;
  readonly default?: unknown;
  /** The class of the object, or of the objects of a list. */
  readonly of?: () => Type<object>;
}

/** The same with the class of its objects. */
function shapeOf(schema: Schema, $ref: string): Schema {
  const types = [schema['type']].flat();
  if (types.includes('array')) return { ...schema, items: { $ref } };
  return types.includes('null') ? { anyOf: [{ $ref }, { type: 'null' }] } : { $ref };
}

function inputSchema(target: object, key: string): { schema: Schema; required: boolean; nullable: boolean } {
  const rules = getMetadataStorage()
    .getTargetValidationMetadatas(target.constructor, '', true, false)
    .filter(({ propertyName }) => propertyName === key);
  const merged = (each: boolean): Schema =>
    Object.assign(
      {},
      ...rules.filter((rule) => !rule.each === !each).map((rule) => SCHEMA_OF_VALIDATOR[rule.name ?? '']?.(rule.constraints ?? []) ?? {}),
    ) as Schema;
  const items = merged(true);
  return {
    schema: { ...merged(false), ...(Object.keys(items).length > 0 && { items }) },
    required: !rules.some((rule) => rule.name === 'isOptional'),
    nullable: rules.some((rule) => rule.type === 'conditionalValidation' && rule.name === undefined),
  };
}

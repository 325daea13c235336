import type { Type } from '@nestjs/common';
import type { ApiPropertyOptions } from '@nestjs/swagger';
import { lazyProperty, registerModels } from './swagger.decorators';

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

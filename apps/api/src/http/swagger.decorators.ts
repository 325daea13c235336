import type { Type } from '@nestjs/common';
import type { ApiOperationOptions, ApiParamOptions, ApiPropertyOptions, ApiQueryOptions, ApiResponseOptions } from '@nestjs/swagger';
import type * as Swagger from '@nestjs/swagger';

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

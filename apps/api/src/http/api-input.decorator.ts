import { getMetadataStorage } from 'class-validator';
import type { ApiPropertyOptions } from '@nestjs/swagger';
import { ANY_JSON } from './field.decorators';
import { lazyProperty } from './swagger.decorators';

type Schema = Readonly<Record<string, unknown>>;

/** JSON Schema of each validator. The test of the document finds a validator that is missing here. */
export const SCHEMA_OF_VALIDATOR: Readonly<Record<string, (constraints: readonly unknown[]) => Schema>> = {
  isArray: () => ({ type: 'array' }),
  arrayMinSize: ([minItems]) => ({ minItems }),
  arrayNotEmpty: () => ({ minItems: 1 }),
  arrayMaxSize: ([maxItems]) => ({ maxItems }),
  isBoolean: () => ({ type: 'boolean' }),
  isByteLength: ([, maxLength]) => ({ type: 'string', maxLength }),
  isInt: () => ({ type: 'integer' }),
  min: ([minimum]) => ({ minimum }),
  max: ([maximum]) => ({ maximum }),
  isString: () => ({ type: 'string' }),
  minLength: ([minLength]) => ({ type: 'string', minLength }),
  maxLength: ([maxLength]) => ({ type: 'string', maxLength }),
  matches: ([pattern]) => ({ type: 'string', pattern: pattern instanceof RegExp ? pattern.source : undefined }),
  isIn: ([values]) => ({ type: 'string', enum: values }),
  isUuid: () => ({ type: 'string', format: 'uuid' }),
  isTimestamp: () => ({ type: 'string', format: 'date-time' }),
  isTenantId: () => ({ type: 'string', minLength: 1, maxLength: 200 }),
  isObject: () => ({ type: 'object' }),
  isGiven: () => ({ type: ANY_JSON }),
  isNotBlank: () => ({ type: 'string', minLength: 1 }),
};

/**
 * A field of a query or body. Its type, limits and required mark come from the field's validators, so the document cannot
 * promise another form than the one that is enforced.
 */
export const ApiInput = (description: string, options: { readonly example?: unknown; readonly default?: unknown } = {}) =>
  lazyProperty((_swagger, target, key): ApiPropertyOptions => {
    const { schema, required, nullable } = inputSchema(target, key);
    const choice = nullable ? { ...schema, type: [schema['type'], 'null'] } : schema;
    const isRequired = required && options.default === undefined;
    const metadata: Schema = { type: 'object', oneOf: [{ ...choice, ...options }], description, required: isRequired };
    return metadata;
  });

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

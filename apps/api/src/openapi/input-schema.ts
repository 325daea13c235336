import type { Type } from '@nestjs/common';
import { getMetadataStorage } from 'class-validator';
import type { Schema } from './schema';

/** What each validator means in JSON Schema. A validator that is missing here is caught by the test of the document. */
export const SCHEMA_OF_VALIDATOR: Record<string, (constraints: readonly unknown[]) => Schema> = {
  isInt: () => ({ type: 'integer' }),
  min: ([minimum]) => ({ minimum }),
  isString: () => ({ type: 'string' }),
  minLength: ([minLength]) => ({ type: 'string', minLength }),
  maxLength: ([maxLength]) => ({ type: 'string', maxLength }),
  matches: ([pattern]) => ({ type: 'string', pattern: pattern instanceof RegExp ? pattern.source : undefined }),
  isIn: ([values]) => ({ type: 'string', enum: values }),
  isUuid: () => ({ type: 'string', format: 'uuid' }),
  isTimestamp: () => ({ type: 'string', format: 'date-time' }),
  isTenantId: () => ({ type: 'string', minLength: 1, maxLength: 200 }),
  isObject: () => ({ type: 'object' }),
  isGiven: () => ({}),
  isNotBlank: () => ({ type: 'string', minLength: 1 }),
};

export interface InputField {
  readonly name: string;
  readonly required: boolean;
  readonly schema: Schema;
}

/** The fields of a query or body class, from the validators that check them: the document cannot promise another shape than the one that is enforced. */
export function inputFields(input: Type<object>): InputField[] {
  const rules = getMetadataStorage().getTargetValidationMetadatas(input, '', true, false);
  const defaults = new input() as Record<string, unknown>;
  return [...new Set(rules.map(({ propertyName }) => propertyName))].sort().map((name) => {
    const own = rules.filter(({ propertyName }) => propertyName === name);
    const schema: Schema = Object.assign({}, ...own.map((rule) => SCHEMA_OF_VALIDATOR[rule.name ?? '']?.(rule.constraints ?? []) ?? {}));
    const optional = own.some((rule) => rule.name === 'isOptional') || defaults[name] !== undefined;
    const nullable = own.some((rule) => rule.type === 'conditionalValidation' && rule.name === undefined);
    return {
      name,
      required: !optional,
      schema: {
        ...schema,
        ...(nullable && { type: [schema['type'], 'null'] }),
        ...(defaults[name] !== undefined && { default: defaults[name] }),
      },
    };
  });
}

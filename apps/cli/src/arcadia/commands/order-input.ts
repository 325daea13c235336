import { usageError } from '../session/failure';

/** The schema of one field of an order's input, in the API's document. */
interface FieldSchema {
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly example?: unknown;
  readonly enum?: readonly unknown[];
}

export interface InputSchema {
  readonly properties: Readonly<Record<string, FieldSchema>>;
  readonly required: readonly string[];
}

export interface ApiDocument {
  readonly components: { readonly schemas: Readonly<Record<string, unknown>> };
}

interface StartSchema {
  readonly properties: { readonly input: { readonly $ref?: string } & Partial<InputSchema> };
}

const START = 'Start_';

/** The input of a kind of order. Throws a usage error that lists the kinds when there is no such kind. */
export function inputSchemaOf({ components: { schemas } }: ApiDocument, kind: string): InputSchema {
  const start = schemas[START + kind] as StartSchema | undefined;
  if (!start) {
    const kinds = Object.keys(schemas).flatMap((name) => (name.startsWith(START) ? [name.slice(START.length)] : []));
    throw usageError(`There is no kind of order ${kind}; known: ${kinds.sort().join(', ')}`);
  }
  const { $ref, ...inline } = start.properties.input;
  const { properties = {}, required = [] } = $ref === undefined ? inline : (schemas[$ref.split('/').at(-1) ?? ''] as Partial<InputSchema>);
  return { properties, required };
}

/** The input from `field=value` pairs, each value in the type of its field. Throws a usage error that explains what is missing. */
export function orderInput(schema: InputSchema, pairs: readonly string[]): Record<string, unknown> {
  const input = Object.fromEntries(pairs.map((pair) => assignment(schema, pair)));
  const missing = schema.required.filter((field) => !(field in input));
  if (missing.length > 0) throw usageError(`Missing: ${missing.join(', ')}. Give each with --set field=value:\n${describeFields(schema)}`);
  return input;
}

function assignment({ properties }: InputSchema, pair: string): readonly [string, unknown] {
  const at = pair.indexOf('=');
  const field = pair.slice(0, Math.max(at, 0));
  if (field === '') throw usageError(`--set ${pair} must be field=value`);
  const schema = Object.hasOwn(properties, field) ? properties[field] : undefined;
  if (!schema) throw usageError(`The order has no field ${field}; known: ${Object.keys(properties).join(', ')}`);
  return [field, typedValue(field, schema, pair.slice(at + 1))];
}

function typedValue(field: string, { type }: FieldSchema, text: string): unknown {
  const types = [type ?? []].flat();
  if (text === 'null' && types.includes('null')) return null;
  if (types.includes('array')) return listValue(field, text);
  if (types.includes('boolean')) {
    if (text !== 'true' && text !== 'false') throw usageError(`${field} must be true or false, not ${text}`);
    return text === 'true';
  }
  if (types.includes('integer') || types.includes('number')) {
    if (text.trim() === '' || !Number.isFinite(Number(text))) throw usageError(`${field} must be a number, not ${text}`);
    return Number(text);
  }
  return text;
}

/** Values separated by commas, or a JSON list where they are no texts, as the rules of a firewall. */
function listValue(field: string, text: string): unknown {
  if (!text.startsWith('[')) return text === '' ? [] : text.split(',');
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw usageError(`${field} must be a JSON list, or values separated by commas, not ${text}`);
  }
}

/** One line for each field, the required ones first. */
function describeFields({ properties, required }: InputSchema): string {
  const width = Math.max(...Object.keys(properties).map((field) => field.length));
  const line = ([field, { description = '', example, enum: values }]: [string, FieldSchema]) => {
    const notes = [
      required.includes(field) ? 'required' : 'optional',
      values ? `one of ${values.map(String).join(', ')}` : '',
      example === undefined ? '' : `such as ${typeof example === 'string' ? example : JSON.stringify(example)}`,
    ];
    return `  ${field.padEnd(width)}  ${description} (${notes.filter(Boolean).join('; ')})`;
  };
  const isRequired = ([field]: [string, FieldSchema]) => required.includes(field);
  const fields = Object.entries(properties);
  return [...fields.filter(isRequired), ...fields.filter((field) => !isRequired(field))].map(line).join('\n');
}

import type { ApiDocument } from './contract-comparison';

type Node = Readonly<Record<string, unknown>>;

/** An allowed difference: the fact that is missing or added, and the reason. */
export interface ContractException {
  readonly fact: string;
  readonly reason: string;
}

/** The input of a saga depends on its kind, and the list of kinds may grow. Both are excluded. */
const SAGA_INPUT = /^post \/api\/v1\/sagas body\.(input\b|kind may be ")/;
/** The maximum depth to which a recursive schema is followed. */
const DEEPEST = 12;

/**
 * Returns facts that one of two documents states and the other does not: paths, parameters, fields, enum values, required
 * marks, types, statuses, operation ids and tags. Texts, examples, limits, schema names, composition (`$ref`, `anyOf`,
 * `allOf`) and the input of a saga are ignored. An exception without a difference is reported as well.
 */
export function contractDifferences(before: ApiDocument, after: ApiDocument, exceptions: readonly ContractException[] = []): string[] {
  const [was, is] = [factsOf(before), factsOf(after)];
  const excepted = new Set(exceptions.map(({ fact }) => fact));
  const missing = [...was].filter((fact) => !is.has(fact));
  const added = [...is].filter((fact) => !was.has(fact));
  const used = new Set([...missing, ...added]);
  return [
    ...missing.filter((fact) => !excepted.has(fact)).map((fact) => `missing: ${fact}`),
    ...added.filter((fact) => !excepted.has(fact)).map((fact) => `added: ${fact}`),
    ...[...excepted].filter((fact) => !used.has(fact)).map((fact) => `an exception without a difference: ${fact}`),
  ];
}

function factsOf(document: ApiDocument): Set<string> {
  const facts = new DocumentFacts(document.components.schemas);
  for (const [path, methods] of Object.entries(document.paths)) {
    for (const [method, operation] of Object.entries(methods)) facts.operation(`${method} ${path}`, operation as unknown as Node);
  }
  return new Set([...facts.all].filter((fact) => !SAGA_INPUT.test(fact)));
}

class DocumentFacts {
  readonly all = new Set<string>();

  constructor(private readonly schemas: Readonly<Record<string, Node>>) {}

  operation(at: string, operation: Node): void {
    this.all.add(at);
    this.all.add(`${at} is called ${String(operation.operationId)}`);
    for (const tag of listOf(operation.tags)) this.all.add(`${at} has the tag ${String(tag)}`);
    this.all.add(`${at} ${listOf(operation.security).length > 0 ? 'needs a token' : 'needs no token'}`);
    for (const parameter of nodesOf(operation.parameters)) {
      const name = `${at} ${String(parameter.in)} ${String(parameter.name)}`;
      this.all.add(name);
      if (parameter.required === true) this.all.add(`${name} must be given`);
      this.schema(name, nodeOf(parameter.schema));
    }
    const body = nodeOf(operation.requestBody);
    if (body.required === true) this.all.add(`${at} body must be given`);
    this.content(`${at} body`, body);
    for (const [status, answer] of Object.entries(nodeOf(operation.responses))) {
      this.all.add(`${at} ${status}`);
      for (const header of Object.keys(nodeOf(nodeOf(answer).headers))) this.all.add(`${at} ${status} header ${header.toLowerCase()}`);
      this.content(`${at} ${status}`, nodeOf(answer));
    }
  }

  private content(at: string, { content }: Node): void {
    for (const [media, { schema }] of Object.entries(nodeOf(content) as Record<string, Node>)) {
      this.all.add(`${at} as ${media}`);
      this.schema(at, nodeOf(schema));
    }
  }

  private schema(at: string, schema: Node, depth = 0): void {
    if (depth > DEEPEST) return;
    const forms = this.formsOf(schema);
    const objects = forms.filter(({ properties }) => properties !== undefined);
    for (const form of forms) {
      for (const type of typesOf(form)) this.all.add(`${at} may be ${type}`);
      if (typeof form.format === 'string') this.all.add(`${at} has the format ${form.format}`);
      for (const value of valuesOf(form)) this.all.add(`${at} may be ${JSON.stringify(value)}`);
      for (const [name, property] of Object.entries(nodeOf(form.properties))) {
        this.all.add(`${at}.${name}`);
        if (objects.every(({ required }) => listOf(required).includes(name))) this.all.add(`${at}.${name} must be given`);
        this.schema(`${at}.${name}`, nodeOf(property), depth + 1);
      }
      if (isNode(form.items)) this.schema(`${at}[]`, form.items, depth + 1);
      if (isNode(form.additionalProperties)) this.schema(`${at}.*`, form.additionalProperties, depth + 1);
    }
  }

  /** Returns the possible forms of a value: references resolved, alternatives one by one, and parts of `allOf` merged. */
  private formsOf(schema: Node): Node[] {
    if (typeof schema.$ref === 'string') return this.formsOf(this.schemas[schema.$ref.split('/').at(-1) ?? ''] ?? {});
    const alternatives = [...nodesOf(schema.anyOf), ...nodesOf(schema.oneOf)];
    if (alternatives.length > 0) return alternatives.flatMap((one) => this.formsOf(one));
    const parts = nodesOf(schema.allOf);
    return parts.length > 0 ? [merged([schema, ...parts.flatMap((part) => this.formsOf(part))])] : [schema];
  }
}

function merged(parts: readonly Node[]): Node {
  const { allOf: _allOf, ...whole } = Object.assign({}, ...parts) as Node;
  const properties = Object.assign({}, ...parts.map((part) => nodeOf(part.properties))) as Node;
  return {
    ...whole,
    ...(Object.keys(properties).length > 0 && { properties }),
    required: parts.flatMap(({ required }) => listOf(required)),
  };
}

/** `nullable` of OpenAPI 3.0 becomes the type null. */
const typesOf = ({ type, nullable }: Node): string[] => [...(Array.isArray(type) ? type : type === undefined ? [] : [type]), ...(nullable === true ? ['null'] : [])].map(String); // prettier-ignore
const valuesOf = ({ enum: values, const: only }: Node): unknown[] => (only === undefined ? listOf(values) : [only]);
const isNode = (value: unknown): value is Node => typeof value === 'object' && value !== null && !Array.isArray(value);
const nodeOf = (value: unknown): Node => (isNode(value) ? value : {});
const nodesOf = (value: unknown): Node[] => listOf(value).filter(isNode);
const listOf = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);

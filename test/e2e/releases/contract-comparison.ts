/** A JSON object, of which these comparisons read a part. */
type Node = Readonly<Record<string, unknown>>;

export interface ApiDocument {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Node>> };
}

interface Operation {
  readonly security: readonly unknown[];
  readonly parameters: readonly { readonly name: string; readonly in: string; readonly required: boolean; readonly schema: Node }[];
  readonly requestBody?: Content;
  readonly responses: Readonly<Record<string, Content>>;
}

interface Content {
  readonly content?: Readonly<Record<string, { readonly schema: Node }>>;
}

/**
 * Returns everything that a client of `then` would miss in `now`: routes, parameters, fields that it may send and properties
 * that it reads. Additions are not reported.
 */
export function broken(then: ApiDocument, now: ApiDocument): string[] {
  const compared = new Comparison(then, now);
  return Object.entries(then.paths).flatMap(([path, methods]) =>
    Object.entries(methods).flatMap(([method, operation]) => {
      const same = now.paths[path]?.[method];
      return same ? compared.operation(`${method} ${path}`, operation, same) : [`${method} ${path} is missing`];
    }),
  );
}

class Comparison {
  constructor(
    private readonly then: ApiDocument,
    private readonly now: ApiDocument,
  ) {}

  operation(at: string, then: Operation, now: Operation): string[] {
    const parameter = (of: Operation, { name, in: place }: { name: string; in: string }) =>
      of.parameters.find((one) => one.name === name && one.in === place);
    return [
      ...(then.security.length === 0 && now.security.length > 0 ? [`${at} needs a token now`] : []),
      ...then.parameters.flatMap((one) => {
        const same = parameter(now, one);
        return same ? this.schema(`${at} ?${one.name}`, one.schema, same.schema) : [`${at} ?${one.name} is missing`];
      }),
      ...now.parameters.flatMap((one) => (one.required && !parameter(then, one)?.required ? [`${at} ?${one.name} must be given now`] : [])),
      ...this.input(at, then.requestBody, now.requestBody),
      ...Object.entries(then.responses).flatMap(([status, answer]) => {
        const same = now.responses[status];
        return same ? this.content(`${at} ${status}`, answer, same) : [`${at} ${status} is missing`];
      }),
    ];
  }

  private input(at: string, then: Content | undefined, now: Content | undefined): string[] {
    const was = then?.content?.['application/json']?.schema;
    const is = now?.content?.['application/json']?.schema;
    const required = namesIn(is?.required).filter((name) => !namesIn(was?.required).includes(name));
    return [
      ...(was && is ? this.schema(`${at} body`, was, is) : was ? [`${at} takes no body any more`] : []),
      ...required.map((name) => `${at} body.${String(name)} must be given now`),
    ];
  }

  private content(at: string, then: Content, now: Content): string[] {
    return Object.entries(then.content ?? {}).flatMap(([media, { schema }]) => {
      const same = now.content?.[media];
      return same ? this.schema(at, schema, same.schema) : [`${at} is no ${media} any more`];
    });
  }

  private schema(at: string, then: Node, now: Node): string[] {
    const [was, is] = [resolved(then, this.then), resolved(now, this.now)];
    const forms = nodesIn(is.oneOf); // a response got forms that only a new question is answered with: it keeps those that it had
    if (forms.length > 0) return formsOf(was).flatMap((form) => fewest(forms.map((same) => this.schema(at, form, same))));
    const choices = nodesIn(was.anyOf);
    if (choices.length > 0) {
      const same = nodesIn(is.anyOf);
      if (same.length !== choices.length) return [`${at} had ${choices.length} forms and has ${same.length || 1}`];
      return choices.flatMap((choice, n) => this.schema(at, choice, same[n] ?? {}));
    }
    const missing = namesIn(was.enum).filter((value) => !namesIn(is.enum).includes(value));
    return [
      ...(isTypeKept(at, was, is) ? [] : [`${at} was ${String(was.type)} and is ${String(is.type)}`]),
      ...(was.format === is.format ? [] : [`${at} was ${String(was.format)} and is ${String(is.format)}`]),
      ...(is.enum ? missing.map((value) => `${at} is never ${String(value)} any more`) : []),
      ...Object.entries((was.properties ?? {}) as Record<string, Node>).flatMap(([name, property]) => {
        const same = (is.properties as Record<string, Node> | undefined)?.[name];
        return same ? this.schema(`${at}.${name}`, property, same) : [`${at}.${name} is missing`];
      }),
      ...(isNode(was.items) ? this.schema(`${at}[]`, was.items, isNode(is.items) ? is.items : {}) : []),
    ];
  }
}

/** What a client sends may have more types than before, such as null. What it reads may not. */
const isTypeKept = (at: string, was: Node, is: Node): boolean =>
  at.includes(' body') ? [was.type].flat().every((type) => [is.type].flat().includes(type)) : String(was.type) === String(is.type);

const formsOf = (schema: Node): Node[] => (Array.isArray(schema.oneOf) ? nodesIn(schema.oneOf) : [schema]);
const fewest = (losses: readonly string[][]): string[] => losses.reduce((least, one) => (one.length < least.length ? one : least));

const isNode = (value: unknown): value is Node => typeof value === 'object' && value !== null && !Array.isArray(value);
const nodesIn = (value: unknown): Node[] => (Array.isArray(value) ? value.filter(isNode) : []);
const namesIn = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);

function resolved(schema: Node, { components }: ApiDocument): Node {
  const name = typeof schema.$ref === 'string' ? schema.$ref.split('/').at(-1) : undefined;
  return name === undefined ? schema : (components.schemas[name] ?? {});
}

import type { TenancyWorld } from './tenancy-world';

/** One operation of the API document. */
export interface Operation {
  readonly method: 'get' | 'post' | 'put' | 'patch' | 'delete';
  readonly path: string;
  readonly adminOnly: boolean;
  readonly open: boolean;
  /** The answer is a stream, which does not end by itself. */
  readonly endless: boolean;
  readonly query: readonly string[];
  readonly body: readonly string[];
}

interface Documented {
  readonly description: string;
  readonly security: unknown[];
  readonly parameters: { name: string; in: string }[];
  readonly responses: Record<string, { readonly content?: object }>;
  readonly requestBody?: { content: { 'application/json': { schema: { $ref: string } } } };
}

interface Document {
  readonly paths: Record<string, Record<string, Documented>>;
  readonly components: { readonly schemas: Record<string, { readonly properties: object }> };
}

/** Returns every operation that the running api documents, so that a new one is covered without a change here. */
export async function documentedOperations({ http }: Pick<TenancyWorld, 'http'>): Promise<Operation[]> {
  const { body } = await http().get('/api/openapi.json').expect(200);
  const { paths, components } = body as Document;
  const fieldsOf = ($ref: string) => Object.keys(components.schemas[$ref.split('/').at(-1) ?? '']?.properties ?? {});
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { description, security, parameters, responses, requestBody }]) => ({
      method: method as Operation['method'],
      path,
      adminOnly: description.includes('Who: Platform admins.'),
      open: security.length === 0,
      endless: 'text/event-stream' in (responses['200']?.content ?? {}),
      query: parameters.filter((parameter) => parameter.in === 'query').map(({ name }) => name),
      body: requestBody ? fieldsOf(requestBody.content['application/json'].schema.$ref) : [],
    })),
  );
}

import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { OPENAPI_PATH } from './openapi-document';

type Fields = Record<string, unknown>;

const MOST_DEPTH = 8;

export interface DocumentedProvider {
  readonly url: string;
  /** The number of requests for each call, such as `GET /v2/droplets`. */
  readonly asked: ReadonlyMap<string, number>;
  close(): Promise<void>;
}

/**
 * A server that returns an example of the official document for every request. Every page of a list is the same page,
 * announces another page, and links to the public host.
 */
export async function startDocumentedProvider(): Promise<DocumentedProvider> {
  const examples = officialExamples();
  const asked = new Map<string, number>();
  const server = createServer((request, response) => {
    const path = new URL(request.url ?? '/', 'http://provider').pathname;
    const call = `${request.method} ${path}`;
    asked.set(call, (asked.get(call) ?? 0) + 1);
    const { status, body } = examples.answer(request.method ?? 'GET', path);
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const close = () => new Promise<void>((resolve) => server.close(() => resolve()).closeAllConnections());
  return { url: `http://127.0.0.1:${port}`, asked, close };
}

/** All examples of the official document for a GET of the path; the one of the schema where the response has none. */
export function documentedExamples(path: string): Fields[] {
  return (officialExamples().all('GET', path) as (Fields | null)[]).filter((example) => example !== null);
}

let official: Examples | undefined;
const officialExamples = () => (official ??= new Examples(JSON.parse(readFileSync(OPENAPI_PATH, 'utf8')) as Fields));

class Examples {
  constructor(private readonly document: Fields) {}

  answer(method: string, path: string): { status: number; body: unknown } {
    const operation = this.operation(path)?.[method.toLowerCase()] as Fields | undefined;
    if (!operation) return { status: 404, body: { id: 'not_found', message: 'The resource you were accessing could not be found.' } };
    const responses = operation.responses as Record<string, unknown>;
    const status = Object.keys(responses).find((code) => code.startsWith('2')) ?? '200';
    return { status: Number(status), body: neverEnding(this.examplesOf(responses[status])[0]) };
  }

  all(method: string, path: string): unknown[] {
    const { responses = {} } = (this.operation(path)?.[method.toLowerCase()] ?? {}) as { responses?: Fields };
    return this.examplesOf(Object.entries(responses).find(([code]) => code.startsWith('2'))?.[1]);
  }

  private examplesOf(response: unknown): unknown[] {
    const content = ((this.follow(response).content as Fields | undefined)?.['application/json'] ?? {}) as Fields;
    const given = Object.values((content.examples ?? {}) as Fields).map((example) => this.follow(example).value);
    return given.length > 0 ? given : [content.example ?? this.sample(content.schema)];
  }

  private operation(path: string): Fields | undefined {
    const paths = this.document.paths as Record<string, Fields>;
    const parts = path.split('/');
    const fits = (template: string) => {
      const names = template.split('/');
      return names.length === parts.length && names.every((name, index) => name.startsWith('{') || name === parts[index]);
    };
    return paths[path] ?? paths[Object.keys(paths).find(fits) ?? ''];
  }

  private follow(value: unknown): Fields {
    const pointer = (value as Fields | undefined)?.$ref;
    if (typeof pointer !== 'string') return (value ?? {}) as Fields;
    const names = pointer.slice(2).split('/');
    return this.follow(names.reduce<unknown>((inner, name) => (inner as Fields)[name.replaceAll('~1', '/')], this.document));
  }

  /** Builds an object from the examples of its properties. Some schemas contain themselves. */
  private sample(schema: unknown, depth = 0): unknown {
    const found = this.follow(schema);
    if (depth > MOST_DEPTH) return null;
    if ('example' in found) return found.example;
    const parts = (found.allOf ?? found.oneOf ?? found.anyOf) as unknown[] | undefined;
    if (parts) return Object.assign({}, ...parts.map((part) => this.sample(part, depth + 1))) as Fields;
    if (found.type === 'array') return [this.sample(found.items, depth + 1)];
    const properties = Object.entries((found.properties ?? {}) as Fields);
    return properties.length > 0
      ? Object.fromEntries(properties.map(([name, property]) => [name, this.sample(property, depth + 1)]))
      : null;
  }
}

function neverEnding(example: unknown): unknown {
  const isList = typeof example === 'object' && example !== null && 'meta' in example;
  return isList ? { ...example, links: { pages: { next: 'https://api.digitalocean.com/v2/anything?page=2&per_page=200' } } } : example;
}

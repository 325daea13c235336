import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import Ajv from 'ajv/dist/2020';

interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly format?: string;
  readonly example?: unknown;
  readonly enum?: readonly unknown[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly allOf?: readonly Schema[];
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
}

interface Operation {
  readonly parameters?: readonly { readonly name: string; readonly in: string }[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: Schema }>> };
  readonly responses: Readonly<Record<string, { readonly content?: Readonly<Record<string, { schema: Schema; example?: unknown }>> }>>;
}

export interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
}

/** An answer that differs from the documented example. */
export interface Scripted {
  readonly status: number;
  readonly body: object;
  /** Sent in place of the body, as Server-Sent Events. */
  readonly stream?: string;
  /** The connection ends without an answer. */
  readonly isLost?: boolean;
}

export interface Received {
  readonly call: string;
  readonly authorization: string | undefined;
  readonly idempotencyKey: string | undefined;
  readonly status: number;
  /** The sentence of a refusal. */
  readonly detail: string | undefined;
}

interface Caller {
  readonly authorization: string | undefined;
  readonly lastEventId: string | undefined;
}

/**
 * A server that answers every route of the api's document with the examples of the document. It refuses what the document does not have: an
 * unknown route, parameter or field of a body. `script` may answer instead.
 */
export async function documentedApi(document: Document, script: (call: string, caller: Caller) => Scripted | undefined) {
  const received: Received[] = [];
  const ajv = new Ajv({ strict: false, validateFormats: false, allErrors: true });
  ajv.addSchema(document, 'api');
  const answer = (call: string, url: URL, method: string, body: string, caller: Caller): Scripted => {
    if (url.pathname === '/api/openapi.json') return { status: 200, body: document };
    const found = operationOf(document, method, url.pathname);
    if (!found) return problem(404, 'route_not_found', `There is no ${method} ${url.pathname}`);
    const { operation, path } = found;
    const known = (operation.parameters ?? []).flatMap((parameter) => (parameter.in === 'query' ? [parameter.name] : []));
    const unknown = [...url.searchParams.keys()].find((name) => !known.includes(name));
    if (unknown !== undefined) return problem(400, 'validation_failed', `${unknown} is not a known field`);
    if (operation.requestBody) {
      const pointer = `/paths/${path.replaceAll('/', '~1')}/${method}/requestBody/content/application~1json/schema`;
      const isValid = ajv.getSchema(`api#${encodeURI(pointer)}`);
      if (!isValid?.(JSON.parse(body || '{}'))) return problem(400, 'validation_failed', ajv.errorsText(isValid?.errors));
    }
    return script(call, caller) ?? documented(document, operation, url.searchParams.get('dry_run') === 'true');
  };
  const server = createServer((request: IncomingMessage, response: ServerResponse) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      const url = new URL(request.url ?? '/', 'http://api');
      const call = `${request.method} ${decodeURIComponent(request.url ?? '')}`;
      const { authorization, 'last-event-id': lastEventId, 'idempotency-key': key } = request.headers;
      const caller = { authorization, lastEventId: lastEventId as string | undefined };
      const idempotencyKey = key as string | undefined;
      const { status, body: sent, stream, isLost } = answer(call, url, (request.method ?? 'GET').toLowerCase(), body, caller);
      const { detail } = sent as { detail?: string };
      const shown = lastEventId === undefined ? call : `${call} (Last-Event-ID ${String(lastEventId)})`;
      if (url.pathname !== '/api/openapi.json')
        received.push({ call: body ? `${shown} ${body}` : shown, authorization, idempotencyKey, status, detail });
      if (isLost) return response.destroy();
      if (stream !== undefined) return response.writeHead(status, { 'content-type': 'text/event-stream' }).end(stream);
      return response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(sent));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received,
    close: () => new Promise((resolve) => server.close(resolve).closeAllConnections()),
  };
}

export function problem(status: number, code: string, detail: string): Scripted {
  return { status, body: { type: 'about:blank', title: code, status, code, detail, request_id: 'request-1' } };
}

function operationOf(document: Document, method: string, pathname: string) {
  for (const [path, operations] of Object.entries(document.paths)) {
    const operation = operations[method];
    if (operation && new RegExp(`^${path.replace(/\{[^}]+\}/g, '[^/]+')}$`).test(pathname)) return { path, operation };
  }
  return undefined;
}

/** The example of a success; with `planned` that of status 200, which a route with plans has beside 202. */
function documented(document: Document, { responses }: Operation, planned: boolean): Scripted {
  const successes = Object.keys(responses).filter((status) => status.startsWith('2'));
  const status = (planned ? successes.at(0) : successes.at(-1)) ?? '200';
  const content = responses[status]?.content?.['application/json'];
  return { status: Number(status), body: (content?.example ?? exampleOf(document, content?.schema ?? {})) as object };
}

/** A value of the schema: its example, or the simplest value with the examples of its fields. The cursor of a page is null. */
export function exampleOf(document: Document, schema: Schema, name = ''): unknown {
  if (name === 'next_cursor') return null;
  if (schema.example !== undefined) return schema.example;
  if (schema.$ref !== undefined) return exampleOf(document, document.components.schemas[schema.$ref.split('/').at(-1) ?? ''] ?? {}, name);
  const choice = (schema.anyOf ?? schema.oneOf)?.find(({ type }) => type !== 'null');
  if (choice) return exampleOf(document, choice, name);
  if (schema.allOf) return Object.assign({}, ...schema.allOf.map((part) => exampleOf(document, part, name))) as unknown;
  if (schema.enum) return schema.enum[0];
  if (schema.properties) {
    return Object.fromEntries(Object.entries(schema.properties).map(([field, of]) => [field, exampleOf(document, of, field)]));
  }
  const type = [schema.type ?? 'object'].flat()[0];
  if (type === 'array') return schema.items ? [exampleOf(document, schema.items)] : [];
  if (type === 'string') return schema.format === 'date-time' ? '2026-11-29T12:00:00.000Z' : 'text';
  if (type === 'integer' || type === 'number') return 1;
  return type === 'boolean' ? false : {};
}

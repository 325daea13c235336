import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

/** One request as the provider received it. Times are `performance.now()` of the test's process. */
export interface SeenRequest {
  readonly method: string;
  readonly url: URL;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
  readonly arrivedAtMs: number;
  answeredAtMs?: number;
}

/**
 * Responds to a request: a returned value is sent as JSON with 200. After `undefined` or the response object, the script
 * responds itself.
 */
export type Script = (request: SeenRequest, response: ServerResponse) => unknown;

/** A real HTTP server in the place of DigitalOcean. `script` decides every response. */
export class ScriptedProvider {
  readonly seen: SeenRequest[] = [];
  script: Script = () => ({});
  private readonly server: Server;

  private constructor() {
    this.server = createServer((request, response) => void this.answer(request, response));
  }

  static async start(): Promise<ScriptedProvider> {
    const provider = new ScriptedProvider();
    await new Promise<void>((resolve) => provider.server.listen(0, '127.0.0.1', resolve));
    return provider;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const arrivedAtMs = performance.now();
    const seen: SeenRequest = {
      method: request.method ?? '',
      url: new URL(request.url ?? '/', this.url),
      headers: request.headers,
      body: await text(request).catch(() => ''),
      arrivedAtMs,
    };
    this.seen.push(seen);
    response.on('finish', () => (seen.answeredAtMs = performance.now()));
    const body: unknown = await this.script(seen, response);
    if (body !== undefined && body !== response) sendJson(response, 200, body);
  }
}

export function sendJson(response: ServerResponse, status: number, body: unknown, headers: Record<string, string> = {}): ServerResponse {
  return response.writeHead(status, { 'content-type': 'application/json', 'x-request-id': 'req-1', ...headers }).end(JSON.stringify(body));
}

export function sendHtml(response: ServerResponse, status: number): ServerResponse {
  return response
    .writeHead(status, { 'content-type': 'text/html' })
    .end('<!DOCTYPE html><html><body><h1>Origin Time-out</h1></body></html>');
}

/** A paged list of objects with ids 1…count, as DigitalOcean returns it: with absolute links to its public host. */
export function pagedList(key: string, count: number): Script {
  return ({ url }) => {
    const page = Number(url.searchParams.get('page') ?? 1);
    const perPage = Number(url.searchParams.get('per_page') ?? 20);
    const ids = Array.from({ length: count }, (_, place) => ({ id: place + 1 })).slice((page - 1) * perPage, page * perPage);
    const more = page * perPage < count;
    const links = more ? { pages: { next: `https://api.digitalocean.com${url.pathname}?page=${page + 1}&per_page=${perPage}` } } : {};
    return { [key]: ids, links, meta: { total: count } };
  };
}

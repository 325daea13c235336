import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { until } from '../../support/until';

/** A message as the receiver got it. */
export interface Received {
  readonly path: string;
  readonly id: string;
  readonly headers: Record<string, string>;
  readonly body: string;
  readonly type: string;
  readonly data: Readonly<Record<string, unknown>>;
}

export type Behaviour = (request: IncomingMessage, response: ServerResponse, nth: number) => void;

export const ok: Behaviour = (_request, response) => void response.writeHead(204).end();
export const status =
  (code: number, headers: Record<string, string> = {}): Behaviour =>
  (_request, response) =>
    void response.writeHead(code, headers).end('no');
export const drop: Behaviour = (request) => void request.socket.destroy();
/** Takes the message and never answers. */
export const silence: Behaviour = () => undefined;
/** Fails the first attempts and then succeeds. */
export const first =
  (times: number, failing: Behaviour): Behaviour =>
  (request, response, nth) =>
    (nth < times ? failing : ok)(request, response, nth);

/** A receiver of webhooks on this host: each path has its own behaviour and its own list of messages. */
export class Receiver {
  private readonly behaviours = new Map<string, Behaviour>();
  private readonly requests: Received[] = [];

  private constructor(private readonly server: Server) {}

  static async open(): Promise<Receiver> {
    const server = createServer();
    const receiver = new Receiver(server);
    server.on('request', (request, response) => void receiver.take(request, response));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return receiver;
  }

  url(path: string): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}${path}`;
  }

  behave(path: string, behaviour: Behaviour): void {
    this.behaviours.set(path, behaviour);
  }

  at(path: string): Received[] {
    return this.requests.filter((received) => received.path === path);
  }

  async reached(path: string, messages: number): Promise<Received[]> {
    await until(() => this.at(path).length >= messages, { what: `${messages} messages at ${path}` });
    return this.at(path);
  }

  close(): void {
    this.server.closeAllConnections();
    this.server.close();
  }

  private async take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    const body = Buffer.concat(chunks).toString('utf8');
    const path = request.url ?? '';
    const nth = this.at(path).length;
    const headers = request.headers as Record<string, string>;
    const { type, data } = JSON.parse(body) as Pick<Received, 'type' | 'data'>;
    this.requests.push({ path, id: headers['webhook-id'] ?? '', headers, body, type, data });
    (this.behaviours.get(path) ?? ok)(request, response, nth);
  }
}

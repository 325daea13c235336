import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly token: string | undefined;
  readonly body: string;
}

/** Sends the response itself and returns true. On false the server responds as Vault does. */
type Script = (asked: Asked, response: ServerResponse) => boolean;

const asVault: Script = () => false;

/** The part of Vault's HTTP API that a reader of KV v2 uses: `secret/data/<path>` and the Kubernetes login. */
export class KvServer {
  readonly asked: Asked[] = [];
  /** The accepted tokens. */
  readonly tokens = new Set<string>();
  /** The stored secrets by their path below `secret`. */
  readonly kept = new Map<string, Record<string, unknown>>();
  /** The roles that may log in, each with its service account token. */
  readonly roles = new Map<string, string>();
  leaseS = 3600;
  script: Script = asVault;
  private logins = 0;

  private constructor(
    private readonly server: Server,
    readonly port: number,
  ) {}

  static async start(wishedPort = 0): Promise<KvServer> {
    const server = createServer((request, response) => void started.answer(request, response));
    await new Promise<void>((resolve) => server.listen(wishedPort, '127.0.0.1', resolve));
    const started = new KvServer(server, (server.address() as AddressInfo).port);
    return started;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** The number of requests with a path that ends with `path`. */
  count(path: string): number {
    return this.asked.filter((one) => one.path.endsWith(path)).length;
  }

  /** Stops listening until `return` is called. */
  async stop(): Promise<void> {
    const closed = new Promise((resolve) => this.server.close(resolve));
    this.server.closeAllConnections();
    await closed;
  }

  async return(): Promise<void> {
    await new Promise<void>((resolve) => this.server.listen(this.port, '127.0.0.1', resolve));
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const token = request.headers['x-vault-token'];
    const asked: Asked = {
      method: request.method ?? '',
      path: request.url ?? '',
      token: typeof token === 'string' ? token : undefined,
      body: await text(request),
    };
    this.asked.push(asked);
    if (this.script(asked, response)) return;
    const [status, body] = asked.path.startsWith('/v1/auth/') ? this.login(asked) : this.read(asked);
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  }

  private login({ body }: Asked): [number, object] {
    const { role, jwt } = JSON.parse(body) as { role: string; jwt: string };
    if (this.roles.get(role) !== jwt) return [403, { errors: ['permission denied'] }];
    const token = `hvs.login-${++this.logins}`;
    this.tokens.add(token);
    return [200, { auth: { client_token: token, lease_duration: this.leaseS, renewable: true } }];
  }

  private read({ path, token }: Asked): [number, object] {
    if (token === undefined || !this.tokens.has(token)) return [403, { errors: ['permission denied'] }];
    const data = this.kept.get(path.replace('/v1/secret/data/', ''));
    if (!data) return [404, { errors: [] }];
    return [200, { data: { data, metadata: { version: 1, deletion_time: '', destroyed: false } } }];
  }
}

import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

const PROJECT = { id: 'project-1', owner_uuid: 'team-1', name: 'skyai-internal', description: '', is_default: true };
const SINGLES: Record<string, object> = {
  '/v2/account': { account: { uuid: 'account-1', email: 'ops@example.com', status: 'active', team: { uuid: 'team-1', name: 'Ops' } } },
  '/v2/projects/default': { project: PROJECT },
};

function listOf(key: string): object {
  const items = key === 'projects' ? [PROJECT] : [];
  return { [key]: items, links: {}, meta: { total: items.length } };
}

/** The part of DigitalOcean's API that an empty account needs. It can delay its responses. */
export class ProviderStub {
  private readonly pending: ServerResponse[] = [];
  private holding = false;
  /** The requested paths, in order. */
  readonly asked: string[] = [];

  private constructor(private readonly server: Server) {}

  static async start(): Promise<ProviderStub> {
    const server = createServer();
    const stub = new ProviderStub(server);
    server.on('request', (request, response) => stub.answer(String(request.url), response));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return stub;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  get pendingCount(): number {
    return this.pending.length;
  }

  /** Leaves every list of droplets unanswered until `release`. */
  hold(): void {
    this.holding = true;
  }

  release(): void {
    this.holding = false;
    this.pending.splice(0).forEach((response) => response.destroy());
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }

  private answer(url: string, response: ServerResponse): void {
    this.asked.push(url);
    const path = new URL(url, 'http://stub').pathname;
    if (this.holding && path === '/v2/droplets') {
      this.pending.push(response);
      return;
    }
    const body = SINGLES[path] ?? listOf(path.split('/').at(-1) ?? '');
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  }
}

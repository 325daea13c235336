import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/**
 * A proxy to a server that can fall silent: connections stay open but no data arrives any more, not even the end of the other
 * side, as when a firewall has dropped them.
 */
export class SilentProxy {
  private readonly open = new Set<Socket>();
  private current = { silent: false };
  /** The bytes sent during the silence; they show that the fault fired. */
  bytesLost = 0;

  private constructor(private readonly server: Server) {}

  static async to(url: string): Promise<{ line: SilentProxy; url: string }> {
    const { hostname, port } = new URL(url);
    const server = createServer();
    const line = new SilentProxy(server);
    server.on('connection', (client) => line.carry(client, Number(port), hostname));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const through = new URL(url);
    through.host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    return { line, url: through.href };
  }

  silence(): void {
    this.current.silent = true;
  }

  /** New connections work; the silent ones stay silent. */
  restore(): void {
    this.current = { silent: false };
  }

  async end(): Promise<void> {
    this.open.forEach((socket) => socket.destroy());
    this.server.close();
    await once(this.server, 'close');
  }

  private carry(client: Socket, port: number, host: string): void {
    const server = connect(port, host);
    const { current } = this;
    for (const [from, to] of [
      [client, server],
      [server, client],
    ] as const) {
      this.open.add(from);
      from.on('data', (bytes) => {
        if (current.silent) this.bytesLost += bytes.length;
        else to.write(bytes);
      });
      from.on('error', () => from.destroy());
      from.on('close', () => {
        this.open.delete(from);
        if (!current.silent) to.destroy();
      });
    }
  }
}

import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** A connection to a server that a test can cut, silence and restore. */
export class TcpProxy {
  private readonly open = new Set<Socket>();
  private state: 'up' | 'refuses' | 'silent' = 'up';
  /** The number of connections made while the line was not up. It proves that the fault fired. */
  faults = 0;

  private constructor(private readonly server: Server) {}

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  static async to(port: number, host: string): Promise<TcpProxy> {
    const server = createServer();
    const proxy = new TcpProxy(server);
    server.on('connection', (client) => proxy.carry(client, port, host));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return proxy;
  }

  /** Breaks existing connections and resets new ones. */
  cut(): void {
    this.state = 'refuses';
    this.open.forEach((socket) => socket.destroy());
  }

  /** Breaks existing connections and ignores new ones, like a firewall that drops packets. */
  silence(): void {
    this.state = 'silent';
    this.open.forEach((socket) => socket.destroy());
  }

  /** Accepts connections again. Clients that wait on a silent connection are disconnected. */
  restore(): void {
    if (this.state === 'up') return;
    this.state = 'up';
    this.open.forEach((socket) => socket.destroy());
  }

  async end(): Promise<void> {
    this.open.forEach((socket) => socket.destroy());
    this.server.close();
    await once(this.server, 'close');
  }

  private carry(client: Socket, port: number, host: string): void {
    this.keep(client);
    if (this.state !== 'up') {
      this.faults += 1;
      if (this.state === 'refuses') client.destroy();
      return;
    }
    const server = connect(port, host);
    this.keep(server);
    client.pipe(server).pipe(client);
    client.on('close', () => server.destroy());
    server.on('close', () => client.destroy());
  }

  private keep(socket: Socket): void {
    this.open.add(socket);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.open.delete(socket));
  }
}

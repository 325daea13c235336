import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

const PAUSE_MS = 5;

/** A proxy that limits the rate of what a client sends to the server, like a server with a busy disk. */
export class SlowProxy {
  private readonly open = new Set<Socket>();
  /** How often a client had to wait, as evidence that the limit had an effect. */
  waits = 0;

  private constructor(private readonly server: Server) {}

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  static async to(port: number, bytesPerSecond: number): Promise<SlowProxy> {
    const server = createServer({ highWaterMark: 16_384 });
    const line = new SlowProxy(server);
    server.on('connection', (client) => line.carry(client, port, (bytesPerSecond * PAUSE_MS) / 1_000));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return line;
  }

  async end(): Promise<void> {
    this.open.forEach((socket) => socket.destroy());
    this.server.close();
    await once(this.server, 'close');
  }

  private carry(client: Socket, port: number, bytesAtOnce: number): void {
    const server = connect(port, '127.0.0.1');
    for (const socket of [client, server]) {
      this.open.add(socket);
      socket.setNoDelay(true);
      socket.on('error', () => socket.destroy());
    }
    let carried = 0;
    client.on('data', (bytes) => {
      server.write(bytes);
      carried += bytes.length;
      if (carried < bytesAtOnce) return;
      carried = 0;
      this.waits += 1;
      client.pause();
      setTimeout(() => client.resume(), PAUSE_MS);
    });
    server.pipe(client);
    client.on('close', () => server.destroy());
    server.on('close', () => client.destroy());
  }
}

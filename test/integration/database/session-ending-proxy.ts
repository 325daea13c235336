import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** The last bytes that a server sends when a session is open: ReadyForQuery, idle. */
const READY = Buffer.from([0x5a, 0, 0, 0, 5, 0x49]);

/** `ErrorResponse` of a server that is being shut down (SQLSTATE 57P01). */
function shutdownError(): Buffer {
  const fields = Buffer.from('SFATAL\0VFATAL\0C57P01\0Mterminating connection due to administrator command\0\0');
  const head = Buffer.alloc(5);
  head.write('E');
  head.writeInt32BE(fields.length + 4, 1);
  return Buffer.concat([head, fields]);
}

/** A proxy to a server. It ends the next `shortLived` sessions in the very packet that opens them, as a restart may. */
export async function sessionEndingProxy(url: string, shortLived: number) {
  const { hostname, port } = new URL(url);
  const counts = { ended: 0 };
  const open = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = connect(Number(port), hostname);
    client.pipe(upstream);
    upstream.on('data', (bytes: Buffer) => {
      if (counts.ended < shortLived && bytes.subarray(-READY.length).equals(READY)) {
        counts.ended += 1;
        client.end(Buffer.concat([bytes, shutdownError()]));
        upstream.destroy();
      } else client.write(bytes);
    });
    for (const [one, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      open.add(one);
      one.on('error', () => one.destroy());
      one.on('close', () => {
        open.delete(one);
        other.end();
      });
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const through = new URL(url);
  through.host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const end = () => {
    open.forEach((socket) => socket.destroy());
    server.close();
  };
  return { url: through.href, counts, end };
}

import { randomInt } from 'node:crypto';
import { createServer, type AddressInfo } from 'node:net';

/** Whether a server could listen there right now. */
export async function isPortFree(port: number, host = '127.0.0.1'): Promise<boolean> {
  return (await tryListen(port, host)) !== undefined;
}

/** Below the ports that systems give to outgoing connections: one of these would otherwise take a port between our looking and our listening. */
const QUIET_PORTS = { from: 20_000, count: 12_000 };
const MOST_TRIES = 50;

/** A port that nobody listens on right now. */
export async function freePort(host = '127.0.0.1'): Promise<number> {
  for (let tries = 0; tries < MOST_TRIES; tries += 1) {
    const port = QUIET_PORTS.from + randomInt(QUIET_PORTS.count);
    if (await isPortFree(port, host)) return port;
  }
  const port = await tryListen(0, host);
  if (port === undefined) throw new Error(`No free port on ${host}`);
  return port;
}

function tryListen(port: number, host: string): Promise<number | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(undefined));
    server.listen(port, host, () => {
      const { port: taken } = server.address() as AddressInfo;
      server.close(() => resolve(taken));
    });
  });
}

import { randomInt } from 'node:crypto';
import { createServer, type AddressInfo } from 'node:net';

/** Whether a server could listen on the port at this moment. */
export async function isPortFree(port: number, host = '127.0.0.1'): Promise<boolean> {
  return (await tryListen(port, host)) !== undefined;
}

/** Below the ports of outgoing connections: one of those could take a port between our check and our server's listen. */
const QUIET_PORTS = { from: 20_000, count: 12_000 };
const MAX_TRIES = 50;

/** A port on which no server listens at this moment. */
export async function freePort(host = '127.0.0.1'): Promise<number> {
  for (let tries = 0; tries < MAX_TRIES; tries += 1) {
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

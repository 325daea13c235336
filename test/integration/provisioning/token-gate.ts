import { once } from 'node:events';
import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** One address for several accounts, like the address of the provider: the bearer token decides which account receives a call. */
export interface TokenGate {
  readonly url: string;
  readonly close: () => Promise<void>;
}

/** `accounts` maps a token to the URL of its simulator. */
export async function openTokenGate(accounts: Readonly<Record<string, string>>): Promise<TokenGate> {
  const server = createServer((incoming, answer) => pass(incoming, answer, accounts));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

function pass(incoming: IncomingMessage, answer: ServerResponse, accounts: Readonly<Record<string, string>>): void {
  const token = (incoming.headers.authorization ?? '').replace(/^Bearer /, '');
  const account = accounts[token];
  if (account === undefined) {
    answer.writeHead(401, { 'content-type': 'application/json' }).end('{"id":"unauthorized","message":"Unable to authenticate you."}');
    return;
  }
  const { method, headers } = incoming;
  const passed = request(`${account}${incoming.url ?? ''}`, { method, headers }, (upstream) => {
    answer.writeHead(upstream.statusCode ?? 502, upstream.headers);
    upstream.pipe(answer);
  });
  passed.on('error', () => answer.destroy());
  incoming.pipe(passed);
}

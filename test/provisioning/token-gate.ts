import { once } from 'node:events';
import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** One address in front of several accounts, as the provider's is: the bearer token decides which account a call reaches. */
export interface TokenGate {
  readonly url: string;
  readonly close: () => Promise<void>;
}

/** `accounts`: the simulator's URL by token. */
export async function openTokenGate(accounts: Readonly<Record<string, string>>): Promise<TokenGate> {
  const server = createServer((asked, answer) => pass(asked, answer, accounts));
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

function pass(asked: IncomingMessage, answer: ServerResponse, accounts: Readonly<Record<string, string>>): void {
  const token = (asked.headers.authorization ?? '').replace(/^Bearer /, '');
  const account = accounts[token];
  if (account === undefined) {
    answer.writeHead(401, { 'content-type': 'application/json' }).end('{"id":"unauthorized","message":"Unable to authenticate you."}');
    return;
  }
  const { method, headers } = asked;
  const passed = request(`${account}${asked.url ?? ''}`, { method, headers }, (got) => {
    answer.writeHead(got.statusCode ?? 502, got.headers);
    got.pipe(answer);
  });
  passed.on('error', () => answer.destroy());
  asked.pipe(passed);
}

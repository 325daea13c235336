import { readText, sourceFiles } from './source-tree';

/** The files that call addresses from the environment, never one that a person typed into a request. Any other call goes through `OutboundHttp`. */
const CALLS_CONFIGURED_ADDRESSES: Readonly<Record<string, string>> = {
  'libs/platform/digitalocean/src/http-client.ts': 'DO_API_URL, and downloads from addresses of its answers',
  'libs/platform/digitalocean/src/spaces.ts': 'SPACES_URL',
  'libs/features/provider-billing/src/finance/finance-client.ts': 'SKYAI_FINANCE_URL',
  'libs/platform/config/src/vault/vault-http-client.ts': 'VAULT_ADDR',
  'libs/features/notifications/src/mail/mailer.ts': 'SMTP_URL',
  'libs/platform/local-stack/src/running-system.ts': 'the own processes of npm start',
};
const OUTBOUND = 'libs/platform/outbound-http/';

/** Ways to open a connection to an address: packages and modules by import, and what Node has without one. */
const CLIENT_MODULES = /^(axios|nodemailer|undici|got|node-fetch|(node:)?(http|https|http2|net|tls|dgram))$/;
const GLOBAL_CLIENTS = /(?<![\w.])(fetch|WebSocket|EventSource)\s*\(|new (WebSocket|EventSource)\b/;
/** What a server needs of `node:http`, and checks of addresses. */
const HARMLESS_NAMES = /^(type\b.*|createServer|STATUS_CODES|METHODS|isIP|isIPv4|isIPv6|BlockList|isAxiosError)$/;

/** The names that a file imports of modules with clients, except those that open no connection. */
function clientNames(source: string): string[] {
  return [...source.matchAll(/import\s+(type\s+)?([^;]*?)\s+from\s+'([^']+)'/g)].flatMap(([, isType, names = '', module = '']) => {
    if (isType || !CLIENT_MODULES.test(module)) return [];
    const inBraces = /\{([^}]*)\}/.exec(names)?.[1] ?? names;
    return inBraces
      .split(',')
      .map((name) => name.trim())
      .filter((name) => name !== '' && !HARMLESS_NAMES.test(name))
      .map((name) => `${name} of ${module}`);
  });
}

function clientsIn(source: string): string[] {
  return [...clientNames(source), ...(GLOBAL_CLIENTS.exec(source)?.slice(0, 1) ?? [])];
}

it('lets only OutboundHttp connect to an address that a person typed in [WHK-2]', () => {
  const product = sourceFiles('apps/api', 'apps/worker', 'libs').filter(
    ({ path }) => !path.endsWith('.spec.ts') && !path.startsWith(OUTBOUND),
  );
  const found = product.flatMap(({ path }) => {
    const clients = clientsIn(readText(path) ?? '');
    return clients.length > 0 && !(path in CALLS_CONFIGURED_ADDRESSES) ? [`${path}: ${clients.join(', ')}`] : [];
  });
  expect(found).toEqual([]);
  const idle = Object.keys(CALLS_CONFIGURED_ADDRESSES).filter((path) => clientsIn(readText(path) ?? '').length === 0);
  expect(idle).toEqual([]);
});

it.each([
  ["import axios from 'axios';", ['axios of axios']],
  ["import { request } from 'node:https';", ['request of node:https']],
  ["import { createServer, type Server } from 'node:http';", []],
  ["import type { Socket } from 'node:net';", []],
  ['const answer = await fetch(url);', ['fetch(']],
  ['await this.refetch(url)', []],
])('finds the clients in %s', (source, clients) => {
  expect(clientsIn(source)).toEqual(clients);
});

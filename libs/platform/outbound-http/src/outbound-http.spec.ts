import { createServer, type RequestListener, type Server } from 'node:http';
import { once } from 'node:events';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { addressProblem, isRefused } from './outbound-address';
import { OutboundHttp } from './outbound-http';

const CONFIG = { production: false, notifications: { callTimeoutMs: 300 } } as ConstructorParameters<typeof OutboundHttp>[0];
const LIVE = { ...CONFIG, production: true };

/** Addresses of every refused network, each at its edge or in another notation. */
const REFUSED = `
  0.0.0.0 0.255.255.255 10.0.0.1 10.255.255.255 100.64.0.1 100.127.255.255 127.0.0.1 127.255.255.254
  169.254.169.254 172.16.0.1 172.31.255.255 192.0.0.8 192.168.1.1 198.18.0.1 198.19.255.255 224.0.0.1
  239.255.255.255 240.0.0.1 255.255.255.255 :: ::1 ::7f00:1 fc00::1 fdff::1 fe80::1 fe80::1%eth0 febf::1 fec0::1
  ff02::1 100::1 64:ff9b::a9fe:a9fe 64:ff9b::8.8.8.8 64:ff9b:1::1 2002:7f00:1:: 2002:a9fe:a9fe::1 2001:0:1::1
  ::ffff:127.0.0.1 ::ffff:7f00:1 ::ffff:10.0.0.1 ::ffff:a9fe:a9fe ::ffff:192.168.0.1
`
  .trim()
  .split(/\s+/);

it.each(REFUSED)('refuses the address %s [WHK-2]', (address) => {
  expect(isRefused(address)).toBe(true);
});

it.each([
  '1.1.1.1',
  '100.63.255.255',
  '100.128.0.1',
  '172.15.0.1',
  '172.32.0.1',
  '192.0.1.1',
  '198.17.0.1',
  '198.20.0.1',
  '2606:4700::1111',
])('allows the address %s, which is public', (address) => {
  expect(isRefused(address)).toBe(false);
});

const NEVER = `
  http://example.com ftp://example.com file:///etc/passwd gopher://example.com javascript:alert(1) example.com
  https://user@example.com https://user:password@example.com https://example.com:8443 https://example.com:22
  https://127.0.0.1 https://127.1 https://2130706433 https://0x7f000001 https://0177.0.0.1 https://0x7f.1
  https://127.0.1 https://017700000001 https://１２７.0.0.1 https://127。0。0。1 https://0 https://localhost
  https://a.localhost https://169.254.169.254/latest/meta-data https://0xa9fea9fe https://2852039166
  https://[::1] https://[::ffff:127.0.0.1] https://[::ffff:a9fe:a9fe] https://[64:ff9b::7f00:1]
  https://[2002:7f00:1::] https://[fe80::1] https://[::]
`
  .trim()
  .split(/\s+/);

it.each(['', ...NEVER])('never calls %s, in production and outside [WHK-2]', (url) => {
  expect(addressProblem(url, true)).toMatch(/^must /);
  expect(addressProblem(url, false)).toMatch(/^must /);
});

it.each(['http://127.0.0.1:4000/hook', 'http://localhost:4000/hook', 'http://[::1]:4000/hook', 'http://2130706433:4000/'])(
  'allows %s outside of production only [WHK-2]',
  (url) => {
    expect(addressProblem(url, false)).toBeUndefined();
    expect(addressProblem(url, true)).toBe('must begin with https://');
  },
);

describe('a call', () => {
  let server: Server;
  let answer: RequestListener;
  let connections = 0;
  const base = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const post = (url: string, http = new OutboundHttp(CONFIG)) => http.post({ url, headers: { 'x-test': 'yes' }, body: '{}' });

  beforeAll(async () => {
    server = createServer((request, response) => answer(request, response)).listen(0, '127.0.0.1');
    server.on('connection', () => (connections += 1));
    await once(server, 'listening');
  });
  beforeEach(() => {
    connections = 0;
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });

  it('returns the status and the beginning of the answer, 64 kB at most', async () => {
    answer = (request, response) => response.writeHead(201, { 'retry-after': '7' }).end(`${request.method} ${'x'.repeat(200_000)}`);
    const { status, headers, body } = await post(`${base()}/hook?a=1`);
    expect({ status, length: body.length, begins: body.slice(0, 6), retry: headers['retry-after'] }).toEqual({
      status: 201,
      length: 65_536,
      begins: 'POST x',
      retry: '7',
    });
  });

  it('does not follow a redirect [WHK-2]', async () => {
    answer = (_request, response) => response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end();
    expect(await post(base())).toMatchObject({ status: 302 });
    expect(connections).toBe(1);
  });

  it('uses no proxy of the environment [WHK-2]', async () => {
    answer = (_request, response) => response.end('direct');
    const before = { ...process.env };
    Object.assign(process.env, { HTTP_PROXY: 'http://127.0.0.1:1', http_proxy: 'http://127.0.0.1:1', NODE_USE_ENV_PROXY: '1' });
    try {
      expect(await post(base())).toMatchObject({ status: 200, body: 'direct' });
    } finally {
      process.env = before;
    }
  });

  it.each<[string, RequestListener]>([
    ['an answer that does not come', () => undefined],
    ['an answer that does not end', (_request, response) => void response.write('x')],
  ])('ends after the time limit for %s', async (_what, behaviour) => {
    answer = behaviour;
    await expect(post(base())).rejects.toMatchObject({ code: 'outbound_unreachable', reason: 'timeout' });
  });

  it('names the reason when the connection is cut', async () => {
    answer = (request) => request.socket.destroy();
    await expect(post(base())).rejects.toMatchObject({ code: 'outbound_unreachable', reason: 'ECONNRESET' });
  });

  it.each([LIVE, CONFIG])(
    'refuses a name with a refused address before any connection, also beside a public one [WHK-2]',
    async (config) => {
      const public1 = { address: '1.1.1.1', family: 4 };
      for (const found of [
        [{ address: '127.0.0.1', family: 4 }],
        [public1, { address: 'fd00::1', family: 6 }],
        [{ address: '::ffff:10.0.0.1', family: 6 }],
      ]) {
        const http = new OutboundHttp(config, () => Promise.resolve(found));
        await expect(post('https://rebind.example/', http)).rejects.toMatchObject({ code: 'outbound_address_refused' });
      }
      expect(connections).toBe(0);
    },
  );

  it('refuses this host behind a name, also outside of production [WHK-2]', async () => {
    const http = new OutboundHttp(CONFIG, () => Promise.resolve([{ address: '127.0.0.1', family: 4 }]));
    await expect(post(base().replace('127.0.0.1', 'name.example'), http)).rejects.toMatchObject({ code: 'outbound_address_refused' });
    expect(connections).toBe(0);
  });

  it('connects to the address that was checked, when the name changes its answer meanwhile [WHK-2]', async () => {
    const answers = [[{ address: '1.1.1.1', family: 4 }], [{ address: '127.0.0.1', family: 4 }]];
    let asked = 0;
    const resolve = () => Promise.resolve(answers[asked++] ?? []);
    const request = jest.spyOn(https, 'request').mockImplementation(() => {
      throw Object.assign(new Error('stopped here'), { code: 'ESTOPPED' });
    });
    try {
      await expect(post('https://rebind.example/', new OutboundHttp(LIVE, resolve))).rejects.toMatchObject({ reason: 'ESTOPPED' });
      const [options] = request.mock.calls[0] as unknown as [Record<string, unknown>];
      expect(options).toMatchObject({ host: '1.1.1.1', servername: 'rebind.example', headers: { host: 'rebind.example' } });
      expect(options).not.toHaveProperty('hostname');
      expect(asked).toBe(1);
    } finally {
      request.mockRestore();
    }
  });
});

import { Agent, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { documentedOperations, type Operation } from './operations';
import { ADMIN_HEADER, tenantHeader } from '../../support/principals';
import { newTenancyWorld, type TenancyWorld } from './tenancy-world';

let world: TenancyWorld;
let operations: Operation[];
let log: jest.SpyInstance;
const CLIENTS = 8;
const agent = new Agent({ keepAlive: true });

beforeAll(async () => {
  world = await newTenancyWorld();
  operations = (await documentedOperations(world)).filter(({ endless }) => !endless);
  log = jest.spyOn(process.stderr, 'write').mockReturnValue(true);
});
afterAll(async () => {
  log.mockRestore();
  agent.destroy();
  await world.close();
});

const uuidCursor = Buffer.from('00000000-0000-4000-8000-000000000000').toString('base64url');
/** Texts that have broken parsers, databases, regular expressions and number conversions in other software. */
const TEXTS = [
  '',
  ' ',
  '0',
  '-1',
  '1.5',
  '1e999',
  'NaN',
  '9223372036854775808',
  '99999999999999999999999999',
  'null',
  'true',
  '\u0000',
  'a\u0000b',
  '\ufffe\uffff',
  '\u202e\u200b',
  '🛰️'.repeat(50),
  "' or 1=1; drop table cloud_resources; --",
  '$1',
  '%',
  '%_\\',
  '\\',
  '{"$ne":null}',
  '../../etc/passwd',
  '<script>alert(1)</script>',
  '{{7*7}}',
  'x'.repeat(5_000),
  '(a+)+$'.repeat(40),
  '2026-02-30T00:00:00Z',
  '2026-01-01T24:00:00Z',
  '2026-01-01T00:00:00+23:59',
  '0000-01-01T00:00:00Z',
  '00000000-0000-0000-0000-000000000000',
  'ffffffff-ffff-ffff-ffff-ffffffffffff',
  uuidCursor,
  Buffer.from('1').toString('base64url'),
  Buffer.from('999999999999999999').toString('base64url'),
  'platform_admin',
  'droplet',
  'project',
];
const VALUES: unknown[] = [
  ...TEXTS,
  null,
  true,
  0,
  -1,
  1.5,
  1e308,
  [],
  ['droplet'],
  {},
  { toString: 1 },
  [[[[[]]]]],
  '\ud800',
  { __proto__: null, constructor: 1 },
];
const RAW_BODIES = [
  '',
  '{',
  '[]',
  'null',
  '"x"',
  '1',
  '{}',
  '{"a":1,"a":2}',
  '\u0000',
  '{"kind":"droplet","__proto__":{"x":1}}',
  `{"reason":${'['.repeat(30_000)}`,
  'ÿþ',
];
const HEADERS: Record<string, string>[] = [
  { 'x-request-id': 'a'.repeat(4_000) },
  { 'content-type': 'application/json; charset=utf-16' },
  { 'content-type': 'multipart/form-data' },
  { 'content-encoding': 'gzip' },
  { accept: 'image/png' },
  { 'if-none-match': '*' },
  { range: 'bytes=0-1' },
  { 'x-http-method-override': 'DELETE' },
  { expect: '200-maybe' },
];

if (process.env.TEST_LONG) jest.setTimeout(3_600_000);

/** One of this many attempts is made in a run, and each with null. The day selects the subset, so that all attempts are made over time. */
const EVERY = process.env.TEST_LONG ? 1 : 13;
const SEED = Number(process.env.FUZZ_SEED ?? Math.floor(Date.now() / 86_400_000));

interface Attempt {
  readonly operation: Operation;
  readonly path: string;
  readonly query?: string;
  readonly body?: string;
  readonly headers?: Record<string, string>;
}

/** Returns the path with the id of an existing object. */
function pathOf({ path }: Operation): string {
  if (path.includes('/projects/')) return path.replace('{id}', world.projects['acme'] ?? '');
  if (path.includes('/attribution-rules/'))
    return path.replace('{id}', path.includes('findings') ? (world.resources[0]?.id ?? '') : world.attributionRule);
  if (path.includes('/drift-rules/')) return path.replace('{id}', world.driftRule);
  if (path.includes('/drift/')) return path.replace('{id}', world.drift);
  return path.replace('{id}', path.includes('/sweeps/') ? world.suspectSweep : (world.resources[0]?.id ?? ''));
}

function attempts(operation: Operation): Attempt[] {
  const path = pathOf(operation);
  const queries = [
    ...operation.query.flatMap((name) => [
      ...TEXTS.map((text) => `${name}=${encodeURIComponent(text)}`),
      `${name}=1&${name}=2`,
      name,
      `${name}=%ff%fe`,
      `${name}=%zz`,
      `${name}[]=1`,
      `${name}[$ne]=1`,
    ]),
    ...['nonsense', '__proto__', 'constructor', 'toString', '%00', '%zz', '', '&&&', '='].map((name) => `${name}=1`),
  ];
  const bodies = [...operation.body, 'nonsense', 'toString'].flatMap((name) =>
    VALUES.map((value) =>
      JSON.stringify({ ...(operation.path.endsWith('/sweeps') && { kind: 'droplet' }), reason: 'because', [name]: value }),
    ),
  );
  const names = operation.path.match(/\{\w+\}/g) ?? [];
  const texts = names.flatMap((name) => TEXTS.map((text) => operation.path.replace(name, encodeURIComponent(text) || '%20')));
  const sendsBody = operation.method !== 'get';
  return [
    { operation, path },
    ...queries.map((query) => ({ operation, path, query })),
    ...[...texts, path.replace(/[^/]+$/, '%zz'), `${path}/`, `${path}/%00`, `/${path}`].map((odd) => ({ operation, path: odd })),
    ...(sendsBody ? [...bodies, ...RAW_BODIES].map((body) => ({ operation, path, body })) : []),
    ...HEADERS.map((headers) => ({ operation, path, headers, ...(sendsBody && { body: '{}' }) })),
  ];
}

it('never returns a 500, whatever the input is, and returns problem details for every refusal [TEN-5]', async () => {
  const statuses = new Map<number, number>();
  const chosen = operations.flatMap(attempts).filter(({ body }, nth) => nth % EVERY === SEED % EVERY || body?.endsWith(':null}'));
  const waiting = chosen.flatMap((attempt) => {
    const callers = attempt.operation.adminOnly ? [ADMIN_HEADER] : [ADMIN_HEADER, tenantHeader('acme')];
    return callers.map((who) => ({ attempt, who }));
  });
  expect(waiting.length).toBeGreaterThan(1_000);
  const client = async () => {
    for (let next = waiting.pop(); next; next = waiting.pop()) {
      const { status, problem } = await judged(next.attempt, next.who);
      if (problem !== undefined) throw new Error(`${problem}\nFUZZ_SEED=${SEED} sends the same inputs again, while no route is added`);
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
    }
  };
  await Promise.all(Array.from({ length: CLIENTS }, client));
  // Many calls must succeed and many must be refused. A run in which all were refused would prove nothing.
  for (const status of [200, 400, 403, 404]) expect(statuses.get(status)).toBeGreaterThan(20 / EVERY);
  expect(log.mock.calls.join('')).not.toContain('request_failed');
});

/** Returns the status, and the problem of the response if it has one. */
async function judged(attempt: Attempt, who: Record<string, string>): Promise<{ status: number; problem?: string }> {
  const { status, text, type } = await send(attempt, who);
  const report = JSON.stringify({ ...attempt, operation: attempt.operation.method, status, text: text.slice(0, 300) });
  if (status >= 500) return { status, problem: `answered ${report}\n${log.mock.calls.slice(-1).join('')}` };
  if (status >= 400 && !type.startsWith('application/problem+json')) return { status, problem: `no problem: ${report}` };
  if (status >= 400 && /select |insert |node_modules|\.ts:|pg_/i.test(text)) return { status, problem: `exposes internals: ${report}` };
  return { status };
}

/** Uses Node's own client, because others repair or refuse such requests. */
function send({ operation, path, query, body, headers }: Attempt, who: Record<string, string>) {
  const { port } = world.app.getHttpServer().address() as AddressInfo;
  return new Promise<{ status: number; text: string; type: string }>((resolve, reject) => {
    const call = request({
      agent,
      port,
      path: query === undefined ? path : `${path}?${query}`,
      method: operation.method.toUpperCase(),
      headers: {
        ...(body !== undefined && { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }),
        ...headers,
        ...who,
      },
    });
    call.on('error', reject).on('response', (answer) => {
      let text = '';
      answer.on('data', (chunk) => (text += String(chunk)));
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, text, type: answer.headers['content-type'] ?? '' }));
    });
    call.end(body);
  });
}

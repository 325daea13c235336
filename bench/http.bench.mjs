// Reads of the API beside a plain server: the inventory list (50 of N=100,000) for an admin and for a tenant, its first, thousandth and
// last page, lines of invoices and sagas; 16 callers, tokens checked. The API runs as its own process, as deployed; the floor is
// http-floor.mjs. The two take turns, SECS=3 each and ROUNDS=3 times; figures are medians (docs/measurements.md H1). Also CPU per
// request of the server process, which a busy neighbour moves far less than rates.
import autocannon from 'autocannon';
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { cursorOfPage, fillLists, LARGE_TENANT } from './http-rows.mjs';
import { pgClient, report, round, startDatabase, startHelper } from './stage.mjs';

const N = Number(process.env.N ?? 100_000);
const SECS = Number(process.env.SECS ?? 3);
const ROUNDS = Number(process.env.ROUNDS ?? 3);
const CALLERS = 16;
const SECRET = 'a-secret-of-measurements-long-enough-for-hs512-and-used-nowhere-else-at-all';
const dist = (path) => fileURLToPath(new URL(`../dist/${path}`, import.meta.url));
const { signGuardianToken } = createRequire(import.meta.url)(dist('libs/platform/identity/src/index.js'));
const bearer = (claims) => `Bearer ${signGuardianToken(SECRET, { sub: 'bench', ttlS: 3_600, ...claims })}`;
const ADMIN = bearer({ roles: ['platform_admin'] });
const TENANT = bearer({ tenantId: LARGE_TENANT });

const server = await startDatabase();
const owner = pgClient(server.ownerUrl);
await owner.connect();
await fillLists(owner, { resources: N, lines: N, sagas: N / 5 });
const api = await startApi();
const floor = await startHelper('./http-floor.mjs', {
  FLOOR_DATABASE_URL: server.appUrl,
  FLOOR_SETTINGS: '-c role=arcadia_service',
  NODE_ENV: 'production',
});

async function startApi() {
  const port = await new Promise((resolve) => {
    const taken = createServer().listen(0, '127.0.0.1', () => {
      const { port } = taken.address();
      taken.close(() => resolve(port));
    });
  });
  const env = { PATH: process.env.PATH, DATABASE_URL: server.appUrl, JWT_SECRET: SECRET, PORT: String(port), LOG_LEVEL: 'error' };
  const node = (process.env.API_NODE_OPTIONS ?? '').split(' ').filter(Boolean);
  const child = spawn(process.execPath, [...node, dist('apps/api/src/main.js')], { env, stdio: ['ignore', 'inherit', 'inherit'] });
  for (;;) {
    const answer = await fetch(`http://127.0.0.1:${port}/api/health/ready`).catch(() => undefined);
    if (answer?.ok) return { port, pid: child.pid, child };
    if (child.exitCode !== null) throw new Error(`The api ended with ${child.exitCode}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** CPU that a process has used so far, ms (Linux, whose clock of processes ticks every 10 ms; elsewhere none). */
function cpuMs(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const [user, system] = stat
      .slice(stat.lastIndexOf(')') + 2)
      .split(' ')
      .slice(11, 13);
    return (Number(user) + Number(system)) * 10;
  } catch {
    return NaN;
  }
}

async function load({ port, pid }, path, token, secs = SECS) {
  const headers = token ? { authorization: token } : {};
  const url = `http://127.0.0.1:${port}${path}`;
  const [first] = JSON.parse(await (await fetch(url, { headers })).text()).data;
  if (!first) throw new Error(`${path} answers nothing`);
  const before = cpuMs(pid);
  const took = await autocannon({ url, headers, connections: CALLERS, duration: secs });
  if (took.non2xx > 0 || took.errors > 0) throw new Error(`${path}: ${took.non2xx} answers not 2xx, ${took.errors} errors`);
  const cpu_ms = (cpuMs(pid) - before) / took.requests.total;
  return { req_s: took.requests.total / took.duration, p50_ms: took.latency.p50, p99_ms: took.latency.p99, cpu_ms };
}

const pages = { admin: { first: '' }, tenant: { first: '' } };
const MINE = 'select id::text as key from cloud_resources where tenant_id = $1 order by id';
const ALL = 'select id::text as key from cloud_resources order by id';
const LINES = `select i.period || '/' || i.id || '/' || l.line_no || '/' || left(i.document_hash, 16) as key from cloud_invoices i join cloud_cost_lines l on l.invoice_id = i.id
  order by i.period desc, i.id desc, l.line_no`;
const SAGAS = 'select id::text as key from saga_runs order by id desc';
pages.admin.thousandth = `cursor=${await cursorOfPage(owner, 1_000, ALL)}`;
pages.admin.last = `cursor=${await cursorOfPage(owner, N / 50, ALL)}`;
pages.tenant.last = `cursor=${await cursorOfPage(owner, N / 100, MINE, [LARGE_TENANT])}`;

const runs = [];
for (const [who, token] of Object.entries({ admin: ADMIN, tenant: TENANT })) {
  for (const [page, cursor] of Object.entries(pages[who])) {
    const path = `/api/v1/inventory?limit=50&${cursor}`;
    runs.push({ name: `inventory ${who} ${page}`, on: api, path, token });
    runs.push({ name: `floor ${who} ${page}`, on: floor, path: who === 'tenant' ? `${path}&tenant=${LARGE_TENANT}` : path });
  }
}
const list = (name, path, token = ADMIN) => runs.push({ name, on: api, path, token });
list('cost-lines first', '/api/v1/billing/cost-lines?limit=50');
list('cost-lines thousandth', `/api/v1/billing/cost-lines?limit=50&cursor=${await cursorOfPage(owner, 1_000, LINES)}`);
list('sagas admin first', '/api/v1/sagas?limit=50');
list('sagas admin last', `/api/v1/sagas?limit=50&cursor=${await cursorOfPage(owner, N / 250, SAGAS)}`);
list('sagas tenant first', '/api/v1/sagas?limit=50', TENANT);

const wanted = runs.filter(({ name }) => new RegExp(process.env.ONLY ?? '').test(name));
for (const { on, path, token } of wanted) await load(on, path, token, 1); // warm
const taken = new Map(wanted.map(({ name }) => [name, []]));
for (let n = 0; n < ROUNDS; n += 1) for (const { name, on, path, token } of wanted) taken.get(name).push(await load(on, path, token));
api.child.kill('SIGKILL');
floor.stop();
await owner.end();
await server.stop();

const median = (values) => values.sort((a, b) => a - b)[Math.floor(values.length / 2)];
const of = (name) => taken.get(name) ?? [];
const figures = (name) =>
  Object.fromEntries(
    ['req_s', 'p50_ms', 'p99_ms', 'cpu_ms'].map((field) => [
      field,
      round(median(of(name).map((one) => one[field])), field === 'cpu_ms' ? 3 : 0),
    ]),
  );
/** Of neighbours in time: what the machine did to one, it did to the other. */
const ratio = (name, to) => round(median(of(name).map(({ req_s }, n) => req_s / (of(to)[n]?.req_s ?? NaN))), 2);
report('http', {
  rows: N,
  callers: CALLERS,
  lists: Object.fromEntries(wanted.map(({ name }) => [name, figures(name)])),
  of_the_floor: Object.fromEntries(
    wanted.flatMap(({ name }) => (name.startsWith('inventory') ? [[name, ratio(name, name.replace('inventory', 'floor'))]] : [])),
  ),
  of_the_first_page: {
    'inventory admin thousandth': ratio('inventory admin thousandth', 'inventory admin first'),
    'inventory admin last': ratio('inventory admin last', 'inventory admin first'),
    'inventory tenant last': ratio('inventory tenant last', 'inventory tenant first'),
    'cost-lines thousandth': ratio('cost-lines thousandth', 'cost-lines first'),
    'sagas admin last': ratio('sagas admin last', 'sagas admin first'),
  },
});
process.exit(0);

// How answers grow with the platform: the read routes of the api, as its own process, over the worlds of world.mjs (SIZES=10000,100000,1000000), one
// request after the other with changing words and tenants. One line for each figure, and with SVG_DIR=docs a picture for each group. ONLY=regex
// selects routes, REQUESTS=40 is the most for one figure, STATEMENTS=5 adds the hottest statements of each group (pg_stat_statements).
// Costs are computed for each request; COSTS_FRESH_MS=10000 shares answers as the api does by default. ROLLUP=0 leaves the roll-up of running costs
// unbuilt; else it is folded before, as workers do.
import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { drawCurves } from './curve-pictures.mjs';
import { built, pgClient, prepareDatabase, report, round } from './stage.mjs';
import { makeWorlds, startWorlds, worldName } from './world.mjs';

const SIZES = (process.env.SIZES ?? '10000,100000,1000000').split(',').map(Number);
const REQUESTS = Number(process.env.REQUESTS ?? 40);
const STATEMENTS = Number(process.env.STATEMENTS ?? 0);
const ONLY = new RegExp(process.env.ONLY ?? '');
const [BUDGET_MS, LONGEST_MS] = [8_000, 120_000];
const PORT = Number(process.env.PORT ?? 4_915);
const SECRET = 'a-secret-of-measurements-long-enough-for-hs512-and-used-nowhere-else-at-all';
const dist = (path) => fileURLToPath(new URL(`../dist/${path}`, import.meta.url));
const { signGuardianToken } = createRequire(import.meta.url)(dist('libs/platform/identity/src/index.js'));
const bearer = (claims) => `Bearer ${signGuardianToken(SECRET, { sub: 'bench', ttlS: 36_000, ...claims })}`;
const ADMIN = bearer({ roles: ['platform_admin'] });

/** A route: its path for the kth request with the samples of the world, and the tenant that asks, if one does. */
const route = (group, name, path, tenant) => ({ group, name, path: typeof path === 'string' ? () => path : path, tenant });
const turn = (values, k) => values[k % values.length];
const SORTS = ['name', '-name', 'kind', '-kind', 'first_seen_at', '-first_seen_at', 'price', '-price'];
const GROUPINGS = ['', 'tenant', 'kind', 'product', 'project', 'region', 'day', 'month', 'resource&kind=nat_gateway'];
const large = () => 'tenant-1'; // 3 to 10 % of all resources
const some = (s, k) => turn(s.tenants, k);
/** The middle of a name that a world gives once. */
const partOf = (name) => name.split('-')[1].slice(0, 6);
const q = (text) => `inventory?limit=50&q=${encodeURIComponent(text)}`;
const FILTERS = {
  kind: (s, k) => turn(['droplet', 'volume', 'nat_gateway', 'dns_record'], k),
  status: (s, k) => turn(['active', 'deleted', 'available'], k),
  region: (s, k) => turn(['fra1', 'nyc3', 'syd1'], k),
  size_slug: (s, k) => turn(['s-1vcpu-1gb', 's-32vcpu-64gb'], k),
  tenant_id: (s, k) => turn(s.tenants, k),
  project_id: (s, k) => turn(s.projects, k),
  provider_id: (s, k) => turn(s.rows, k).provider_id,
  urn: (s, k) => turn(s.rows, k).urn,
  tag: (s, k) => turn(['web', 'env:prod', 'no-such-tag'], k),
  unattributed: () => 'true',
  protected: () => 'true',
  attributed_by: (s, k) => turn(['project', 'override'], k),
  updated_since: (s) => s.lately,
};
const ROUTES = [
  route('inventory', 'first page', 'inventory?limit=50'),
  route('inventory', 'last page', (s) => `inventory?limit=50&cursor=${s.lastCursor}`),
  ...Object.entries(FILTERS).map(([name, value]) =>
    route('inventory-filters', name, (s, k) => `inventory?limit=50&${name}=${encodeURIComponent(value(s, k))}`),
  ),
  route('inventory-search', 'part of a name', (s, k) => q(partOf(turn(s.rows, k).name))),
  route('inventory-search', 'an address', (s, k) => q(turn(s.addresses, k))),
  route('inventory-search', 'a common word', (s, k) => q(turn(['web', 'cache', 'prod'], k))),
  route('inventory-search', 'nothing found', (s, k) => q(`no-such-thing-${k}`)),
  route('inventory-search', 'part of a name, large tenant', (s, k) => q(partOf(turn(s.rows, k).name)), large),
  ...SORTS.map((sort) => route('inventory-sorts', sort, `inventory?limit=50&sort=${sort}`)),
  route('inventory-sorts', 'price of droplets', 'inventory?limit=50&sort=-price&kind=droplet'),
  route('inventory', 'first page, tenant', 'inventory?limit=50', some),
  route('inventory', 'by name, large tenant', 'inventory?limit=50&sort=name', large),
  route('inventory', 'by price, large tenant', 'inventory?limit=50&sort=-price', large),
  route('inventory', 'one resource', (s, k) => `inventory/${turn(s.rows, k).id}`),
  route('inventory', 'its events', (s, k) => `inventory/${turn(s.rows, k).id}/events`),
  route('counts', 'summary', 'inventory/summary'),
  route('counts', 'summary, large tenant', 'inventory/summary', large),
  route('counts', 'totals of a kind', 'inventory?limit=50&totals=true&kind=volume'),
  route('counts', 'totals of all', 'inventory?limit=50&totals=true'),
  route('counts', 'drift summary', 'drift/summary'),
  route('counts', 'tenants', 'tenants?limit=50'),
  route('counts', 'one tenant', (s, k) => `tenants/${some(s, k)}`),
  route('counts', 'me', 'me', some),
  // By resource, an answer of more than 10,000 groups is refused, so one kind is asked.
  ...GROUPINGS.map((by) => route('costs', `running month by ${by || 'nothing'}`, `costs?basis=accrued${by && `&group_by=${by}`}`)),
  ...['tenant', 'kind', 'month'].map((by) => route('costs', `invoiced month by ${by}`, (s) => `costs?period=${s.closed}&group_by=${by}`)),
  route('costs', 'running month by kind, a tenant', 'costs?group_by=kind', some),
  route('costs', 'running month by kind, large tenant', 'costs?group_by=kind', large),
  route('sagas', 'first page', 'sagas?limit=50'),
  route('sagas', 'last page', (s) => `sagas?limit=50&cursor=${s.lastSaga}`),
  route('sagas', 'failed', 'sagas?limit=50&status=failed'),
  route('sagas', 'needs attention', 'sagas?limit=50&needs_attention=true'),
  route('sagas', 'of a tenant', (s, k) => `sagas?limit=50&tenant_id=${some(s, k)}`),
  route('sagas', 'by starter', (s, k) => `sagas?limit=50&created_by=user-${k}`),
  route('sagas', 'by last progress', 'sagas?limit=50&sort=-updated_at'),
  route('sagas', 'search', (s, k) => `sagas?limit=50&q=${partOf(turn(s.rows, k).name)}`),
  route('events', 'first page', 'events?limit=100'),
  route('events', 'after a number', (s, k) => `events?limit=100&after=${Math.floor(s.events * (k / 50))}`),
  route('events', 'of a tenant', (s, k) => `events?limit=100&tenant_id=${some(s, k)}`),
  route('events', 'of a type', (s, k) => `events?limit=100&type=${turn(s.types, k)}`),
  route('events', 'of a kind', (s, k) => `events?limit=100&kind=${turn(['droplet', 'nat_gateway'], k)}`),
  route('events', 'of a resource', (s, k) => `events?limit=100&resource_id=${turn(s.rows, k).id}`),
  route('events', 'since yesterday', (s) => `events?limit=100&since=${s.lately}`),
  route('events', 'first page, tenant', 'events?limit=100', some),
  route('audit', 'first page', 'audit?limit=50'),
  route('audit', 'by actor', (s, k) => `audit?limit=50&actor=user-${k}`),
  route('audit', 'of a tenant', (s, k) => `audit?limit=50&tenant_id=${some(s, k)}`),
  route('audit', 'of a request', (s, k) => `audit?limit=50&request_id=req-${k * 7}`),
  route('audit', 'since yesterday', (s) => `audit?limit=50&since=${s.lately}`),
  route('billing', 'cost lines', (s) => `billing/cost-lines?limit=50&period=${s.closed}`),
  route('billing', 'cost lines of a tenant', (s, k) => `billing/cost-lines?limit=50&tenant_id=${some(s, k)}`),
  route('billing', 'summary', 'billing/summary'),
  route('billing', 'invoices', 'billing/invoices?limit=50'),
  route('drift', 'open', 'drift?limit=50&status=open'),
];

/** Words that a world has, spread over all of it. */
async function samplesOf(owner, size) {
  const all = async (text) => (await owner.query(text)).rows;
  const rows = await all(
    `select id, name, provider_id, urn from cloud_resources where kind = 'droplet' and deleted_at is null order by md5(id::text) limit ${REQUESTS + 5}`,
  );
  const addresses = await all(
    `select attrs #>> '{networks,v4,1,ip_address}' as ip from cloud_resources where kind = 'droplet' order by md5(id::text) desc limit 30`,
  );
  const [{ id }] = await all(`select id from cloud_resources where deleted_at is null order by id desc offset 50 limit 1`);
  const [saga] = await all(`select id from saga_runs order by id offset 50 limit 1`);
  const [{ events, types, lately, closed }] = await all(
    `select (select max(sequence)::int from event_numbers) as events, (select array_agg(distinct type) from (select type from event_numbers limit 20000) t) as types,
            (select (max(at) - interval '1 day')::text from cloud_resource_events) as lately, (select to_char(max(period), 'YYYY-MM') from cloud_invoices) as closed`,
  );
  const tenants = (await all(`select id from tenants order by md5(id) limit 50`)).map((row) => row.id);
  const projects = (await all(`select id from cloud_projects order by md5(id::text) limit 50`)).map((row) => row.id);
  const key = (text) => Buffer.from(text).toString('base64url');
  return { size, rows, addresses: addresses.map(({ ip }) => ip), events, types, tenants, projects, closed, lately: new Date(lately).toISOString(), lastCursor: key(id), lastSaga: key(saga.id) }; // prettier-ignore
}

async function startApi(databaseUrl) {
  const { COSTS_FRESH_MS = '0', PATH } = process.env;
  const env = { PATH, DATABASE_URL: databaseUrl, JWT_SECRET: SECRET, PORT: String(PORT), LOG_LEVEL: 'error', COSTS_FRESH_MS };
  const api = spawn(process.execPath, [dist('apps/api/src/main.js')], { env, stdio: ['ignore', 'inherit', 'inherit'] });
  while (!(await fetch(`http://127.0.0.1:${PORT}/api/health/ready`).catch(() => undefined))?.ok) {
    if (api.exitCode !== null) throw new Error(`The api ended with ${api.exitCode}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return api;
}

/** p50 and p95 of one request after the other, ms, and the rows of the last answer. The first two warm up. */
async function measure({ name, path, tenant }, samples) {
  const took = [];
  const began = performance.now();
  let rows = 0;
  for (let k = 0; k < REQUESTS + 2 && (k < 4 || performance.now() - began < BUDGET_MS); k += 1) {
    const asked = path(samples, k);
    const authorization = tenant ? bearer({ tenantId: tenant(samples, k) }) : ADMIN;
    const from = performance.now();
    try {
      const response = await fetch(`http://127.0.0.1:${PORT}/api/v1/${asked}`, {
        headers: { authorization },
        signal: AbortSignal.timeout(LONGEST_MS),
      });
      const text = await response.text();
      if (!response.ok) return { failed: `${response.status} ${text.slice(0, 200)}`, asked };
      const { data } = JSON.parse(text);
      rows = Array.isArray(data) ? data.length : 1;
    } catch (error) {
      return { failed: `${name}: ${error.name}`, asked };
    }
    if (k >= 2) took.push(performance.now() - from);
  }
  took.sort((a, b) => a - b);
  const at = (share) => round(took[Math.min(took.length - 1, Math.floor(took.length * share))], 1);
  return { p50_ms: at(0.5), p95_ms: at(0.95), requests: took.length, rows };
}

const memoryMb = (pid) => Math.round(Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024);

async function hottest(owner, size, group) {
  const { rows } = await owner.query(
    `select round(total_exec_time) as total_ms, calls, round(mean_exec_time::numeric, 1) as mean_ms, round(shared_blks_hit / calls) as pages, left(regexp_replace(query, '\\s+', ' ', 'g'), 160) as statement
       from pg_stat_statements where dbid = (select oid from pg_database where datname = current_database()) order by total_exec_time desc limit $1`,
    [STATEMENTS],
  );
  for (const row of rows) report('curves-statement', { size, group, ...row });
  await owner.query('select pg_stat_statements_reset()');
}

/** What workers do every two seconds. */
async function foldRollup(url, size) {
  const { Database } = built('libs/platform/database/src/index.js');
  const { CostRollup } = built('libs/features/costs/src/index.js');
  const database = new Database({ database: { url: () => url, poolSize: 2 } });
  const from = performance.now();
  const folded = await new CostRollup(database).run();
  report('curves-rollup', { size, folded, s: round((performance.now() - from) / 1_000) });
  await database.onApplicationShutdown();
}

const server = await startWorlds();
await makeWorlds(server, SIZES);
const figures = [];
for (const size of SIZES) {
  const name = worldName(size);
  await prepareDatabase(server.ownerUrl(name), server.appUrl(name)); // a world of an older build gets the later migrations
  const owner = pgClient(server.ownerUrl(name));
  await owner.connect();
  if (process.env.ROLLUP === '0') await owner.query('delete from cost_rollups');
  else await foldRollup(server.appUrl(name), size);
  await owner.query('vacuum (analyze)');
  await owner.query(`update provider_catalogue set taken_at = now()`);
  if (STATEMENTS > 0) await owner.query('create extension if not exists pg_stat_statements; select pg_stat_statements_reset()');
  const samples = await samplesOf(owner, size);
  const api = await startApi(server.appUrl(name));
  const wanted = ROUTES.filter(({ group, name }) => ONLY.test(`${group}: ${name}`));
  for (const [nr, one] of wanted.entries()) {
    const figure = { size, group: one.group, name: one.name, ...(await measure(one, samples)) };
    figures.push(figure);
    report('curves', figure);
    if (STATEMENTS > 0 && wanted[nr + 1]?.group !== one.group) await hottest(owner, size, one.group);
  }
  report('curves-process', { size, api_rss_mb: memoryMb(api.pid) });
  api.kill();
  await owner.end();
}
if (!server.adopted) await server.stop();
if (process.env.SVG_DIR) {
  for (const [group, picture] of drawCurves(figures)) writeFileSync(join(process.env.SVG_DIR, `curves-${group}.svg`), picture);
}

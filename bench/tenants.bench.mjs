// The list of customers: GET /api/v1/tenants with the usage of each, a page of 50 and one of 200, and GET /api/v1/me as a tenant, one caller
// after the other. N=100,000 resources of TENANTS=500 tenants, with attributes as the provider sends them. REQUESTS=60 for each figure; the
// target is p95 <= 150 ms (docs/measurements.md). The API runs as its own process, as deployed.
import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { pgClient, report, round, startDatabase } from './stage.mjs';

const N = Number(process.env.N ?? 100_000);
const TENANTS = Number(process.env.TENANTS ?? 500);
const REQUESTS = Number(process.env.REQUESTS ?? 60);
const PORT = Number(process.env.PORT ?? 4_905);
const SECRET = 'a-secret-of-measurements-long-enough-for-hs512-and-used-nowhere-else-at-all';
const dist = (path) => fileURLToPath(new URL(`../dist/${path}`, import.meta.url));
const { signGuardianToken } = createRequire(import.meta.url)(dist('libs/platform/identity/src/index.js'));
const bearer = (claims) => `Bearer ${signGuardianToken(SECRET, { sub: 'bench', ttlS: 3_600, ...claims })}`;

const server = await startDatabase();
const owner = pgClient(server.ownerUrl);
await owner.connect();
await owner.query(
  `insert into tenants (id, name, source) select 'tenant-' || n, 'Tenant ' || n, 'admin' from generate_series(1, $1::int) n`,
  [TENANTS],
);
const account = await owner.query(
  `insert into cloud_accounts (provider_account_id, identified_by, billing_history_read_at) values ('bench', 'team', now()) returning id`,
);
await owner.query(
  `insert into cloud_resources (account_id, kind, provider_id, urn, name, region, status, size_slug, attrs, content_hash, tenant_id, attributed_by, first_seen_at, last_seen_at)
   select $1, k.kind, n, 'do:' || k.kind || ':' || n, k.kind || '-' || n, 'fra1', 'active', case k.kind when 'droplet' then 's-1vcpu-1gb' end,
          case k.kind when 'droplet' then jsonb_build_object('vcpus', 1 + n % 4, 'memory', 1024 * (1 + n % 4), 'disk', 25, 'tags', array['web', 'env:prod'],
                 'image_slug', 'ubuntu-24-04-x64', 'networks', jsonb_build_object('v4', jsonb_build_array(jsonb_build_object('ip_address', '10.0.0.1', 'type', 'public'))))
               when 'volume' then jsonb_build_object('size_gigabytes', 10 + n % 90, 'droplet_ids', '[]'::jsonb) else '{}' end,
          'x', 'tenant-' || 1 + n % $3::int, 'override', now(), now()
     from generate_series(1, $2::int) n
    cross join lateral (select (array['droplet', 'droplet', 'droplet', 'volume', 'snapshot', 'dns_zone', 'firewall', 'droplet_backup'])[1 + (n / $3::int) % 8] as kind) k`,
  [account.rows[0].id, N, TENANTS],
);
await owner.query(
  `insert into resource_prices (resource_id, valid_from, valid_to, product, units)
   select id, first_seen_at, 'infinity', case kind when 'droplet' then 'droplet:s-1vcpu-1gb' else kind end, case kind when 'volume' then 50 else 1 end
     from cloud_resources where kind in ('droplet', 'volume', 'snapshot')`,
);
await owner.query(`
  insert into provider_sizes (slug, memory_mb, vcpus, disk_gb, price_monthly, price_hourly, regions, available)
  values ('s-1vcpu-1gb', 1024, 1, 25, 6, 0.00893, '{fra1}', true);
  insert into list_prices (product, source, valid_from, amount, unit, origin) values ('droplet:s-1vcpu-1gb', 'catalog', '2012-01-01', 6, 'month', 'bench');
  insert into cloud_resource_events (resource_id, type, source, at) select id, 'discovered', 'sweep', now() - interval '1 year' from cloud_resources limit 1`);
await owner.query(
  `insert into saga_runs (kind, tenant_id, input, steps, status, created_by, finished_at, wake_at)
   select 'demo', 'tenant-' || 1 + n % $1::int, '{}', '{echo}', 'completed', 'bench', now(), null from generate_series(1, 20000) n`,
  [TENANTS],
);
await owner.query('vacuum analyze');

const env = { PATH: process.env.PATH, DATABASE_URL: server.appUrl, JWT_SECRET: SECRET, PORT: String(PORT), LOG_LEVEL: 'error' };
const api = spawn(process.execPath, [dist('apps/api/src/main.js')], { env, stdio: ['ignore', 'inherit', 'inherit'] });
while (!(await fetch(`http://127.0.0.1:${PORT}/api/health/ready`).catch(() => undefined))?.ok) {
  if (api.exitCode !== null) throw new Error(`The api ended with ${api.exitCode}`);
  await new Promise((resolve) => setTimeout(resolve, 50));
}

/** p50 and p95 of one request after the other, ms. */
async function measure(path, authorization) {
  const took = [];
  for (let nr = 0; nr < REQUESTS + 5; nr += 1) {
    const from = performance.now();
    const response = await fetch(`http://127.0.0.1:${PORT}/api/v1/${path}`, { headers: { authorization } });
    const { data } = await response.json();
    if (!response.ok || data.length === 0) throw new Error(`${path} answered ${response.status}`);
    if (nr >= 5) took.push(performance.now() - from); // the first ones warm up
  }
  took.sort((a, b) => a - b);
  return { p50: round(took[Math.floor(took.length * 0.5)], 1), p95: round(took[Math.floor(took.length * 0.95)], 1) };
}

const admin = bearer({ roles: ['platform_admin'] });
report('tenants', {
  resources: N,
  tenants: TENANTS,
  page_of_50_ms: await measure('tenants', admin),
  page_of_200_ms: await measure('tenants?limit=200&sort=name', admin),
  one_ms: await measure('tenants/tenant-7', admin),
  me_ms: await measure('me', bearer({ tenantId: 'tenant-7' })),
});
api.kill();
await owner.end();
await server.stop();

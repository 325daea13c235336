// How long the acceptance of a start takes for a tenant, whose limits are judged inside the accepting transaction: one start alone, 16 at once
// and a burst. Each tenant has DROPLETS living droplets and at most 40 open sagas. DIST=<folder of another build> measures that build, so two
// runs in turns compare two releases. Target: docs/measurements.md T1. STARTS=1000.
import { durableWork, openProvisioning, pgClient, report, round, startDatabase, startQuietSimulator } from './stage.mjs';

const STARTS = Number(process.env.STARTS ?? 1_000);
const DROPLETS = Number(process.env.DROPLETS ?? 10);
const MOST_OPEN = 40;
const TENANTS = Array.from({ length: Math.ceil(STARTS / MOST_OPEN) }, (_, nr) => `tenant-${nr}`);

const server = await startDatabase();
const owner = pgClient(server.ownerUrl);
await owner.connect();
const simulator = await startQuietSimulator();
const sagas = await openProvisioning({
  DATABASE_URL: server.appUrl,
  DO_API_URL: simulator.url,
  DO_API_TOKEN: simulator.token,
  SAGA_OPEN_PER_TENANT: '1000000',
});
await sagas.sweeps.run('droplet', { trigger: 'manual' });
await owner.query(`select set_config('arcadia.scope', 'platform', false)`);
const { rows: tables } = await owner.query(
  `select to_regclass('tenants') is not null as tenants, to_regclass('tenant_limits') is not null as limits`,
);
if (tables[0].tenants)
  await owner.query(`insert into tenants (id, name, source) select t, t, 'admin' from unnest($1::text[]) t`, [TENANTS]);
if (tables[0].limits) {
  await owner.query(`insert into tenant_limits (tenant_id, max_droplets, max_vcpus, max_snapshots, max_monthly_cost, allowed_sizes, changed_by)
                     values ('default', 100000, 100000, 100000, 1000000, array['s-*', 'c-*'], 'bench')`);
}
await owner.query(
  `insert into provider_catalogue (name, taken_at) values ('offers', clock_timestamp()) on conflict (name) do update set taken_at = excluded.taken_at`,
);
await owner.query(`insert into provider_sizes (slug, memory_mb, vcpus, disk_gb, price_monthly, price_hourly, regions, available)
                   select 's-' || nr, 1024, 1, 25, 6, 0.00893, array['fra1'], true from generate_series(1, 150) nr on conflict do nothing`);
await owner
  .query(`insert into provider_regions (slug, name, available) values ('fra1', 'Frankfurt', true) on conflict do nothing`)
  .catch(() => owner.query(`insert into provider_regions (slug, available) values ('fra1', true) on conflict do nothing`));
await owner.query(`insert into provider_images (slug, name, min_disk_gb, regions, status) values ('ubuntu-24-04-x64', 'Ubuntu', 7, array['fra1'], 'available')
                   on conflict do nothing`);
const { rows: accounts } = await owner.query('select id from cloud_accounts');
await owner.query(
  `insert into cloud_projects (account_id, provider_id, name, tenant_id, tenant_set_by)
   select $1, gen_random_uuid()::text, t, t, 'admin' from unnest($2::text[]) t`,
  [accounts[0].id, TENANTS],
);
await owner.query(
  `insert into cloud_resources (account_id, kind, provider_id, urn, name, region, status, size_slug, tenant_id, attrs, content_hash, first_seen_at, last_seen_at)
   select $1, 'droplet', t || '-' || nr, 'do:droplet:' || t || '-' || nr, 'web-' || nr, 'fra1', 'active', 's-' || nr, t,
          '{"vcpus": 1, "disk": 25, "memory": 1024, "features": ["backups"], "tags": []}', decode(md5(nr::text), 'hex'), clock_timestamp(), clock_timestamp()
     from unnest($2::text[]) t, generate_series(1, $3::int) nr`,
  [accounts[0].id, TENANTS, DROPLETS],
);
await owner.query('analyze');

const because = { by: { sub: 'bench', role: 'tenant' } };
const KINDS = {
  order: (nth) => ({
    kind: 'provision_droplet',
    input: { name: `web-${nth}`, size_slug: 's-1', region: 'fra1', image: 'ubuntu-24-04-x64' },
  }),
  demo: () => ({ kind: 'demo', input: { steps: ['echo'] } }),
};

/** Nothing runs: the engine is not started. The sagas are closed before the next measurement. */
async function measure(what, kind, total, atOnce) {
  const took = [];
  let next = 0;
  const cpu = process.cpuUsage();
  const before = await durableWork(owner);
  const startedMs = performance.now();
  const client = async () => {
    while (next < total) {
      const nth = next++;
      const beganMs = performance.now();
      await sagas.starts.start({ ...KINDS[kind](nth), tenantId: TENANTS[nth % TENANTS.length], because });
      took.push(performance.now() - beganMs);
    }
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, total) }, client));
  const seconds = (performance.now() - startedMs) / 1_000;
  const used = process.cpuUsage(cpu);
  const after = await durableWork(owner);
  await owner.query(`update saga_runs set status = 'completed', wake_at = null, finished_at = clock_timestamp() where wake_at is not null`);
  await owner.query('vacuum analyze saga_runs');
  took.sort((a, b) => a - b);
  return {
    what: `${kind}, ${what}`,
    per_s: Math.round(total / seconds),
    p50_ms: round(took[Math.floor(total / 2)], 2),
    p95_ms: round(took[Math.floor(total * 0.95)], 2),
    cpu_ms_per_start: round((used.user + used.system) / 1_000 / total, 2),
    write_tx_per_start: round((after.xid - before.xid) / total, 2),
  };
}

await measure('warm-up', 'order', 200, 16);
await measure('warm-up', 'demo', 200, 16);
const results = [];
for (const kind of ['order', 'demo']) {
  results.push(await measure('alone', kind, 200, 1));
  results.push(await measure('16 at once', kind, STARTS, 16));
  results.push(await measure('burst', kind, STARTS, STARTS));
}
await sagas.close();
await simulator.close();
await owner.end();
await server.stop();
report('accept', { droplets: DROPLETS, results });

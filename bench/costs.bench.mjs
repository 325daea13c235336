// Costs of the running month by tenant, for N resources of TENANTS=500 tenants, one in twenty resized and one in fifty moved to another tenant.
// SIZES=10000,100000 (docs/measurements.md). The answer of one tenant is measured too, and beside each a bare statement that joins and groups
// the same two tables without any rule of costs. Every question is computed; COSTS_FRESH_MS=10000 shares answers as the api does.
import { openCosts, pgClient, report, round, startDatabase } from './stage.mjs';

const server = await startDatabase();
const owner = pgClient(server.ownerUrl);
await owner.connect();
const { costs, close } = await openCosts({
  DATABASE_URL: server.appUrl,
  DO_API_TOKEN: 'dop_v1_bench',
  COSTS_FRESH_MS: process.env.COSTS_FRESH_MS ?? '0',
});
const tenants = Number(process.env.TENANTS ?? 500);
const found = [];

/** p50 and p95 of 20 runs, after two that warm up. */
async function measure(run) {
  const times = [];
  for (let k = 0; k < 22; k++) {
    const from = performance.now();
    await run();
    if (k > 1) times.push(performance.now() - from);
  }
  times.sort((a, b) => a - b);
  return { p50_ms: round(times[9], 1), p95_ms: round(times[18], 1) };
}

/** What every answer by tenant needs at least: each resource with what it is billed as. */
const BARE = `select r.tenant_id, p.product, p.units, p.plan, count(*) from cloud_resources r join resource_prices p on p.resource_id = r.id
   where r.deleted_at is null and p.valid_to > date_trunc('month', now()) group by 1, 2, 3, 4`;

for (const n of (process.env.SIZES ?? '10000,100000').split(',').map(Number)) {
  await owner.query('truncate cloud_resources, cloud_resource_events, resource_prices cascade');
  await owner.query(`insert into list_prices (product, source, valid_from, amount, unit, origin)
    select 'droplet:s-' || k, 'catalog', '2012-01-01', k * 6, 'month', 'bench' from generate_series(1, 10) k on conflict do nothing`);
  await owner.query(
    `insert into cloud_resources (account_id, kind, provider_id, urn, name, status, size_slug, content_hash, tenant_id, first_seen_at, last_seen_at)
     select '00000000-0000-0000-0000-000000000001', 'droplet', k, 'do:droplet:' || k, 'web-' || k, 'active', 's-1', '', 't' || k % $2::int, now() - interval '2 months', now()
       from generate_series(1, $1::int) k`,
    [n, tenants],
  );
  await owner.query(
    `insert into cloud_resource_events (resource_id, type, source, at) select id, 'discovered', 'sweep', first_seen_at from cloud_resources`,
  );
  await owner.query(`insert into resource_prices (resource_id, valid_from, valid_to, product, units, plan)
    select id, '-infinity', case when provider_id::int % 20 = 0 then date_trunc('month', now()) + interval '1 hour' else 'infinity' end,
           'droplet:s-' || 1 + provider_id::int % 10, 1, case when provider_id::int % 3 = 0 then 'weekly' end from cloud_resources`);
  await owner.query(`insert into resource_prices (resource_id, valid_from, valid_to, product, units, plan)
    select resource_id, valid_to, 'infinity', 'droplet:s-2', 1, plan from resource_prices where valid_to <> 'infinity'`);
  await owner.query(`insert into cloud_resource_events (resource_id, type, source, at, changes)
    select id, 'attributed', 'admin', now() - interval '1 hour', jsonb_build_object('tenant_id', jsonb_build_object('old', 't0', 'new', tenant_id))
      from cloud_resources where provider_id::int % 50 = 1`);
  await owner.query('vacuum analyze');
  const bare = await measure(() => owner.query(BARE));
  for (const [what, scope, groupBy] of [
    ['all, by tenant', { kind: 'platform' }, ['tenant']],
    ['all, by kind and product', { kind: 'platform' }, ['kind', 'product']],
    ['all, by day', { kind: 'platform' }, ['day']],
    ['one tenant, by kind', { kind: 'tenant', tenantId: 't7' }, ['kind']],
  ]) {
    const took = await measure(() => costs.read(scope, { groupBy, basis: 'accrued', filters: {} }));
    found.push({ what, n, ...took, bare_p50_ms: bare.p50_ms, share_of_bare: round(took.p50_ms / bare.p50_ms, 2) });
  }
}
await close();
await owner.end();
await server.stop();
report('costs', { found });

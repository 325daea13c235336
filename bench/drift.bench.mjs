// Detection over N managed droplets with 4 ordered fields each, of which 1 in 100 has another size: N=100000 (docs/measurements.md D1).
// `plain`: the rows of the bare floor; `own`: rows as sweeps write them, with our own tags. Each first, with drifts to open, then unchanged.
// The floor (FLOOR=path of ingest-floor.mjs) is run against the same server, in the same run, for the ratio.
import { execFileSync } from 'node:child_process';
import { durableWork, openDrift, pgClient, report, round, rssMb, startDatabase } from './stage.mjs';

const N = Number(process.env.N ?? 100_000);
const ATTRS = {
  plain: `jsonb_build_object('image', 'u', 'tags', '["b","a"]'::jsonb)`,
  own: `jsonb_build_object('image', 'u', 'tags', jsonb_build_array('arcadia-saga-' || gen_random_uuid(), 'b', 'managed-by-arcadia-cloud', 'a'),
    'memory', 1024, 'vcpus', 1, 'disk', 25, 'locked', false, 'features', '["backups","droplet_agent"]'::jsonb, 'created_at', '2026-01-01T00:00:00Z',
    'networks', '{"v4":[{"ip_address":"10.0.0.1","type":"private"},{"ip_address":"203.0.113.7","type":"public"}],"v6":[]}'::jsonb,
    'vpc_uuid', gen_random_uuid(), 'volume_ids', '[]'::jsonb, 'snapshot_ids', '[]'::jsonb, 'backup_ids', '["1","2","3","4"]'::jsonb)`,
};
const server = await startDatabase();
const owner = pgClient(server.ownerUrl);
await owner.connect();
const drift = await openDrift({ DATABASE_URL: server.appUrl });
await owner.query(`insert into cloud_accounts (provider_account_id, identified_by) values ('bench', 'team')`);

async function fill(attrs) {
  await owner.query(
    'truncate cloud_drift, cloud_drift_rules, cloud_provisioned, cloud_resources, cloud_resource_events, cloud_sweeps cascade',
  );
  await owner.query(
    `insert into cloud_resources (account_id, kind, provider_id, urn, name, region, status, size_slug, attrs, content_hash, tenant_id, first_seen_at, last_seen_at)
     select a.id, 'droplet', i::text, 'do:droplet:' || i, 'p' || i, 'syd1', 'active', case when i % 100 = 0 then 's-2vcpu-2gb' else 's-1vcpu-1gb' end,
            ${attrs}, md5(i::text), 't' || i % 100, now(), now() from cloud_accounts a, generate_series(1, $1::int) i`,
    [N],
  );
  await owner.query(`insert into cloud_provisioned (resource_id, spec)
    select id, '{"region":"syd1","size_slug":"s-1vcpu-1gb","image":"u","tags":["a","b"]}' from cloud_resources`);
  await owner.query(`insert into cloud_sweeps (account_id, kind, trigger, status, lease_until, finished_at)
    select id, 'droplet', 'schedule', 'complete', now(), clock_timestamp() from cloud_accounts`);
  await owner.query('analyze cloud_resources, cloud_provisioned, cloud_sweeps');
}

const detections = [];
async function detect(rows, what) {
  const before = await durableWork(owner);
  const from = performance.now();
  const found = await drift.detection.run();
  const ms = performance.now() - from;
  const after = await durableWork(owner);
  const write_tx = after.xid - before.xid - 1; // asking costs one
  detections.push({
    rows,
    what,
    n: N,
    ms: round(ms),
    per_s: Math.round(N / (ms / 1000)),
    ...found,
    write_tx,
    wal_bytes: after.wal - before.wal,
    rss_mb: rssMb(),
  });
}

for (const [rows, attrs] of Object.entries(ATTRS)) {
  await fill(attrs);
  await detect(rows, 'first');
  await owner.query('checkpoint'); // hint bits of the fill are not the detection's work
  for (let nth = 0; nth < 3; nth += 1) await detect(rows, 'unchanged');
}
await drift.close();
await owner.end();

const result = { detections };
if (process.env.FLOOR) {
  const env = { ...process.env, DATABASE_URL: server.ownerUrl, SIZES: '33' };
  const printed = execFileSync(process.execPath, [process.env.FLOOR], { env, encoding: 'utf8' });
  result.floor = JSON.parse(printed.trim().split('\n').at(-1)).drift;
  const best = (list) => Math.max(...list.map(({ per_s }) => per_s));
  const [first, ...again] = result.floor;
  const ours = (rows, what) => best(detections.filter((one) => one.rows === rows && one.what === what));
  result.ratios = Object.keys(ATTRS).map((rows) => ({
    rows,
    first: round(ours(rows, 'first') / first.per_s, 2),
    unchanged: round(ours(rows, 'unchanged') / best(again), 2),
  }));
}
await server.stop();
report('drift', result);

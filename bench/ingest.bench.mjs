// Invoices of N lines, from the provider's answer to matched lines: SIZES=33,10000,1000000 (docs/measurements.md B1).
// The bare floor (FLOOR=path of ingest-floor.mjs) is run against the same server, in the same run, for the ratio. It reads its document from a
// file; ours comes by HTTP, so the time of the download alone is shown beside.
import { execFileSync } from 'node:child_process';
import { durableWork, openBilling, pgClient, report, round, rssMb, startDatabase, startHelper } from './stage.mjs';

const sizes = (process.env.SIZES ?? '33,10000,1000000').split(',').map(Number);
const droplets = Number(process.env.RES ?? 20_000);
const server = await startDatabase();
const provider = await startHelper('invoice-provider.mjs', { DROPLETS: String(droplets) });
const owner = pgClient(server.ownerUrl);
await owner.connect();
const billing = await openBilling({
  DATABASE_URL: server.appUrl,
  DO_API_URL: provider.url,
  DO_API_TOKEN: 'dop_v1_bench',
  ACCOUNT_CHECK_MS: '3600000',
});
await billing.history.read();
await owner.query(
  `insert into cloud_resources (account_id, kind, provider_id, urn, name, region, status, attrs, content_hash, tenant_id, first_seen_at, last_seen_at)
   select a.id, 'droplet', (570000000 + i)::text, 'do:droplet:' || (570000000 + i), 'Host-' || i || '.example.com', 'syd1', 'active',
          '{"created_at": "2025-01-01T00:00:00Z", "image": "ubuntu-24-04-x64", "tags": ["web", "prod"]}', '', 't' || i % 100, now(), now()
     from cloud_accounts a, generate_series(0, $1::int - 1) i`,
  [droplets],
);
await owner.query('analyze cloud_resources');
const ingests = [];

async function ingest(lines, again) {
  await fetch(`${provider.url}/set?lines=${lines}`);
  await billing.history.read();
  const { rows } = await owner.query('select id from cloud_invoices where invoice_number = $1', [String(lines)]);
  const before = await durableWork(owner);
  let peak = rssMb();
  const watch = setInterval(() => (peak = Math.max(peak, rssMb())), 20);
  const from = performance.now();
  const ended = await billing.ingest.run(rows[0].id);
  const ms = performance.now() - from;
  clearInterval(watch);
  const after = await durableWork(owner);
  const { matched, reconciliation } = ended;
  const per1k = {
    write_tx: round((after.xid - before.xid - 1) / (lines / 1000), 2),
    wal_bytes: Math.round((after.wal - before.wal) / (lines / 1000)),
  };
  ingests.push({
    n: lines,
    again,
    per_s: Math.round(lines / (ms / 1000)),
    ms: round(ms),
    matched,
    reconciliation,
    peak_rss_mb: peak,
    per_1k: per1k,
  });
}

await ingest(5_000);
ingests.length = 0;
for (const lines of sizes) {
  await ingest(lines);
  if (lines <= 10_000) await ingest(lines, true);
}
await billing.close();
await owner.end();
provider.stop();

const result = { resources: droplets, ingests };
if (process.env.FLOOR) {
  const env = { ...process.env, DATABASE_URL: server.ownerUrl, SIZES: sizes.join(), RES: String(droplets) };
  const printed = execFileSync(process.execPath, [process.env.FLOOR], { env, encoding: 'utf8' });
  const floor = JSON.parse(printed.trim().split('\n').at(-1)).ingest;
  result.floor = floor.map(({ n, again, per_s, ms, matched, peak_rss_mb }) => ({ n, again, per_s, ms, matched, peak_rss_mb }));
  const rate = (list, n) => list.find((one) => one.n === n && !one.again)?.per_s;
  result.ratios = sizes.map((n) => ({ n, ratio: round(rate(ingests, n) / rate(floor, n), 2) }));
}
await server.stop();
report('ingest', result);

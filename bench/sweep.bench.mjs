// Sweeps of N droplets: first, unchanged, 2 % changed, 1 % gone. SIZES=1000,10000,100000 (docs/measurements.md I1, I2, I3).
// The bare floor of the same work (FLOOR=path of sync-floor.mjs) is run against the same server, in the same run, for the ratio.
import { execFileSync } from 'node:child_process';
import { durableWork, openInventory, pgClient, report, round, rssMb, startDatabase, startHelper } from './stage.mjs';

const sizes = (process.env.SIZES ?? '1000,10000,100000').split(',').map(Number);
const server = await startDatabase();
const provider = await startHelper('droplet-provider.mjs');
const owner = pgClient(server.ownerUrl);
await owner.connect();
const inventory = await openInventory({
  DATABASE_URL: server.appUrl,
  DO_API_URL: provider.url,
  DO_API_TOKEN: 'dop_v1_bench',
  ACCOUNT_CHECK_MS: '3600000',
  STRIKE_SPACING_MS: '0',
});
const sweeps = [];

async function sweep(what, n, off) {
  await fetch(`${provider.url}/set?n=${n}&off=${off}`);
  const before = await durableWork(owner);
  let peak = rssMb();
  const watch = setInterval(() => (peak = Math.max(peak, rssMb())), 50);
  const from = performance.now();
  const ended = await inventory.sweeps.run('droplet', { trigger: 'manual' });
  const seconds = (performance.now() - from) / 1000;
  clearInterval(watch);
  if (ended.status !== 'complete') throw new Error(`the sweep "${what}" of ${n} ended ${ended.status}: ${ended.reason}`);
  const after = await durableWork(owner);
  const { calls } = await (await fetch(`${provider.url}/calls`)).json();
  const per1k = {
    write_tx: round((after.xid - before.xid - 1) / (n / 1000), 2),
    wal_bytes: Math.round((after.wal - before.wal) / (n / 1000)),
  };
  const { discovered, updated, struck } = ended;
  sweeps.push({
    what,
    n,
    per_s: Math.round(n / seconds),
    s: round(seconds, 2),
    calls,
    peak_rss_mb: peak,
    discovered,
    updated,
    struck,
    per_1k: per1k,
  });
}

for (const n of sizes) {
  await owner.query('truncate cloud_resources, cloud_resource_events, cloud_sweeps, resource_prices cascade');
  await sweep('first', n, 1);
  await owner.query('analyze cloud_resources');
  await sweep('unchanged', n, 1);
  await sweep('2% changed', n, 2);
  await sweep('unchanged again', n, 2);
  await sweep('1% gone', Math.floor(n * 0.99), 2);
}
await inventory.close();
await owner.end();
provider.stop();

const result = { sweeps };
if (process.env.FLOOR) {
  const printed = execFileSync(process.execPath, [process.env.FLOOR], {
    env: { ...process.env, DATABASE_URL: server.ownerUrl, SIZES: sizes.join() },
    encoding: 'utf8',
  });
  const floor = JSON.parse(printed.trim().split('\n').at(-1)).sweeps;
  const rate = (list, what, n) => list.find((one) => one.what === what && one.n === n)?.per_s;
  result.floor = floor.map(({ what, n, per_s, s }) => ({ what, n, per_s, s }));
  result.ratios = sizes.map((n) => ({
    n,
    first: round(rate(sweeps, 'first', n) / rate(floor, 'first', n), 2),
    unchanged: round(rate(sweeps, 'unchanged again', n) / rate(floor, 'delta, none changed', n), 2),
  }));
}
await server.stop();
report('sweep', result);

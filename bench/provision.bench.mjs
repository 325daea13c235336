// Droplets ordered at once, by one engine, at a provider without lags and limits: what a provisioning costs in calls, commits and CPU, and how
// many calls a waiting saga adds (docs/measurements.md I1). DROPLETS=200.
import { durableWork, openProvisioning, pgClient, report, round, startDatabase, startQuietSimulator } from './stage.mjs';

const DROPLETS = Number(process.env.DROPLETS ?? 200);
const POLL_MS = 500;
const ACTIVE_AFTER_MS = 5_000;

const server = await startDatabase();
const owner = pgClient(server.ownerUrl);
await owner.connect();
const simulator = await startQuietSimulator();
const sagas = await openProvisioning({
  DATABASE_URL: server.appUrl,
  DO_API_URL: simulator.url,
  DO_API_TOKEN: simulator.token,
  SAGA_POLL_MS: String(POLL_MS),
  PROVIDER_LAG_MS: '60000',
});
sagas.engine.start();

const order = (nth) => ({ name: `web-${nth}`, size_slug: 's-1vcpu-1gb', region: 'fra1', image: 'ubuntu-24-04-x64' });
const because = { by: { sub: 'bench', role: 'platform_admin' } };

async function measure(what, total) {
  await simulator.control('DELETE', 'ledger');
  const before = await durableWork(owner);
  const cpu = process.cpuUsage();
  const startedMs = performance.now();
  const starts = Array.from({ length: total }, (_, nth) =>
    sagas.starts.start({ kind: 'provision_droplet', input: order(nth), tenantId: null, because }),
  );
  const ids = await Promise.all(starts);
  sagas.engine.wake();
  for (;;) {
    const [open] = await sagas.database.query(
      'select count(*)::int as n from saga_runs where id = any ($1::uuid[]) and finished_at is null',
      [ids],
    );
    if (open.n === 0) break;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  const seconds = (performance.now() - startedMs) / 1000;
  const used = process.cpuUsage(cpu);
  const after = await durableWork(owner);
  const { requests: calls } = await simulator.control('GET', 'ledger');
  const lists = calls.filter(({ method, path }) => method === 'GET' && path === '/v2/droplets').length;
  const [ended] = await sagas.database.query(
    `select count(*) filter (where status = 'completed')::int as completed from saga_runs where id = any ($1::uuid[])`,
    [ids],
  );
  return {
    what,
    completed: ended.completed,
    seconds: round(seconds, 2),
    calls_per_droplet: round(calls.length / total, 2),
    shared_lists: lists,
    ticks: Math.ceil((seconds * 1000) / POLL_MS),
    write_tx_per_droplet: round((after.xid - before.xid) / total, 2),
    cpu_ms_per_droplet: round((used.user + used.system) / 1000 / total, 2),
  };
}

await measure('warm-up', 10);
const results = [await measure('at once, active at once', DROPLETS)];
await simulator.control('PUT', 'account', { lags: { droplet_active_ms: ACTIVE_AFTER_MS } });
results.push(await measure(`at once, active after ${ACTIVE_AFTER_MS} ms`, DROPLETS));
await sagas.close();
await simulator.close();
await owner.end();
await server.stop();
report('provision', { droplets: DROPLETS, results });

// Sagas of three trivial steps over one PostgreSQL with stock settings: one alone, 16 and 64 at once, and a burst.
// Targets: docs/measurements.md S1, S2, S3. Times are the database's: from the accept's row to the last boundary's. SAGAS=2000.
import { durableWork, openSagas, pgClient, report, round, startDatabase } from './stage.mjs';

const BURST = Number(process.env.SAGAS ?? 2_000);
const server = await startDatabase();
const owner = pgClient(server.ownerUrl);
await owner.connect();
const sagas = await openSagas({ DATABASE_URL: server.appUrl });
sagas.engine.start();

const start = async () => {
  const id = await sagas.starts.start({
    kind: 'demo',
    input: { steps: ['echo', 'echo', 'echo'] },
    tenantId: null,
    because: { by: { sub: 'bench', role: 'platform_admin' } },
  });
  sagas.engine.wake();
  return id;
};

const ENDED = 'select id from saga_runs where id = any ($1::uuid[]) and finished_at is not null';
const awaited = new Map();
let looking = false;

/** One look every 2 ms for all that are awaited: looks of their own would be most of the work. */
const settled = (id) =>
  new Promise((resolve) => {
    awaited.set(id, resolve);
    if (!looking) void look();
  });

async function look() {
  looking = true;
  while (awaited.size > 0) {
    await new Promise((resolve) => setTimeout(resolve, 2));
    for (const { id } of await sagas.database.query(ENDED, [[...awaited.keys()]])) {
      awaited.get(id)();
      awaited.delete(id);
    }
  }
  looking = false;
}

async function measure(what, total, atOnce) {
  const before = await durableWork(owner);
  const cpu = process.cpuUsage();
  const ids = [];
  const client = async () => {
    while (ids.length < total) {
      const started = start();
      ids.push(started);
      if (atOnce < total) await settled(await started);
    }
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, total) }, client));
  const all = await Promise.all(ids);
  if (atOnce === total) await Promise.all(all.map(settled));
  const used = process.cpuUsage(cpu);
  const after = await durableWork(owner);
  const { rows } = await owner.query(
    `select extract(epoch from max(finished_at) - min(created_at)) as s,
            percentile_cont(0.5) within group (order by extract(epoch from finished_at - created_at)) * 1000 as p50,
            percentile_cont(0.99) within group (order by extract(epoch from finished_at - created_at)) * 1000 as p99
       from saga_runs where id = any ($1::uuid[]) and status = 'completed'`,
    [all],
  );
  const [{ s, p50, p99 }] = rows;
  return {
    what,
    sagas: all.length,
    per_s: Math.round(all.length / Number(s)),
    saga_ms: { p50: round(Number(p50), 2), p99: round(Number(p99), 2) },
    step_ms: { p50: round(Number(p50) / 3, 2), p99: round(Number(p99) / 3, 2) },
    write_tx_per_saga: round((after.xid - before.xid) / all.length, 2),
    cpu_ms_per_saga: round((used.user + used.system) / 1000 / all.length, 2),
  };
}

await measure('warm-up', 200, 16);
const results = [
  await measure('alone', 200, 1),
  await measure('16 at once', 1_000, 16),
  await measure('64 at once', 2_000, 64),
  await measure('burst', BURST, BURST),
];
await sagas.close();
await owner.end();
await server.stop();
report('saga', { results });

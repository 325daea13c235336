// What the chain over the records costs: first sweeps of N droplets, with and without digests by turns (N=20000, TURNS=6), then sealing and verifying all of it.
import { durableWork, openInventory, pgClient, report, round, startDatabase, startHelper } from './stage.mjs';
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const N = Number(process.env.N ?? 20_000);
const TURNS = Number(process.env.TURNS ?? 6);
const server = await startDatabase();
const provider = await startHelper('droplet-provider.mjs');
const owner = pgClient(server.ownerUrl);
await owner.connect();
const inventory = await openInventory({
  DATABASE_URL: server.appUrl,
  DO_API_URL: provider.url,
  DO_API_TOKEN: 'dop_v1_bench',
  ACCOUNT_CHECK_MS: '3600000',
});
await fetch(`${provider.url}/set?n=${N}&off=1`);

/** Ticks of a hundredth of a second that the server's processes have worked: a busy machine changes them less than the time that passes. Linux only. */
async function serverTicks() {
  const { rows } = await owner.query('select pg_backend_pid() as pid');
  const statOf = (pid) => readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
  const postmaster = statOf(rows[0].pid)[1];
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.reduce((sum, pid) => {
    try {
      const stat = statOf(pid);
      return stat[1] === postmaster ? sum + Number(stat[11]) + Number(stat[12]) : sum;
    } catch {
      return sum; // it ended meanwhile
    }
  }, 0);
}

async function firstSweep(digests) {
  await owner.query('truncate cloud_resources, cloud_resource_events, cloud_sweeps, record_digests, record_waiting, record_chain cascade');
  await owner.query(`alter table cloud_resource_events ${digests ? 'enable' : 'disable'} trigger digest`);
  const before = await durableWork(owner);
  const ticks = await serverTicks();
  const from = performance.now();
  const ended = await inventory.sweeps.run('droplet', { trigger: 'manual' });
  const seconds = (performance.now() - from) / 1000;
  if (ended.status !== 'complete' || ended.discovered !== N)
    throw new Error(`the sweep ended ${ended.status}, ${ended.discovered} discovered`);
  return {
    perS: N / seconds,
    cpuUs: (((await serverTicks()) - ticks) * 10_000) / N,
    walPerRow: ((await durableWork(owner)).wal - before.wal) / N,
  };
}

await firstSweep(false); // warm
const runs = { without: [], with: [] };
for (let turn = 0; turn < TURNS; turn += 1) {
  runs.without.push(await firstSweep(false));
  runs.with.push(await firstSweep(true));
}
const median = (list, of) => list.map((one) => one[of]).sort((a, b) => a - b)[Math.floor(list.length / 2)];

const built = createRequire(import.meta.url)(fileURLToPath(new URL('../dist/libs/platform/audit/src/index.js', import.meta.url)));
const { withSession } = createRequire(import.meta.url)(
  fileURLToPath(new URL('../dist/libs/platform/database/src/index.js', import.meta.url)),
);
const { APPEND_ONLY_STREAMS: streams } = createRequire(import.meta.url)(
  fileURLToPath(new URL('../dist/libs/features/inventory/src/index.js', import.meta.url)),
);
const sealFrom = performance.now();
const sealed = await new built.ChainSealer(inventory.database).seal();
const sealS = (performance.now() - sealFrom) / 1000;
const findings = [];
const verifyFrom = performance.now();
const { rows } = await withSession(server.appUrl, 'service', (session) =>
  built.verifyChain(session, { streams, keepDays: 400 }, (one) => findings.push(one)),
);
const verifyS = (performance.now() - verifyFrom) / 1000;
await inventory.close();
await owner.end();
provider.stop();
await server.stop();
if (findings.length > 0) throw new Error(`${findings.length} findings in what nobody touched`);
report('chain', {
  n: N,
  turns: TURNS,
  first_per_s: { without: Math.round(median(runs.without, 'perS')), with: Math.round(median(runs.with, 'perS')) },
  server_cpu_us_per_row: { without: round(median(runs.without, 'cpuUs')), with: round(median(runs.with, 'cpuUs')) },
  ratio: round(median(runs.with, 'perS') / median(runs.without, 'perS'), 3),
  wal_per_row: { without: Math.round(median(runs.without, 'walPerRow')), with: Math.round(median(runs.with, 'walPerRow')) },
  sealed: { digests: sealed, ms: Math.round(sealS * 1000) },
  verified: { rows, per_s: Math.round(rows / verifyS) },
});

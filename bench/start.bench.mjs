// `npm start` on an empty folder, later, and after kill -9: milliseconds to the first healthy answer, and the memory of all processes.
// Target: docs/measurements.md U1.
// Memory is the proportional set size, so that what processes share is counted once (Linux; elsewhere null).
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { report, round } from './stage.mjs';

const ENTRY = fileURLToPath(new URL('../apps/cli/entry.mjs', import.meta.url));
const dataDir = mkdtempSync(join(tmpdir(), 'arcadia-start-'));
const freePort = () =>
  new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
const [PORT, WORKER_PORT, SIMULATOR_PORT] = [await freePort(), await freePort(), await freePort()].map(String);
const env = { PATH: process.env.PATH, HOME: process.env.HOME, DATA_DIR: dataDir, PORT, WORKER_PORT, SIMULATOR_PORT, ARCADIA_ENV_FILE: '' };

async function start() {
  const from = performance.now();
  const up = spawn(process.execPath, [ENTRY, 'up'], { env, stdio: ['ignore', 'pipe', 'ignore'] });
  let printed = '';
  const summary = new Promise((resolve, reject) => {
    up.stdout.on('data', (text) => (printed += text).includes('\ncurl: ') && resolve());
    up.once('exit', (code) => reject(new Error(`npm start ended with ${code}`)));
  });
  summary.catch(() => undefined);
  for (;;) {
    const answer = await fetch(`http://127.0.0.1:${PORT}/api/health`).catch(() => undefined);
    if (answer?.ok) break;
    if (performance.now() - from > 60_000) throw new Error('no healthy answer within a minute');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  const healthyMs = Math.round(performance.now() - from);
  await summary;
  return { up, healthyMs, summaryMs: Math.round(performance.now() - from) };
}

async function stop({ up }, signal) {
  const gone = new Promise((resolve) => up.once('exit', resolve));
  up.kill(signal);
  await gone;
}

/** All processes that were started for this data folder, the database among them. */
function memoryMb() {
  try {
    const all = readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .flatMap((pid) => {
        try {
          const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
          const parent = stat.slice(stat.lastIndexOf(')') + 4).split(' ')[0];
          return [
            { pid, parent, command: readFileSync(`/proc/${pid}/cmdline`, 'utf8'), environ: readFileSync(`/proc/${pid}/environ`, 'utf8') },
          ];
        } catch {
          return [];
        }
      });
    const roots = all.filter((one) => one.environ.includes(`DATA_DIR=${dataDir}`) || one.command.includes(dataDir)).map((one) => one.pid);
    const ours = all.filter((one) => roots.includes(one.pid) || roots.includes(one.parent));
    const pss = (pid) => Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))?.[1] ?? 0);
    return round(ours.reduce((sum, { pid }) => sum + pss(pid), 0) / 1024, 0);
  } catch {
    return null;
  }
}

const result = {};
let running = await start();
result.empty_folder = { healthy_ms: running.healthyMs, summary_ms: running.summaryMs };
result.memory_mb = memoryMb();
await stop(running, 'SIGTERM');
running = await start();
result.later = { healthy_ms: running.healthyMs, summary_ms: running.summaryMs };
await stop(running, 'SIGKILL');
running = await start();
result.after_kill_9 = { healthy_ms: running.healthyMs, summary_ms: running.summaryMs };
await stop(running, 'SIGTERM');
rmSync(dataDir, { recursive: true, force: true });
report('start', result);

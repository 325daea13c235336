import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { once } from 'node:events';
import { isAlive } from './process-identity';
import { Supervisor } from './supervisor';

let folder: string;
let supervisor: Supervisor;
let logged: string[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'arcadia-supervisor-'));
  logged = [];
  supervisor = new Supervisor((line) => logged.push(line));
});

afterEach(async () => {
  await supervisor.stop([['worker']], 0);
  rmSync(folder, { recursive: true });
});

function spec(source: string) {
  const script = join(folder, 'script.js');
  writeFileSync(script, source);
  return { name: 'worker', script, env: process.env };
}

const RUNS = 'setInterval(() => {}, 1000); process.once("disconnect", () => process.exit());';

it('starts a killed process again [OPS-3]', async () => {
  const first = supervisor.start(spec(RUNS));
  supervisor.bootCompleted();
  first.kill('SIGKILL');
  const [pid] = await once(supervisor, 'spawn');
  expect(pid).not.toBe(first.pid);
  expect(supervisor.pids()).toEqual({ worker: pid });
});

it('doubles the pause after each crash', async () => {
  supervisor.start(spec('process.exit(3)'));
  supervisor.bootCompleted();
  while (logged.length < 3) await once(supervisor, 'spawn');
  expect(logged.slice(0, 3).map((line) => /\d+ ms/.exec(line)?.[0])).toEqual(['100 ms', '200 ms', '400 ms']);
});

it.each([
  ['ends while the system boots', 'process.exit(1)', false],
  ['ends with a configuration error, whenever that is', 'process.exit(78)', true],
])('fails when a process %s', async (_when, source, settled) => {
  supervisor.start(spec(source));
  if (settled) supervisor.bootCompleted();
  await expect(supervisor.failure).rejects.toMatchObject({ code: 'process_failed', message: expect.stringContaining('worker ended') });
});

it('does not restart a process that runs once', async () => {
  await once(supervisor.start({ ...spec(''), once: true }), 'exit');
  expect([supervisor.pids(), logged]).toEqual([{}, []]);
});

it('kills a process that does not end within the limit, and does not restart it [OPS-6]', async () => {
  const child = supervisor.start(spec(`process.on('SIGTERM', () => {}); process.send('deaf'); ${RUNS}`));
  supervisor.bootCompleted();
  await once(child, 'message');
  await supervisor.stop([['worker']], 50);
  expect([child.signalCode, isAlive(child.pid ?? 0), supervisor.pids()]).toEqual(['SIGKILL', false, {}]);
});

it('ends a process when its channel closes, as it does when the launcher is killed', async () => {
  const child = supervisor.start(spec(RUNS));
  await once(child, 'spawn');
  const ended = once(child, 'exit');
  child.disconnect();
  expect(await ended).toEqual([0, null]);
});

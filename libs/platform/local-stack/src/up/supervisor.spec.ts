import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { once } from 'node:events';
import { isAlive } from '../processes/process-identity';
import { Supervisor } from './supervisor';

let folder: string;
let supervisor: Supervisor;
let said: string[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'arcadia-supervisor-'));
  said = [];
  supervisor = new Supervisor((line) => said.push(line));
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

const LIVES = 'setInterval(() => {}, 1000); process.once("disconnect", () => process.exit());';

it('OPS-3: starts a killed process again', async () => {
  const first = supervisor.start(spec(LIVES));
  supervisor.settled();
  first.kill('SIGKILL');
  const [pid] = await once(supervisor, 'spawn');
  expect(pid).not.toBe(first.pid);
  expect(supervisor.pids()).toEqual({ worker: pid });
});

it('waits longer after each crash', async () => {
  supervisor.start(spec('process.exit(3)'));
  supervisor.settled();
  while (said.length < 3) await once(supervisor, 'spawn');
  expect(said.slice(0, 3).map((line) => /\d+ ms/.exec(line)?.[0])).toEqual(['100 ms', '200 ms', '400 ms']);
});

it.each([
  ['ends while the system boots', 'process.exit(1)', false],
  ['ends with a configuration error, whenever that is', 'process.exit(78)', true],
])('gives up when a process %s', async (_when, source, settled) => {
  supervisor.start(spec(source));
  if (settled) supervisor.settled();
  await expect(supervisor.failure).rejects.toMatchObject({ code: 'process_failed', message: expect.stringContaining('worker ended') });
});

it('lets an errand end', async () => {
  await once(supervisor.start({ ...spec(''), once: true }), 'exit');
  expect([supervisor.pids(), said]).toEqual([{}, []]);
});

it('OPS-6: kills what does not end within the limit, and starts nothing again', async () => {
  const child = supervisor.start(spec(`process.on('SIGTERM', () => {}); process.send('deaf'); ${LIVES}`));
  supervisor.settled();
  await once(child, 'message');
  await supervisor.stop([['worker']], 50);
  expect([child.signalCode, isAlive(child.pid ?? 0), supervisor.pids()]).toEqual(['SIGKILL', false, {}]);
});

it('leaves no process behind when the launcher is killed: the channel to it closes', async () => {
  const child = supervisor.start(spec(LIVES));
  await once(child, 'spawn');
  const ended = once(child, 'exit');
  child.disconnect();
  expect(await ended).toEqual([0, null]);
});

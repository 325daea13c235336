import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isPortFree } from '../../../libs/platform/local-stack/src/ports';
import { isAlive } from '../../../libs/platform/local-stack/src/process-identity';
import { until } from '../../support/until';
import { freePorts, Launched, REPOSITORY, runNote, type Ports } from './launcher';

let folder: string;
let dataDir: string;
let ports: Ports;
let launched: Launched[];
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'arcadia-npm-'));
  chmodSync(folder, 0o755);
  dataDir = join(folder, 'data'); // all tests continue with the data of the first
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));
beforeEach(async () => {
  ports = await freePorts();
  launched = [];
});
afterEach(async () => {
  const notes = existsSync(join(dataDir, 'run.json')) ? Object.values(runNote(dataDir).pids) : [];
  for (const { child } of launched) if (child.pid !== undefined) signalGroup(child.pid, 'SIGKILL');
  for (const pid of notes) if (isAlive(pid)) process.kill(pid, 'SIGKILL');
  await until(() => notes.every((pid) => !isAlive(pid)));
});

function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

const sigterm = (pid: number): boolean => process.kill(pid, 'SIGTERM');
/** Sends SIGINT to the whole process group, as a terminal does. */
const interrupt = (pid: number): boolean => process.kill(-pid, 'SIGINT');

/** Runs a script of package.json through npm in a process group of its own. */
function npm(script: string): Launched {
  const one = Launched.npm(script, { DATA_DIR: dataDir, ...ports });
  launched.push(one);
  return one;
}

const allPortsFree = async (): Promise<boolean> =>
  (await Promise.all(Object.values(ports).map((port) => isPortFree(Number(port), '127.0.0.1')))).every(Boolean);

/** A process of the group that has not ended keeps the number of the group in use. */
function isGroupEmpty(pid: number): boolean {
  try {
    process.kill(-pid, 0);
    return false;
  } catch {
    return true;
  }
}

async function expectNothingLeft(of: Launched, pids: Record<string, number>): Promise<void> {
  expect(Object.entries(pids).filter(([, pid]) => isAlive(pid))).toEqual([]);
  expect({ group: isGroupEmpty(of.child.pid ?? 0), ports: await allPortsFree() }).toEqual({ group: true, ports: true });
}

it.each([
  { whom: 'npm alone', signal: 'SIGINT' as const, send: (pid: number) => process.kill(pid, 'SIGINT') },
  { whom: 'the whole group, as a terminal does', signal: 'SIGINT' as const, send: interrupt },
])('exits with 0 from npm start and leaves no process behind after $signal to $whom [OPS-6]', async ({ send }) => {
  const start = npm('start');
  await start.summary();
  const { pids } = runNote(dataDir);
  expect(Object.keys(pids)).toEqual(expect.arrayContaining(['api', 'worker', 'postgres', 'simulator']));
  send(start.child.pid ?? 0);
  expect(await start.ended).toEqual({ code: 0, signal: null });
  await expectNothingLeft(start, pids);
  expect(existsSync(join(dataDir, 'run.json'))).toBe(false);
});

it('exits with 0 from start:simulator, start:api, start:worker and npm start and leaves no process behind after SIGTERM to npm (D4) [OPS-6]', async () => {
  const start = npm('start');
  await start.summary();
  const { pids } = runNote(dataDir);
  const own = await freePorts();
  const answers = (port: string) => fetch(`http://127.0.0.1:${port}/`).then(() => true, () => false); // prettier-ignore
  const simulator = { SIMULATOR_PORT: own.SIMULATOR_PORT, DATA_DIR: join(folder, 'other') };
  for (const [script, port, env, send] of [
    ['start:api', own.PORT, { PORT: own.PORT }, sigterm],
    ['start:worker', own.WORKER_PORT, { WORKER_PORT: own.WORKER_PORT }, sigterm],
    ['start:simulator', own.SIMULATOR_PORT, simulator, sigterm],
    ['start:simulator', own.SIMULATOR_PORT, simulator, interrupt],
  ] as const) {
    const alone = Launched.npm(script, { DATA_DIR: dataDir, ...ports, ...env });
    launched.push(alone);
    await until(() => answers(port), { withinMs: 30_000, what: `${script} listening` });
    send(alone.child.pid ?? 0);
    expect({ script, ...(await alone.ended) }).toEqual({ script, code: 0, signal: null });
    expect({ script, group: isGroupEmpty(alone.child.pid ?? 0), port: await isPortFree(Number(port), '127.0.0.1') }).toEqual({
      script,
      group: true,
      port: true,
    });
  }
  sigterm(start.child.pid ?? 0);
  expect(await start.ended).toEqual({ code: 0, signal: null });
  await expectNothingLeft(start, pids);
  expect(existsSync(join(dataDir, 'run.json'))).toBe(false);
});

it('replaces the shell of npm with exec in every script that runs a command of ours, because the shell forwards no signals [OPS-6]', () => {
  const { scripts } = JSON.parse(readFileSync(join(REPOSITORY, 'package.json'), 'utf8')) as { scripts: Record<string, string> };
  const ours = Object.entries(scripts).filter(([, command]) => command.includes('entry.mjs'));
  expect(ours.length).toBeGreaterThan(0);
  expect(ours.filter(([, command]) => !command.startsWith('exec node '))).toEqual([]);
});

it('decides about the install script of every package, because npm warns of the others as if the installation had failed (D4)', () => {
  const { allowScripts } = JSON.parse(readFileSync(join(REPOSITORY, 'package.json'), 'utf8')) as { allowScripts: Record<string, boolean> };
  const { packages } = JSON.parse(readFileSync(join(REPOSITORY, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { readonly hasInstallScript?: boolean }>;
  };
  const scripted = Object.keys(packages).filter((path) => packages[path]?.hasInstallScript);
  expect(scripted.map((path) => path.replace(/^.*node_modules\//, '')).sort()).toEqual(Object.keys(allowScripts).sort());
});

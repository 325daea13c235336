import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { identityOf } from './process-identity';
import { DataDirLock } from './data-dir-lock';

let dataDir: string;
let other: ChildProcess;
const lockFile = () => join(dataDir, 'start.lock');
const otherIdentity = () => identityOf(other.pid ?? 0);

beforeEach(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'arcadia-lock-'));
  other = spawn(process.execPath, ['-e', 'process.on("SIGTERM", () => {}); setInterval(() => {}, 1000); console.log("up")']);
  await once(other.stdout ?? other, 'data');
});

afterEach(() => {
  other.kill('SIGKILL');
  rmSync(dataDir, { recursive: true });
});

it('can be acquired again after its release', async () => {
  (await DataDirLock.acquire(dataDir)).release();
  expect(existsSync(lockFile())).toBe(false);
  (await DataDirLock.acquire(dataDir)).release();
});

it('is refused while its holder is alive, in a sentence that names folder and pid', async () => {
  writeFileSync(lockFile(), JSON.stringify({ holder: otherIdentity(), children: [] }));
  await expect(DataDirLock.acquire(dataDir)).rejects.toMatchObject({
    code: 'data_dir_in_use',
    message: expect.stringMatching(new RegExp(`${dataDir}.*pid ${other.pid}`)),
  });
});

it.each([
  ['its holder is dead', () => ({ pid: 2 ** 22 + 1, started: 'x' })],
  ["its holder's pid belongs to another process", () => ({ pid: other.pid, started: 'earlier' })],
])('is taken over when %s', async (_when, holder) => {
  writeFileSync(lockFile(), JSON.stringify({ holder: holder(), children: [] }));
  await DataDirLock.acquire(dataDir);
  expect(JSON.parse(readFileSync(lockFile(), 'utf8'))).toMatchObject({ holder: { pid: process.pid } });
});

it('is taken over when a crash of the machine has cut its file off', async () => {
  writeFileSync(lockFile(), '');
  await expect(DataDirLock.acquire(dataDir)).resolves.toBeDefined();
});

it('ends the children of a killed holder, also those that ignore SIGTERM, and no other process [OPS-3]', async () => {
  writeFileSync(
    lockFile(),
    JSON.stringify({
      holder: { pid: other.pid, started: 'earlier' },
      children: [otherIdentity(), { pid: process.pid, started: 'earlier' }],
    }),
  );
  const ended = once(other, 'exit');
  await (await DataDirLock.acquire(dataDir)).endLeftovers();
  expect(await ended).toEqual([null, 'SIGKILL']);
});

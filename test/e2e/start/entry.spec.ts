import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { REPOSITORY } from './launcher';

/** A repository of a few files, with an npm and a compiler that only record their calls. */
let root: string;

const LOCK = {
  packages: {
    '': {},
    'node_modules/a': { version: '1.0.0' },
    'node_modules/elsewhere': { version: '2.0.0', optional: true },
    'node_modules/runner': { version: '3.0.0', dev: true },
  },
};
const INSTALLED = { packages: { 'node_modules/a': { version: '1.0.0' } } };
const WITH_DEVELOPMENT = { packages: { ...INSTALLED.packages, 'node_modules/runner': { version: '3.0.0', dev: true } } };

const NPM = `
  const fs = require('fs');
  fs.appendFileSync('calls', 'npm ' + process.argv.slice(2).join(' ') + '\\n');
  const all = process.argv.includes('--include=dev');
  fs.writeFileSync('node_modules/.package-lock.json', all ? '${JSON.stringify(WITH_DEVELOPMENT)}' : '${JSON.stringify(INSTALLED)}');`;

/** Copies each source file slowly, so that two builds at the same time become visible. */
const COMPILE = `
  import fs from 'node:fs';
  import path from 'node:path';
  if (fs.existsSync('compiling')) fs.appendFileSync('calls', 'compile met another\\n');
  fs.writeFileSync('compiling', '');
  fs.appendFileSync('calls', 'compile\\n');
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200);
  for (const file of fs.readdirSync('.', { recursive: true })) {
    if (!/^(apps|libs).*\\.ts$/.test(file)) continue;
    const text = fs.readFileSync(file, 'utf8');
    if (text.includes('syntax error')) process.exitCode = 2;
    const out = path.join('dist', file.replace(/ts$/, 'js'));
    fs.mkdirSync(path.dirname(out), { recursive: true });
    fs.writeFileSync(out, text);
  }
  fs.rmSync('compiling');`;

/** Packs only what the compiler has written. */
const BUNDLE = `
  import fs from 'node:fs';
  fs.cpSync('dist/apps/cli/src/main.js', 'dist/packed.js');`;

function write(file: string, text: string): void {
  mkdirSync(dirname(join(root, file)), { recursive: true });
  writeFileSync(join(root, file), text);
}

const enter = (...args: string[]) => enterWith([], ...args);

async function enterWith(nodeArgs: string[], ...args: string[]): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const env = { PATH: process.env.PATH, npm_execpath: join(root, 'npm.js') };
  const child = spawn(process.execPath, [...nodeArgs, join(root, 'apps/cli/entry.mjs'), ...args], { env, cwd: root });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, stdout, stderr };
}

const calls = () => (existsSync(join(root, 'calls')) ? readFileSync(join(root, 'calls'), 'utf8').trim().split('\n') : []);

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'arcadia-entry-'));
  for (const folder of ['libs', 'node_modules']) mkdirSync(join(root, folder));
  mkdirSync(join(root, 'apps/cli'), { recursive: true });
  cpSync(join(REPOSITORY, 'apps/cli/entry.mjs'), join(root, 'apps/cli/entry.mjs'));
  write('package.json', '{}');
  write('package-lock.json', JSON.stringify(LOCK));
  write('.swcrc', '{}');
  write('npm.js', NPM);
  write('apps/cli/compile.mjs', COMPILE);
  write('apps/cli/bundle.mjs', BUNDLE);
  write('apps/console/build.mjs', '');
  write('apps/cli/src/main.ts', 'console.log(process.argv.slice(2).join(" ")); process.exit(7)');
});

afterEach(() => rmSync(root, { recursive: true }));

it('installs and builds a fresh clone, then runs the command with its exit code and with only its output on standard output', async () => {
  expect(await enter('token', '--tenant', 'acme')).toMatchObject({ code: 7, stdout: 'token --tenant acme\n' });
  expect(calls()).toEqual(['npm ci --omit=dev', 'compile']);
  expect(existsSync(join(root, 'dist/packed.js'))).toBe(true);
});

it('neither installs nor builds again while nothing has changed', async () => {
  await enter();
  expect(await enter('up')).toEqual({ code: 7, stdout: 'up\n', stderr: '' });
  expect(calls()).toHaveLength(2);
});

it('skips the installation after npm ci has just run', async () => {
  write('node_modules/.package-lock.json', JSON.stringify(WITH_DEVELOPMENT));
  await enter();
  await enter('test');
  expect(calls()).toEqual(['compile']);
});

it.each([
  ['another version', { packages: { 'node_modules/a': { version: '0.9.0' } } }],
  ['a package too few', { packages: {} }],
])('installs again when node_modules has %s', async (_what, installed) => {
  await enter();
  write('node_modules/.package-lock.json', JSON.stringify(installed));
  await enter();
  expect(calls()).toEqual(['npm ci --omit=dev', 'compile', 'npm ci --omit=dev']);
});

it('installs the packages of development for the commands that need them, and keeps them from then on', async () => {
  await enter('up');
  await enter('test', 'entry');
  await enter('test', 'entry');
  expect(calls()).toEqual(['npm ci --omit=dev', 'compile', 'npm ci --include=dev']);
  await enter('up');
  write('node_modules/.package-lock.json', JSON.stringify({ packages: { 'node_modules/runner': { version: '3.0.0', dev: true } } }));
  await enter('up');
  expect(calls().slice(3)).toEqual(['npm ci --include=dev']);
});

it('builds again when a source is saved, and deletes the output of a removed source', async () => {
  write('libs/old.ts', '');
  await enter();
  expect(existsSync(join(root, 'dist/libs/old.js'))).toBe(true);
  rmSync(join(root, 'libs/old.ts'));
  write('apps/cli/src/main.ts', 'console.log("saved")');
  expect(await enter()).toMatchObject({ stdout: 'saved\n' });
  expect(existsSync(join(root, 'dist/libs/old.js'))).toBe(false);
});

it('does not build again when only a test has changed', async () => {
  await enter();
  write('libs/new.spec.ts', '');
  await enter();
  expect(calls().filter((call) => call === 'compile')).toHaveLength(1);
});

it('exits with 1 when the build fails, and builds again at the next start', async () => {
  write('libs/wrong.ts', 'syntax error');
  for (const _time of [1, 2]) expect(await enter()).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining('build failed') });
  rmSync(join(root, 'libs/wrong.ts'));
  expect(await enter()).toMatchObject({ code: 7 });
});

it('exits with 1 when a process cannot be packed, and builds again when the bundler has changed', async () => {
  write('apps/cli/bundle.mjs', 'process.exit(3)');
  expect(await enter()).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining('messages of the bundler') });
  write('apps/cli/bundle.mjs', BUNDLE);
  expect(await enter()).toMatchObject({ code: 7 });
  write('apps/cli/bundle.mjs', `${BUNDLE}\n`);
  await enter();
  expect(calls().filter((call) => call === 'compile')).toHaveLength(3);
});

it('builds once when two commands start at the same time', async () => {
  const [one, two] = await Promise.all([enter('one'), enter('two')]);
  expect([one.stdout, two.stdout]).toEqual(['one\n', 'two\n']);
  expect(calls()).toEqual(['npm ci --omit=dev', 'compile']);
});

const deadHolders: [string, string][] = [['one that was killed', String(2 ** 22 + 1)]];
if (existsSync('/proc/self/stat')) deadHolders.push(['a process with a pid that now belongs to another process', `${process.pid} before`]);
it.each(deadHolders)('takes over the lock of %s', async (_whom, lock) => {
  write('dist/.lock', lock);
  expect(await enter()).toMatchObject({ code: 7 });
});

it('takes over a lock with its own pid, which a container assigns again after a kill', async () => {
  mkdirSync(join(root, 'dist'));
  write('node_modules/own.cjs', "require('fs').writeFileSync('dist/.lock', String(process.pid))");
  const { code, stderr } = await enterWith(['--require', join(root, 'node_modules/own.cjs')]);
  expect(code).toBe(7);
  expect(stderr).not.toContain('Waiting');
});

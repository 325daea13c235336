/**
 * Every npm script of this repository runs this file first. On a fresh clone it installs and builds; later it only checks that both are up
 * to date (a few milliseconds). Then it becomes the command line in the same process. It is plain JavaScript and imports only Node's own
 * modules, because nothing is installed or built yet when it runs.
 */
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const OLDEST_NODE = [20, 19];
/** Commands that need the packages of development: test runner, linter, formatter. The others do without them on a fresh clone. */
const DEVELOPMENT_COMMANDS = ['test', 'bench'];
const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
const inRoot = (...parts) => path.join(root, ...parts);
const log = (line) => process.stderr.write(`${line}\n`);
/** On a terminal each preparation also reports its end. */
const logEnd = (what, startedAt) => process.stderr.isTTY && log(`${what} in ${((Date.now() - startedAt) / 1000).toFixed(1)} s`);

const main = inRoot('dist/apps/cli/src/main.js');
const installNote = inRoot('node_modules/.arcadia-lock');
const installedList = inRoot('node_modules/.package-lock.json');
const buildNote = inRoot('dist/.built');
const lockFile = inRoot('dist/.lock');
const needsDevelopment = DEVELOPMENT_COMMANDS.includes(process.argv[2]);

const [major, minor] = process.versions.node.split('.').map(Number);
if (major < OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor < OLDEST_NODE[1])) {
  end(
    `arcadia-cloud needs Node ${OLDEST_NODE.join('.')} or newer, this is ${process.versions.node}: install a newer one from https://nodejs.org`,
  );
}
process.chdir(root);
if (!isInstalled() || !isBuilt()) await prepareUnderLock();
process.argv[1] = main;
await import(pathToFileURL(main).href);

function end(sentence) {
  log(sentence);
  process.exit(1);
}

/** The lock keeps two commands that start at once on a fresh clone from installing or building into each other's files. */
async function prepareUnderLock() {
  acquireLock();
  try {
    if (!isInstalled()) install();
    if (!isBuilt()) await build();
  } finally {
    fs.rmSync(lockFile, { force: true });
  }
}

/** True when the noted hash is that of the lock file, or when npm itself has just installed exactly the lock file, as a plain `npm ci` does. */
function isInstalled() {
  const noted = read(installNote);
  if (noted !== undefined && noted === installSignature()) return true;
  if (!installedMatchesLock()) return false;
  noteInstall();
  return true;
}

/** The time of npm's own list is part of the signature, so that a later change of node_modules is noticed. */
function installSignature() {
  const lock = createHash('sha256')
    .update(fs.readFileSync(inRoot('package-lock.json')))
    .digest('hex');
  const installedAt = fs.statSync(installedList, { throwIfNoEntry: false })?.mtimeMs ?? 'none';
  return `${lock}\n${installedAt}\n${needsDevelopment ? 'development\n' : ''}`;
}

function noteInstall() {
  try {
    fs.writeFileSync(installNote, installSignature());
  } catch {
    // a read-only node_modules is compared each time
  }
}

/** npm writes its list last, so an interrupted install has none. Optional packages of other platforms may be missing, and those of development unless the command needs them. */
function installedMatchesLock() {
  const list = read(installedList);
  if (list === undefined) return false;
  const wanted = JSON.parse(fs.readFileSync(inRoot('package-lock.json'), 'utf8')).packages;
  const installed = JSON.parse(list).packages;
  return Object.entries(wanted).every(([where, { version, integrity, optional, devOptional, dev }]) => {
    if (where === '') return true;
    const found = installed[where];
    if (!found) return Boolean(optional || devOptional || (dev && !needsDevelopment));
    return found.version === version && (!integrity || !found.integrity || found.integrity === integrity);
  });
}

/**
 * Installs what the command needs, whatever NODE_ENV is. The packages of development, more than half of all, stay away from a fresh clone that is
 * only started; once they are there, they are renewed too.
 */
function install() {
  log('Installing packages (npm ci): node_modules does not match package-lock.json');
  const installed = Object.values(JSON.parse(read(installedList) ?? '{}').packages ?? {});
  const which = needsDevelopment || installed.some(({ dev }) => dev) ? '--include=dev' : '--omit=dev';
  const startedAt = Date.now();
  const npm = process.env.npm_execpath;
  const [program, first] = npm ? [process.execPath, [npm]] : ['npm', []];
  const { status, error } = spawnSync(program, [...first, 'ci', which], { stdio: ['ignore', 2, 2] });
  if (status !== 0) giveUp(`npm ci failed (${error ? error.message : `exit code ${status}`}): its messages are above`);
  noteInstall();
  logEnd('Installed', startedAt);
}

function isBuilt() {
  return fs.existsSync(main) && read(buildNote) === sourcesSignature();
}

/** Path, size and time of every source. The signature also changes when a source is removed or replaced by an older one. */
function sourcesSignature() {
  const files = ['package.json', 'package-lock.json', '.swcrc', 'apps/cli/compile.mjs', 'apps/cli/bundle.mjs'];
  for (const folder of ['apps', 'libs']) {
    for (const entry of fs.readdirSync(inRoot(folder), { withFileTypes: true, recursive: true })) {
      const file = path.relative(root, path.join(entry.parentPath ?? entry.path, entry.name));
      const isSource = /\.(ts|json)$/.test(file) || file.startsWith(path.join('apps', 'console'));
      if (entry.isFile() && isSource && !file.endsWith('.spec.ts')) files.push(file);
    }
  }
  const hash = createHash('sha256');
  for (const file of files.sort()) {
    const { size, mtimeMs } = fs.statSync(inRoot(file));
    hash.update(`${file}\t${size}\t${mtimeMs}\n`);
  }
  return hash.digest('hex');
}

/**
 * Compiles and packs the server while the console is built. The signature is taken before the compiler reads: a source saved meanwhile is
 * built next time.
 */
async function build() {
  log('Building: dist is older than the sources');
  const startedAt = Date.now();
  const signature = sourcesSignature();
  if (!fs.existsSync(main)) clearDist();
  fs.rmSync(buildNote, { force: true });
  const results = await Promise.all([
    buildServer(),
    run('apps/console/build.mjs', 'The build of the console failed: the messages of Vite are above'),
  ]);
  const failure = results.find(Boolean);
  if (failure) giveUp(failure);
  fs.writeFileSync(buildNote, signature);
  logEnd('Built', startedAt);
}

async function buildServer() {
  const failure = await run('apps/cli/compile.mjs', 'The build failed: the messages of the compiler are above');
  if (failure) return failure;
  removeOrphans();
  return run('apps/cli/bundle.mjs', 'The build failed: the messages of the bundler are above');
}

/** Runs a script of the build. Returns `failure` when it fails. */
async function run(script, failure) {
  const [code] = await once(spawn(process.execPath, [inRoot(script)], { stdio: ['ignore', 2, 2] }), 'exit');
  return code === 0 ? undefined : failure;
}

function clearDist() {
  for (const name of fs.readdirSync(inRoot('dist'))) {
    if (name !== path.basename(lockFile)) fs.rmSync(inRoot('dist', name), { recursive: true, force: true });
  }
}

/** Deletes the output of removed and renamed sources: the compiler does not, and code that reads a folder would still find it. */
function removeOrphans() {
  for (const folder of ['apps', 'libs']) {
    const built = inRoot('dist', folder);
    if (!fs.existsSync(built)) continue;
    for (const entry of fs.readdirSync(built, { withFileTypes: true, recursive: true })) {
      const file = path.join(entry.parentPath ?? entry.path, entry.name);
      const source = inRoot(path.relative(inRoot('dist'), file));
      const typescript = source.replace(/\.js(\.map)?$/, '.ts');
      if (entry.isFile() && !fs.existsSync(source) && !fs.existsSync(typescript)) fs.rmSync(file);
    }
  }
}

/** Waits while another process prepares. A lock is taken over when its process has ended, or when it is older than any install takes. */
function acquireLock() {
  fs.mkdirSync(path.dirname(lockFile), { recursive: true });
  for (let logged = false; ;) {
    try {
      fs.writeFileSync(lockFile, `${process.pid} ${startOf(process.pid) ?? ''}`, { flag: 'wx' });
      return;
    } catch (error) {
      if (error.code !== 'EEXIST')
        end(`${lockFile} cannot be written (${error.code}): install and build as an account that may write to ${root}`);
    }
    if (isStale()) fs.rmSync(lockFile, { force: true });
    else if (!logged) log('Waiting for another process that installs or builds');
    logged = true;
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 50);
  }
}

function isStale() {
  const { mtimeMs } = fs.statSync(lockFile, { throwIfNoEntry: false }) ?? {};
  if (mtimeMs === undefined) return false;
  const ageMs = Date.now() - mtimeMs;
  const [pid, started] = (read(lockFile) ?? '').split(' ');
  const holder = Number(pid);
  if (ageMs > 15 * 60_000 || (ageMs > 2_000 && !holder)) return true;
  if (holder === process.pid) return true;
  try {
    if (holder) process.kill(holder, 0);
  } catch (error) {
    if (error.code === 'ESRCH') return true;
  }
  const now = startOf(holder);
  return Boolean(started && now && started !== now);
}

/** Distinguishes a process from a later one with the same pid, which is common after the restart of a container. Linux only. */
function startOf(pid) {
  const stat = read(`/proc/${pid}/stat`);
  return stat && `${read('/proc/sys/kernel/random/boot_id')?.trim()}:${stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]}`;
}

function giveUp(sentence) {
  fs.rmSync(lockFile, { force: true });
  end(sentence);
}

function read(file) {
  try {
    return fs.readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { HelpRequested, UsageError } from '../command-line';
import { isolatedEnv } from '../environment';

/** Test files that run at once. Two cores are enough for four, because most of them wait for processes, leases and clocks. */
const TEST_WORKERS = 3;

const TEST_USAGE = `npm test [-- <jest arguments>] · npm run test:long [-- <jest arguments>]
  Runs the suite with jest (--selectProjects unit: the tests without a database) on an embedded PostgreSQL of its own, or on TEST_DATABASE_URL (a superuser's); also on TEST_REDIS_URL or a
  redis-server or valkey-server of the PATH. REQUIRE_REDIS=1 makes the lack of one a failure. test:long: the full sizes of the fault and fuzz suites.`;

const BENCH_USAGE = `npm run bench [-- <name>…]
  Runs the measurements of bench/ (all, or the named ones) one after the other. Each prints one JSON line to standard output.`;

const BENCH_FOLDER = 'bench';
const BENCH_SUFFIX = /\.bench\.m?js$/;

export function test(args: readonly string[]): Promise<number> {
  if (args.includes('--help')) throw new HelpRequested(TEST_USAGE);
  const env = isolatedEnv(process.env);
  if (args.includes('--long')) env.TEST_LONG = '1';
  const jestArgs = args.filter((arg) => arg !== '--long');
  return runNode(['node_modules/jest/bin/jest.js', `--maxWorkers=${TEST_WORKERS}`, ...jestArgs], { ...env, NODE_ENV: 'test' });
}

/** Returns the highest exit code of the measurements. */
export async function bench(args: readonly string[]): Promise<number> {
  if (args.includes('--help')) throw new HelpRequested(BENCH_USAGE);
  const files = existsSync(BENCH_FOLDER)
    ? readdirSync(BENCH_FOLDER)
        .filter((file) => BENCH_SUFFIX.test(file))
        .sort()
    : [];
  const known = files.map((file) => file.replace(BENCH_SUFFIX, ''));
  const unknown = args.filter((name) => !known.includes(name));
  if (unknown.length > 0) {
    throw new UsageError(`There is no measurement ${unknown.join(', ')}; known: ${known.join(', ') || 'none'}`, BENCH_USAGE);
  }
  let worst = 0;
  for (const file of files) {
    if (args.length > 0 && !args.includes(file.replace(BENCH_SUFFIX, ''))) continue;
    worst = Math.max(worst, await runNode([join(BENCH_FOLDER, file)], { ...process.env, ARCADIA_ENV_FILE: '' }));
  }
  return worst;
}

/** Runs a script to its end on our own terminal and returns its exit code. Signals to this process are passed on to the script. */
async function runNode(args: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  const child = spawn(process.execPath, args, { env, stdio: 'inherit' });
  const pass = (signal: NodeJS.Signals) => child.kill(signal);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, pass);
  const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.off(signal, pass);
  return code ?? 128 + (signal ? constants.signals[signal] : 0);
}

import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort, isPortFree } from '../ports';
import { commandLine, isAlive } from '../process-identity';
import type { Binaries } from './binaries';
import { serverEnvironment, type Cluster, type Durability } from './cluster';
import { EmbeddedPostgresError } from '../local-stack.errors';

export interface Launch {
  readonly binaries: Binaries;
  readonly cluster: Cluster;
  readonly logFile: string;
  readonly durability: Durability;
  /** Replaced by another port when it stays in use; with `mustBeThatPort` never, because clients know it. */
  readonly wishedPort: number;
  readonly mustBeThatPort: boolean;
}

/** The content of `postmaster.pid`. */
export interface Postmaster {
  readonly pid: number;
  readonly port: number;
  /** PostgreSQL's own word for: it accepts connections, or is about to end. */
  readonly ready: boolean;
}

const TRIES = 6;
/** A previous server of ours may need a moment to leave its port. */
const SAME_PORT_TRIES = 2;
const BETWEEN_TRIES_MS = 300;
const POLL_MS = 10;
/** Recovery after a crash replays at most a few checkpoints of log. A server that needs longer is broken. */
const START_LIMIT_MS = 60_000;
const LOG_LIMIT_BYTES = 10 * 1024 * 1024;

const SETTINGS = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  max_connections: '400',
  timezone: 'UTC',
  log_timezone: 'UTC',
};
const THROWAWAY_SETTINGS = { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off', autovacuum_naptime: '5min' };

/** Returns a server that accepts connections on the cluster: one that a killed launcher left running there, else a new one. */
export async function launchServer(launch: Launch): Promise<Postmaster & { adopted: boolean }> {
  const { cluster, logFile, wishedPort, mustBeThatPort } = launch;
  for (let attempt = 1; attempt <= TRIES; attempt++) {
    const running = runningPostmaster(cluster.dataDir);
    if (running && (await becomesReady(cluster.dataDir, running.pid)))
      return { ...(readPostmaster(cluster.dataDir) ?? running), adopted: true };
    const port = mustBeThatPort || attempt <= SAME_PORT_TRIES ? wishedPort : await freePort();
    const pid = await spawnServer(launch, port);
    if (await becomesReady(cluster.dataDir, pid)) return { pid, port, ready: true, adopted: false };
    await sleep(BETWEEN_TRIES_MS); // another program took the port meanwhile, or a previous server is still ending
  }
  throw new EmbeddedPostgresError(
    'embedded_postgres_data_unusable',
    `PostgreSQL does not start on ${cluster.dataDir} (${lastLine(logFile)}): see ${logFile}, then restore the folder from a backup, or move it away to begin with an empty database`,
  );
}

/** The port of the server that already runs there; else the wished one (0: any) if it is free; else a free one. */
export async function probablePort(dataDir: string, wished: number): Promise<number> {
  const running = runningPostmaster(dataDir);
  if (running && running.port > 0) return running.port;
  return wished > 0 && (await isPortFree(wished)) ? wished : freePort();
}

/** Lines of `postmaster.pid` (PostgreSQL source, miscadmin.h): 1 pid, 4 port, 8 status padded with blanks. The last ones appear late. */
function readPostmaster(dataDir: string): Postmaster | undefined {
  let lines: string[];
  try {
    lines = readFileSync(join(dataDir, 'postmaster.pid'), 'utf8').split('\n');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  const pid = Number(lines[0]);
  return Number.isInteger(pid) && pid > 0 ? { pid, port: Number(lines[3] ?? 0), ready: lines[7]?.trim() === 'ready' } : undefined;
}

/**
 * The server that runs on this data directory, if one does. Deletes the file of a dead server when its pid now belongs to another program,
 * because PostgreSQL would then refuse to start. Pids repeat after the restart of a container.
 */
export function runningPostmaster(dataDir: string): Postmaster | undefined {
  const noted = readPostmaster(dataDir);
  if (!noted || !isAlive(noted.pid)) return undefined;
  if (commandLine(noted.pid).includes(`-D ${dataDir} `)) return noted;
  rmSync(join(dataDir, 'postmaster.pid'), { force: true });
  return undefined;
}

/** A durable server gets its own process group: Ctrl-C goes to the terminal's whole group and must not stop the database first. */
function spawnServer({ binaries, cluster, logFile, durability }: Launch, port: number): Promise<number> {
  const settings = { ...SETTINGS, port: String(port), ...(durability === 'throwaway' ? THROWAWAY_SETTINGS : {}) };
  const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const log = openLog(logFile);
  return new Promise<number>((resolve, reject) => {
    const child = spawn(binaries.postgres, ['-D', cluster.dataDir, ...flags], {
      ...cluster.account,
      cwd: cluster.dataDir,
      env: serverEnvironment(),
      detached: durability === 'durable',
      stdio: ['ignore', log, log],
    });
    child.once('error', ({ message }) =>
      reject(
        new EmbeddedPostgresError(
          'embedded_postgres_unsupported',
          `The embedded PostgreSQL cannot run on this machine (${message}): set DATABASE_URL to a PostgreSQL server of your own`,
        ),
      ),
    );
    child.once('spawn', () => resolve(child.pid ?? 0));
    child.unref();
  }).finally(() => closeSync(log));
}

/** False when the process ended before it was ready. Throws when it neither gets ready nor ends. */
async function becomesReady(dataDir: string, pid: number): Promise<boolean> {
  const deadline = Date.now() + START_LIMIT_MS;
  for (;;) {
    const noted = readPostmaster(dataDir);
    if (noted?.pid === pid && noted.ready) return isAlive(pid);
    if (!isAlive(pid)) return false;
    if (Date.now() > deadline) {
      throw new EmbeddedPostgresError(
        'embedded_postgres_start_failed',
        `PostgreSQL (pid ${pid}) on ${dataDir} is not ready after ${START_LIMIT_MS / 1000} s: read its log before you end it`,
      );
    }
    await sleep(POLL_MS);
  }
}

/** Appends to the log. A log that has grown large is renamed to `.old`, and a new one begins. */
function openLog(logFile: string): number {
  if ((statSync(logFile, { throwIfNoEntry: false })?.size ?? 0) > LOG_LIMIT_BYTES) renameSync(logFile, `${logFile}.old`);
  return openSync(logFile, 'a', 0o600);
}

/** The server's own reason for its end, which goes into the one sentence of the error. */
function lastLine(logFile: string): string {
  const lines = readFileSync(logFile, 'utf8').trim().split('\n');
  const reason = lines.findLast((line) => /FATAL|PANIC|could not|No such file/.test(line)) ?? lines.at(-1) ?? '';
  return reason.replace(/^.*?(FATAL|PANIC): +/, '');
}

import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync, renameSync, statSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { isAlive } from '../processes/process-identity';
import { freePort, isPortFree } from '../processes/ports';
import type { Binaries } from './binaries';
import type { Cluster } from './cluster';
import { EmbeddedPostgresError } from './embedded-postgres.error';
import { readPostmaster, runningPostmaster, type Postmaster } from './postmaster';
import { serverArguments, serverEnvironment, type Durability } from './server-settings';

export interface Launch {
  readonly binaries: Binaries;
  readonly cluster: Cluster;
  readonly logFile: string;
  readonly durability: Durability;
  /** Given up when it stays taken; with `mustBeThatPort` never, since clients know it. */
  readonly wishedPort: number;
  readonly mustBeThatPort: boolean;
}

const TRIES = 6;
/** An old server of ours may need a moment to leave its port. */
const SAME_PORT_TRIES = 2;
const BETWEEN_TRIES_MS = 300;
const POLL_MS = 10;
/** Recovery after a crash replays at most a few checkpoints of log; a server that is silent longer is broken. */
const START_LIMIT_MS = 60_000;
const LOG_LIMIT_BYTES = 10 * 1024 * 1024;

/** A server that accepts connections on the cluster: the one that already runs there (left by a killed launcher), else a new one. */
export async function launchServer(launch: Launch): Promise<Postmaster & { adopted: boolean }> {
  const { cluster, logFile, wishedPort, mustBeThatPort } = launch;
  for (let attempt = 1; attempt <= TRIES; attempt++) {
    const left = runningPostmaster(cluster.dataDir);
    if (left && (await becomesReady(cluster.dataDir, left.pid))) return { ...(readPostmaster(cluster.dataDir) ?? left), adopted: true };
    const port = mustBeThatPort || attempt <= SAME_PORT_TRIES ? wishedPort : await freePort();
    const pid = await spawnServer(launch, port);
    if (await becomesReady(cluster.dataDir, pid)) return { pid, port, ready: true, adopted: false };
    await sleep(BETWEEN_TRIES_MS); // the port was taken meanwhile, or an old server is still dying
  }
  throw new EmbeddedPostgresError(
    'embedded_postgres_data_unusable',
    `PostgreSQL does not start on ${cluster.dataDir} (${lastLine(logFile)}): see ${logFile}, then restore the folder from a backup, or move it away to begin with an empty database`,
  );
}

/** The port of the server that already runs there, else the wished one (0: any) if it is free, else one that is. */
export async function probablePort(dataDir: string, wished: number): Promise<number> {
  const left = runningPostmaster(dataDir);
  if (left && left.port > 0) return left.port;
  return wished > 0 && (await isPortFree(wished)) ? wished : freePort();
}

/** Durable servers get a process group of their own: Ctrl-C goes to the whole group of the terminal and must not stop the database first. */
function spawnServer({ binaries, cluster, logFile, durability }: Launch, port: number): Promise<number> {
  const log = openLog(logFile);
  return new Promise<number>((resolve, reject) => {
    const child = spawn(binaries.postgres, serverArguments(cluster.dataDir, port, durability), {
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

/** False when the process ended without having served. Throws when it neither serves nor ends. */
async function becomesReady(dataDir: string, pid: number): Promise<boolean> {
  const deadline = Date.now() + START_LIMIT_MS;
  for (;;) {
    const noted = readPostmaster(dataDir);
    if (noted?.pid === pid && noted.ready) return isAlive(pid);
    if (!isAlive(pid)) return false;
    if (Date.now() > deadline) {
      throw new EmbeddedPostgresError(
        'embedded_postgres_start_failed',
        `PostgreSQL (pid ${pid}) on ${dataDir} is not ready after ${START_LIMIT_MS / 1000} s: look into its log before you end it`,
      );
    }
    await sleep(POLL_MS);
  }
}

/** Appended to; begun afresh when it has grown large, with the old one kept beside it. */
function openLog(logFile: string): number {
  if ((statSync(logFile, { throwIfNoEntry: false })?.size ?? 0) > LOG_LIMIT_BYTES) renameSync(logFile, `${logFile}.old`);
  return openSync(logFile, 'a', 0o600);
}

/** The server's own reason, for the one sentence that people read first. */
function lastLine(logFile: string): string {
  const lines = readFileSync(logFile, 'utf8').trim().split('\n');
  const telling = lines.findLast((line) => /FATAL|PANIC|could not|No such file/.test(line)) ?? lines.at(-1) ?? '';
  return telling.replace(/^.*?(FATAL|PANIC): +/, '');
}

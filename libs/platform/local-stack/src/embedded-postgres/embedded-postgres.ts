import { lstatSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from 'pg';
import { isAlive } from '../process-identity';
import { findBinaries } from './binaries';
import { initialise, openCluster, OWNER_ROLE, readPasswords, type Durability, type Passwords } from './cluster';
import { EmbeddedPostgresError } from '../local-stack.errors';
import { clusterFolder, serverAccount } from './os-account';
import { launchServer, probablePort, runningPostmaster, type Launch, type Postmaster } from './server';

export interface EmbeddedPostgresOptions {
  /** Contains the cluster (`postgres`), its log and its passwords; created when missing. */
  readonly homeDir: string;
  /** Created when missing. */
  readonly databases: readonly string[];
  readonly durability: Durability;
  /** Another port is used without a message when this one is in use; 0: any. */
  readonly wishedPort?: number;
  /**
   * Called before the server is ready, with the address that it will almost certainly have, so that clients which wait by themselves can
   * start meanwhile. If another program takes the port first, `appUrl` of the started server differs from it.
   */
  readonly onAddress?: (appUrl: (database: string) => string) => void;
}

export interface RunningEmbeddedPostgres {
  ownerUrl(database: string): string;
  appUrl(database: string): string;
}

const DEFAULT_PORT = 54329;
const STOP_LIMIT_MS = 20_000;

/** Api and worker log in as this role. It owns nothing and cannot bypass row security; the migrations grant it what it needs. */
const APP_ROLE = 'arcadia_app';

/** The driver takes 70 ms to load, so the start loads it while the server starts. */
const loadDriver = () => import('pg');

/** A PostgreSQL server from npm's binaries on a folder of ours. It outlives a killed launcher; the next `start` on the folder adopts it. */
export class EmbeddedPostgres {
  private constructor(
    private readonly launch: Launch,
    private current: { pid: number; port: number },
    /** The server was running already, because a launcher was killed. */
    readonly adopted: boolean,
  ) {}

  /** Ready for clients when this resolves. Throws EmbeddedPostgresError with a message for the operator. */
  static async start({
    homeDir,
    databases,
    durability,
    wishedPort = DEFAULT_PORT,
    onAddress,
  }: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
    const account = serverAccount();
    const binaries = findBinaries(account);
    const cluster = openCluster(homeDir, clusterFolder(homeDir, account), account);
    const launch: Launch = {
      binaries,
      cluster,
      logFile: join(homeDir, 'postgres.log'),
      durability,
      wishedPort: await probablePort(cluster.dataDir, wishedPort),
      mustBeThatPort: false,
    };
    onAddress?.((database) => appUrl(cluster.passwords, launch.wishedPort, database));
    if (cluster.fresh) await initialise(cluster, binaries, durability);
    const [{ pid, port, adopted }] = await Promise.all([launchServer(launch), loadDriver()]);
    const server = new EmbeddedPostgres({ ...launch, wishedPort: port, mustBeThatPort: true }, { pid, port }, adopted);
    try {
      await server.prepare(databases);
    } catch (error) {
      if (!adopted) await server.stop();
      throw error;
    }
    return server;
  }

  get dataDir(): string {
    return this.launch.cluster.dataDir;
  }

  get port(): number {
    return this.current.port;
  }

  get pid(): number {
    return this.current.pid;
  }

  /** Superuser: migrations and test set-up only. */
  ownerUrl(database: string): string {
    return ownerUrl(this.launch.cluster.passwords, this.port, database);
  }

  /** For api and worker. */
  appUrl(database: string): string {
    return appUrl(this.launch.cluster.passwords, this.port, database);
  }

  isRunning(): boolean {
    return isAlive(this.current.pid);
  }

  /** Starts the server again after it was killed, on the same port, which its clients know. */
  async revive(): Promise<void> {
    const { pid, port } = await launchServer(this.launch);
    this.current = { pid, port };
  }

  /** Fast shutdown: open transactions are rolled back, everything committed is on disk. Does nothing when it has ended already. */
  async stop(): Promise<void> {
    const { pid } = this.current;
    for (const signal of ['SIGINT', 'SIGQUIT'] as const) {
      if (!this.isRunning()) return;
      process.kill(pid, signal);
      const deadline = Date.now() + STOP_LIMIT_MS;
      while (this.isRunning() && Date.now() < deadline) await sleep(5);
    }
  }

  /** Throws when the port belongs to another server: the port may come from an outdated file, and only the server on our folder counts. */
  private async prepare(databases: readonly string[]): Promise<void> {
    const { cluster, logFile } = this.launch;
    const { Client } = await loadDriver();
    const client = new Client({ connectionString: this.ownerUrl('postgres'), connectionTimeoutMillis: STOP_LIMIT_MS });
    client.on('error', () => undefined);
    try {
      await client.connect();
      const { rows } = await client.query<{ data_directory: string }>('show data_directory');
      const served = rows[0]?.data_directory ?? '';
      if (realpathSync(served) !== cluster.dataDir) throw new Error(`the server on port ${this.port} runs on ${served}`);
      await ensureAppRole(client, cluster.passwords);
      for (const name of databases) await ensureDatabase(client, name);
    } catch (error) {
      throw new EmbeddedPostgresError(
        'embedded_postgres_data_unusable',
        `The database in ${cluster.dataDir} cannot be used (${(error as Error).message}): see ${logFile}, then restore the folder from a backup, or move it away to begin with an empty database`,
      );
    } finally {
      await client.end().catch(() => undefined);
    }
  }
}

/** The server that another process runs on this folder, or undefined. Changes nothing. */
export function readRunning(homeDir: string): RunningEmbeddedPostgres | undefined {
  const server = serverOf(homeDir);
  const passwords = server && readPasswords(homeDir);
  if (!server || !passwords) return undefined;
  return {
    ownerUrl: (database) => ownerUrl(passwords, server.port, database),
    appUrl: (database) => appUrl(passwords, server.port, database),
  };
}

/** Begins a fast shutdown of the server that runs on this folder, also of one that is still starting, and does not wait for its end. */
export function requestShutdown(homeDir: string): void {
  const server = serverOf(homeDir);
  if (!server) return;
  try {
    process.kill(server.pid, 'SIGINT');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error; // it ended meanwhile
  }
}

function serverOf(homeDir: string): Postmaster | undefined {
  const dataDir = join(homeDir, 'postgres');
  return lstatSync(dataDir, { throwIfNoEntry: false }) && runningPostmaster(realpathSync(dataDir));
}

/** Creates the app's role or sets its password. The statements contain the password, so the server must not log them. */
async function ensureAppRole(owner: Client, passwords: Passwords): Promise<void> {
  const { escapeIdentifier, escapeLiteral } = await loadDriver();
  const role = escapeIdentifier(APP_ROLE);
  await owner.query("set log_min_error_statement = 'panic'; set log_min_duration_statement = -1; set log_statement = 'none'");
  const known = await owner.query('select 1 from pg_roles where rolname = $1', [APP_ROLE]);
  const attributes = `login nosuperuser nobypassrls nocreatedb nocreaterole password ${escapeLiteral(passwords.app)}`;
  await owner.query(`${known.rowCount === 0 ? 'create' : 'alter'} role ${role} ${attributes}`);
}

/** Creates a database owned by the owner's role unless it exists. One launcher per cluster calls this, so there is no race. */
async function ensureDatabase(owner: Client, name: string): Promise<void> {
  const { escapeIdentifier } = await loadDriver();
  const known = await owner.query('select 1 from pg_database where datname = $1', [name]);
  if (known.rowCount === 0) await owner.query(`create database ${escapeIdentifier(name)} template template0`);
}

function ownerUrl(passwords: Passwords, port: number, database: string): string {
  return urlOf(OWNER_ROLE, passwords.owner, port, database);
}

function appUrl(passwords: Passwords, port: number, database: string): string {
  return urlOf(APP_ROLE, passwords.app, port, database);
}

/** The server has no certificate, so PGSSLMODE, which is meant for other servers, must not require one. */
function urlOf(role: string, password: string, port: number, database: string): string {
  return `postgres://${role}:${password}@127.0.0.1:${port}/${database}?sslmode=disable`;
}

import { realpathSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isAlive } from '../processes/process-identity';
import { findBinaries } from './binaries';
import { initialise, openCluster } from './cluster';
import { EmbeddedPostgresError } from './embedded-postgres.error';
import { clusterFolder } from './folders';
import { launchServer, probablePort, type Launch } from './launch';
import { serverAccount } from './os-account';
import { appUrl, ensureAppRole, ensureDatabase, loadDriver, ownerUrl } from './roles';
import type { Durability } from './server-settings';

export interface EmbeddedPostgresOptions {
  /** Holds the cluster (`postgres`), its log and its passwords; made when missing. */
  readonly homeDir: string;
  /** Made when missing. */
  readonly databases: readonly string[];
  readonly durability: Durability;
  /** Another one is taken in silence when this one is in use; 0: any. */
  readonly wishedPort?: number;
  /**
   * Called before the server is there with the address that it will almost certainly have, so that clients which wait by themselves may start
   * meanwhile. When somebody takes the port first, `appUrl` of the started server differs from it.
   */
  readonly onAddress?: (appUrl: (database: string) => string) => void;
}

const DEFAULT_PORT = 54329;
const STOP_LIMIT_MS = 20_000;

/** A PostgreSQL server from npm's binaries on a folder of ours. It outlives a killed launcher, and the next `start` on the folder adopts it. */
export class EmbeddedPostgres {
  private constructor(
    private readonly launch: Launch,
    private current: { pid: number; port: number },
    /** It was running already, left by a launcher that was killed. */
    readonly adopted: boolean,
  ) {}

  /** Ready for clients when this resolves. Throws EmbeddedPostgresError, whose message tells people what to do. */
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

  /** What api and worker use. */
  appUrl(database: string): string {
    return appUrl(this.launch.cluster.passwords, this.port, database);
  }

  isRunning(): boolean {
    return isAlive(this.current.pid);
  }

  /** Starts the server again on the same port after it was killed, so that clients find it where it was. */
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

  /** A stranger's server may listen on a port that we read from an old file: only the one that runs on our folder counts. */
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

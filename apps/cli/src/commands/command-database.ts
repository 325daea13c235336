import { openConfig } from '#libs/config';
import { DataDirLock, EmbeddedPostgres, planStart, readRunning } from '#libs/local-stack';

/** The database of a command. At least one of the two URLs is known. */
export interface CommandDatabase {
  /** With the role of api and worker. */
  readonly appUrl: string | undefined;
  /** With the role that owns the tables. */
  readonly ownerUrl: string | undefined;
  readonly production: boolean;
  /** `EVENT_RETENTION_DAYS` [INV-14]. */
  readonly eventRetentionDays: number;
}

/**
 * Opens the database of the environment: DATABASE_URL and DATABASE_OWNER_URL; without both the embedded PostgreSQL of DATA_DIR. If
 * `npm start` does not run that server, it is started for the duration of `work`.
 */
export async function withCommandDatabase<T>(work: (database: CommandDatabase) => Promise<T>): Promise<T> {
  const { config } = await openConfig(process.env, 'migration');
  const { production } = config;
  const { eventRetentionDays } = config.inventory;
  const { externalDatabase, dataDir, database } = planStart(process.env);
  const ownerUrl = config.database.ownerUrl?.();
  if (externalDatabase || ownerUrl !== undefined) {
    endOnSignals();
    return work({ appUrl: externalDatabase ? config.database.url() : undefined, ownerUrl, production, eventRetentionDays });
  }
  const running = readRunning(dataDir);
  if (running) return work({ appUrl: running.appUrl(database), ownerUrl: running.ownerUrl(database), production, eventRetentionDays });
  const lock = await DataDirLock.acquire(dataDir);
  try {
    const server = await EmbeddedPostgres.start({ homeDir: dataDir, databases: [database], durability: 'durable' });
    try {
      return await work({ appUrl: server.appUrl(database), ownerUrl: server.ownerUrl(database), production, eventRetentionDays });
    } finally {
      await server.stop();
    }
  } finally {
    lock.release();
  }
}

/** The first process of a container gets only signals that it listens to. Open transactions roll back; commands can be repeated. */
function endOnSignals(): void {
  for (const [signal, exitCode] of [
    ['SIGTERM', 143],
    ['SIGINT', 130],
  ] as const) {
    if (process.listenerCount(signal) === 0) process.once(signal, () => process.exit(exitCode));
  }
}

import { openConfig } from '#libs/config';
import { DataDirLock, EmbeddedPostgres, planStart, readRunning } from '#libs/local-stack';

/** The database that a command works on. At least one of the two is known. */
export interface CommandDatabase {
  /** As api and worker log in. */
  readonly appUrl: string | undefined;
  /** As whoever owns the tables logs in. */
  readonly ownerUrl: string | undefined;
  readonly production: boolean;
  /** `EVENT_RETENTION_DAYS` (INV-14). */
  readonly eventRetentionDays: number;
}

/**
 * Finds the database that the environment means: DATABASE_URL and DATABASE_OWNER_URL; without both the embedded PostgreSQL of DATA_DIR,
 * which is started for as long as `work` takes when `npm start` does not have it running.
 */
export async function withCommandDatabase<T>(work: (database: CommandDatabase) => Promise<T>): Promise<T> {
  const { config } = await openConfig(process.env, 'migration');
  const { production } = config;
  const { eventRetentionDays } = config.inventory;
  const { externalDatabase, dataDir, database } = planStart(process.env);
  const ownerUrl = config.database.ownerUrl?.();
  if (externalDatabase || ownerUrl !== undefined) {
    hearSignals();
    return work({ appUrl: externalDatabase ? config.database.url() : undefined, ownerUrl, production, eventRetentionDays });
  }
  const running = readRunning(dataDir);
  if (running) return work({ appUrl: running.appUrl(database), ownerUrl: running.ownerUrl(database), production, eventRetentionDays });
  const lock = await DataDirLock.take(dataDir);
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

/** The first process of a container hears only signals that it listens to. What is under way is rolled back: every command may be run again. */
function hearSignals(): void {
  for (const [signal, exitCode] of [
    ['SIGTERM', 143],
    ['SIGINT', 130],
  ] as const) {
    if (process.listenerCount(signal) === 0) process.once(signal, () => process.exit(exitCode));
  }
}

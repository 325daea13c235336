import { ADVISORY_LOCKS } from './advisory-locks';
import { SERVICE_ROLE } from './connection-string';
import { migrations } from './migrations';
import { MIGRATIONS_TABLE } from './schema-version';
import { prepareServiceRole } from './service-role';

export interface MigrateOptions {
  /** The URL that api and worker will log in with; its role becomes a member of the service role. */
  appUrl?: string;
  log?: (line: string) => void;
}

/**
 * Applies what is missing, each migration in a transaction of its own, and answers the names of those it applied.
 * Any number of processes may call it at once: they take turns under an advisory lock and each migration runs once (OPS-5).
 */
export async function migrate(ownerUrl: string, { appUrl, log }: MigrateOptions = {}): Promise<string[]> {
  const { DataSource } = await import('typeorm');
  const source = new DataSource({
    type: 'postgres',
    url: ownerUrl,
    migrations,
    migrationsTableName: MIGRATIONS_TABLE,
    migrationsTransactionMode: 'each',
    synchronize: false,
    poolSize: 2,
  });
  await source.initialize();
  const holder = source.createQueryRunner();
  try {
    await holder.query(`select pg_advisory_lock(${ADVISORY_LOCKS.migration})`);
    await prepareServiceRole(holder, appUrl ?? ownerUrl);
    const applied = await source.runMigrations();
    await holder.query(`grant select on ${MIGRATIONS_TABLE} to ${SERVICE_ROLE}`);
    for (const migration of applied) log?.(`applied ${migration.name}`);
    return applied.map((migration) => migration.name);
  } finally {
    await holder.query(`select pg_advisory_unlock(${ADVISORY_LOCKS.migration})`).catch(() => undefined);
    await holder.release();
    await source.destroy();
  }
}

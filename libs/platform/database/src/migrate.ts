import { ADVISORY_LOCKS } from './advisory-locks';
import { SERVICE_ROLE } from './connection-string';
import { migrations } from './migrations';
import { applyRepeatableSql, type RepeatableSql } from './repeatable-sql';
import { MIGRATIONS_TABLE } from './schema-version';
import { prepareServiceRole } from './service-role';

export interface MigrateOptions {
  /** The URL that api and worker log in with; its role becomes a member of the service role. */
  appUrl?: string;
  /** The functions and views of all libraries, in the order in which they need each other. The composition of the app collects them. */
  repeatable?: readonly RepeatableSql[];
  log?: (line: string) => void;
}

/**
 * Applies the missing migrations, each in a transaction of its own, and then the changed functions and views in one; returns their names.
 * Any number of processes may call it at once: an advisory lock serialises them, and each migration runs once. [OPS-5]
 */
export async function migrate(ownerUrl: string, { appUrl, repeatable = [], log }: MigrateOptions = {}): Promise<string[]> {
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
  const lockRunner = source.createQueryRunner();
  try {
    await lockRunner.query(`select pg_advisory_lock(${ADVISORY_LOCKS.migration})`);
    await prepareServiceRole(lockRunner, appUrl ?? ownerUrl);
    const applied = await source.runMigrations();
    await lockRunner.query(`grant select on ${MIGRATIONS_TABLE} to ${SERVICE_ROLE}`);
    for (const migration of applied) log?.(`applied ${migration.name}`);
    const known = migrations.map(({ name }) => name);
    const replaced = await applyRepeatableSql(lockRunner, repeatable, known);
    for (const name of replaced) log?.(`created or replaced ${name}`);
    return [...applied.map((migration) => migration.name), ...replaced];
  } finally {
    await lockRunner.query(`select pg_advisory_unlock(${ADVISORY_LOCKS.migration})`).catch(() => undefined);
    await lockRunner.release();
    await source.destroy();
  }
}

import { escapeIdentifier, escapeLiteral } from 'pg';
import { lockSession, unlockSession } from './advisory-locks';
import { SERVICE_ROLE } from './connection-string';
import { ServiceRoleRequiredError } from './database.errors';
import { migrations } from './migrations';
import { applyRepeatableSql, type RepeatableSql } from './repeatable-sql';
import { MIGRATIONS_TABLE } from './schema-version';

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
    await lockSession(lockRunner, 'migration');
    await prepareServiceRole(lockRunner, appUrl ?? ownerUrl);
    const applied = await source.runMigrations();
    await lockRunner.query(`grant select on ${MIGRATIONS_TABLE} to ${SERVICE_ROLE}`);
    for (const migration of applied) log?.(`applied ${migration.name}`);
    const known = migrations.map(({ name }) => name);
    const replaced = await applyRepeatableSql(lockRunner, repeatable, known);
    for (const name of replaced) log?.(`created or replaced ${name}`);
    return [...applied.map((migration) => migration.name), ...replaced];
  } finally {
    await unlockSession(lockRunner, 'migration').catch(() => undefined);
    await lockRunner.release();
    await source.destroy();
  }
}

interface Runner {
  query(text: string, values?: unknown[]): Promise<unknown>;
}

/** Roles belong to the cluster, advisory locks to one database, so `migrate` of another database may create the role at the same time. */
const RACES = new Set(['42710', '23505', 'XX000']);
const NO_RIGHT = '42501';

/**
 * Creates the group role that all processes assume, and grants it to the login role of `appUrl`. Existing roles and grants stay unchanged.
 * Throws `ServiceRoleRequiredError` when a missing role or grant cannot be created for lack of rights.
 */
export async function prepareServiceRole(runner: Runner, appUrl: string): Promise<void> {
  const login = decodeURIComponent(new URL(appUrl).username);
  const create = `create role ${SERVICE_ROLE} nologin nobypassrls;`;
  const admit = login === '' ? [] : [`grant ${SERVICE_ROLE} to ${escapeIdentifier(login)};`];
  await ensure(runner, `not exists (select 1 from pg_roles where rolname = '${SERVICE_ROLE}')`, create, [create, ...admit]);
  for (const grant of admit) await ensure(runner, `not ${mayAssumeServiceRole(login)}`, grant, [grant]);
  await runner.query(`grant usage on schema public to ${SERVICE_ROLE}`);
}

/** From PostgreSQL 16 on, a member may lack the right to assume the role; the role's creator lacks it by default. */
function mayAssumeServiceRole(login: string): string {
  const right = `case when current_setting('server_version_num')::int >= 160000 then 'set' else 'member' end`;
  return `pg_has_role(${escapeLiteral(login)}, '${SERVICE_ROLE}', ${right})`;
}

/** `needed`: the statements that the administrator has to run when we lack the right. */
async function ensure(runner: Runner, condition: string, statement: string, needed: readonly string[]): Promise<void> {
  const guarded = `do ${escapeLiteral(`begin if ${condition} then ${statement} end if; end`)}`;
  try {
    await runner.query(guarded).catch((error: unknown) => {
      if (!RACES.has(sqlState(error))) throw error;
      return runner.query(guarded);
    });
  } catch (error) {
    throw sqlState(error) === NO_RIGHT ? new ServiceRoleRequiredError(needed) : error;
  }
}

function sqlState(error: unknown): string {
  return typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : '';
}

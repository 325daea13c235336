import { randomBytes } from 'node:crypto';
import { Client, escapeIdentifier } from 'pg';
import type * as MigrateCommand from '../../apps/cli/src/commands/migrate';
import { currentTestRun, databasePrefix } from './run/test-run';

/** A migrated database for one test file. */
export interface TestDatabase {
  /** The connection string of a superuser, which bypasses row security and prepares data. */
  readonly ownerUrl: string;
  /** The connection string of api and worker, without ownership and without BYPASSRLS. */
  readonly appUrl: string;
  /** Closes all connections and deletes the database. */
  drop(): Promise<void>;
}

/** An arbitrary lock number in the server's maintenance database. One jest worker of a run creates the template while the others wait. */
const TEMPLATE_LOCK = 7_201_522;

/** Tenants that every test database knows: a token of any other one reads no rows and may change nothing. */
const TEST_TENANTS = [
  'acme',
  'birch',
  'bird',
  'carol',
  'cedar',
  'dora',
  'emil',
  'fern',
  'globex',
  'newco',
  'other',
  'repeating',
  'served',
  'zed',
];

/** Clones the migrated template of the run. The first caller in any jest worker creates the template. */
export async function createTestDatabase(): Promise<TestDatabase> {
  const run = currentTestRun();
  const name = `${databasePrefix(run.id)}${randomBytes(6).toString('hex')}`;
  await asOwner(async (owner) => {
    const template = await ensureTemplate(owner);
    await owner.query(`create database ${escapeIdentifier(name)} template ${escapeIdentifier(template)}`);
  });
  return {
    ownerUrl: urlOf(name),
    appUrl: urlOf(name, 'app'),
    drop: () => asOwner((owner) => owner.query(`drop database if exists ${escapeIdentifier(name)} with (force)`)),
  };
}

/** Creates an empty database without migrations, for the tests of migrations. */
export async function createEmptyDatabase(): Promise<TestDatabase> {
  const name = `${databasePrefix(currentTestRun().id)}${randomBytes(6).toString('hex')}`;
  await asOwner((owner) => owner.query(`create database ${escapeIdentifier(name)} template template0`));
  return {
    ownerUrl: urlOf(name),
    appUrl: urlOf(name, 'app'),
    drop: () => asOwner((owner) => owner.query(`drop database if exists ${escapeIdentifier(name)} with (force)`)),
  };
}

/** Copies the database within the same server. Closes all connections to the original. */
export async function copyOfDatabase(original: TestDatabase): Promise<TestDatabase> {
  const from = new URL(original.ownerUrl).pathname.slice(1);
  const name = `${databasePrefix(currentTestRun().id)}${randomBytes(6).toString('hex')}`;
  await asOwner(async (owner) => {
    await owner.query(`alter database ${escapeIdentifier(from)} allow_connections false`);
    await owner.query('select pg_terminate_backend(pid) from pg_stat_activity where datname = $1', [from]);
    await owner.query(`create database ${escapeIdentifier(name)} template ${escapeIdentifier(from)}`);
    await owner.query(`alter database ${escapeIdentifier(from)} allow_connections true`);
  });
  return {
    ownerUrl: urlOf(name),
    appUrl: urlOf(name, 'app'),
    drop: () => asOwner((owner) => owner.query(`drop database if exists ${escapeIdentifier(name)} with (force)`)),
  };
}

/** The template mark of a database is set only after all of its migrations. */
async function ensureTemplate(owner: Client): Promise<string> {
  const template = `${databasePrefix(currentTestRun().id)}template`;
  await owner.query('select pg_advisory_lock($1)', [TEMPLATE_LOCK]);
  try {
    const made = await owner.query('select 1 from pg_database where datname = $1 and datistemplate', [template]);
    if (made.rowCount === 0) {
      await owner.query(`drop database if exists ${escapeIdentifier(template)} with (force)`);
      await owner.query(`create database ${escapeIdentifier(template)} template template0`);
      await migrateAll(urlOf(template), urlOf(template, 'app'));
      await registerTenants(urlOf(template), TEST_TENANTS);
      await owner.query(`alter database ${escapeIdentifier(template)} is_template true`);
    }
  } finally {
    await owner.query('select pg_advisory_unlock($1)', [TEMPLATE_LOCK]);
  }
  return template;
}

/** Migrates as `npm run migrate` does. The import is here so that test files with an existing template do not load it. */
export async function migrateAll(ownerUrl: string, appUrl: string): Promise<void> {
  const [{ migrate }, { prepareQueueSchema }] = await Promise.all([import('#libs/database'), import('#libs/queues')]);
  const command = '../../apps/cli/src/commands/migrate';
  const { REPEATABLE_SQL } = require(command) as typeof MigrateCommand; // eslint-disable-line @typescript-eslint/no-require-imports
  await migrate(ownerUrl, { appUrl, repeatable: REPEATABLE_SQL });
  await prepareQueueSchema(ownerUrl);
}

/** Registers tenants as an admin does, in a database that no process uses yet. */
export async function registerTenants(ownerUrl: string, ids: readonly string[]): Promise<void> {
  const insertion = `insert into tenants (id, name, source) select id, id, 'admin' from unnest($1::text[]) id on conflict do nothing`;
  await asOwner((owner) => owner.query(insertion, [ids]), ownerUrl);
}

/** Deletes all rows of these tables and of those that refer to them. A test that starts from empty tables needs no world of its own. */
export async function emptyTables(ownerUrl: string, ...tables: readonly string[]): Promise<void> {
  await asOwner((owner) => owner.query(`truncate ${tables.join()} cascade`), ownerUrl);
}

function urlOf(database: string, as: 'owner' | 'app' = 'owner'): string {
  const { ownerUrl, appRole, appPassword } = currentTestRun();
  const url = new URL(ownerUrl);
  url.pathname = `/${database}`;
  if (as === 'app') {
    url.username = appRole;
    url.password = appPassword;
  }
  return url.href;
}

async function asOwner(work: (owner: Client) => Promise<unknown>, connectionString = currentTestRun().ownerUrl): Promise<void> {
  const owner = new Client({ connectionString });
  await owner.connect();
  try {
    await work(owner);
  } finally {
    await owner.end();
  }
}

import { randomBytes } from 'node:crypto';
import { Client, escapeIdentifier } from 'pg';
import { currentTestRun, databasePrefix } from './test-run';

/** A migrated database of one test file's own. */
export interface TestDatabase {
  /** Superuser: for looking behind row security and for preparing data. */
  readonly ownerUrl: string;
  /** What api and worker use: no ownership, no BYPASSRLS. */
  readonly appUrl: string;
  /** Throws its connections out and removes it. */
  drop(): Promise<void>;
}

/** Any number; on the server's maintenance database it lets one jest worker of a run make the template while the others wait. */
const TEMPLATE_LOCK = 7_201_522;

/** Clones the run's migrated template (made by whoever comes first). Works in every jest worker. */
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

/** An empty database, not migrated: for the tests of migrations themselves. */
export async function createEmptyDatabase(): Promise<TestDatabase> {
  const name = `${databasePrefix(currentTestRun().id)}${randomBytes(6).toString('hex')}`;
  await asOwner((owner) => owner.query(`create database ${escapeIdentifier(name)} template template0`));
  return {
    ownerUrl: urlOf(name),
    appUrl: urlOf(name, 'app'),
    drop: () => asOwner((owner) => owner.query(`drop database if exists ${escapeIdentifier(name)} with (force)`)),
  };
}

/** Another database of the same server with what this one holds now. Throws the connections of this one out. */
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

/** Being marked as a template is the sign that its migrations are complete. */
async function ensureTemplate(owner: Client): Promise<string> {
  const template = `${databasePrefix(currentTestRun().id)}template`;
  await owner.query('select pg_advisory_lock($1)', [TEMPLATE_LOCK]);
  try {
    const made = await owner.query('select 1 from pg_database where datname = $1 and datistemplate', [template]);
    if (made.rowCount === 0) {
      await owner.query(`drop database if exists ${escapeIdentifier(template)} with (force)`);
      await owner.query(`create database ${escapeIdentifier(template)} template template0`);
      await migrateAll(urlOf(template), urlOf(template, 'app'));
      await owner.query(`alter database ${escapeIdentifier(template)} is_template true`);
    }
  } finally {
    await owner.query('select pg_advisory_unlock($1)', [TEMPLATE_LOCK]);
  }
  return template;
}

/** As `npm run migrate` does. Loaded here only: the test files that find the template made do not pay for it. */
export async function migrateAll(ownerUrl: string, appUrl: string): Promise<void> {
  const [{ migrate }, { prepareQueueSchema }] = await Promise.all([import('#libs/database'), import('#libs/queues')]);
  await migrate(ownerUrl, { appUrl });
  await prepareQueueSchema(ownerUrl);
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

async function asOwner(work: (owner: Client) => Promise<unknown>): Promise<void> {
  const owner = new Client({ connectionString: currentTestRun().ownerUrl });
  await owner.connect();
  try {
    await work(owner);
  } finally {
    await owner.end();
  }
}

import { mkdtempSync, existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from 'pg';
import { EmbeddedPostgres } from '../../libs/platform/local-stack/src/embedded-postgres/embedded-postgres';
import { createEmptyDatabase, createTestDatabase, type TestDatabase } from './database';
import { clearLeftovers } from './run/leftovers';
import { RUN_FOLDER_PREFIX } from './run/test-run';

async function rows<R extends object>(url: string, statement: string): Promise<R[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<R>(statement)).rows;
  } finally {
    await client.end();
  }
}

const MIGRATED = `select to_regclass('app_migrations') is not null as migrated`;

describe('a database of a test file', () => {
  const made: TestDatabase[] = [];
  afterEach(async () => {
    for (const database of made.splice(0)) await database.drop();
  });
  async function track(creating: Promise<TestDatabase>): Promise<TestDatabase> {
    const database = await creating;
    made.push(database);
    return database;
  }

  it('is migrated and separate from every other one', async () => {
    const [one, two] = await Promise.all([track(createTestDatabase()), track(createTestDatabase())]);
    await rows(one.ownerUrl, 'create table only_here ()');
    expect(await rows(two.ownerUrl, `${MIGRATED}, to_regclass('only_here') as other`)).toEqual([{ migrated: true, other: null }]);
  });

  it('gives the app a role that cannot bypass row security', async () => {
    const { appUrl } = await track(createTestDatabase());
    expect(await rows(appUrl, 'select rolsuper, rolbypassrls from pg_roles where rolname = current_user')).toEqual([
      { rolsuper: false, rolbypassrls: false },
    ]);
  });

  it('can be created without migrations', async () => {
    expect(await rows((await track(createEmptyDatabase())).ownerUrl, MIGRATED)).toEqual([{ migrated: false }]);
  });

  it('is deleted by drop, with and without open connections', async () => {
    const database = await createTestDatabase();
    const client = new Client({ connectionString: database.appUrl });
    client.on('error', () => undefined);
    await client.connect();
    await database.drop();
    await expect(rows(database.ownerUrl, 'select 1')).rejects.toMatchObject({ code: '3D000' });
    await client.end().catch(() => undefined);
  });
});

it('ends the server and deletes the folder of a run that was killed, at the start of the next run', async () => {
  const folder = mkdtempSync(`${RUN_FOLDER_PREFIX}killed-`);
  const server = await EmbeddedPostgres.start({ homeDir: folder, databases: [], durability: 'throwaway', wishedPort: 0 });
  writeFileSync(join(folder, 'run.json'), JSON.stringify({ pid: process.pid, started: 'earlier' }));
  await clearLeftovers();
  expect([server.isRunning(), existsSync(folder)]).toEqual([false, false]);
});

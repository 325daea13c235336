import { migrate, type Database } from '#libs/database';
import { Client } from 'pg';
import { createEmptyDatabase, type TestDatabase } from '../../support/database';
import { aDatabase } from '../../support/a-database';
import { migrateProcess } from '../../support/processes/migrate-process';

let empty: TestDatabase;
let owner: Client;
let database: Database;
let stop: AbortController;
beforeEach(async () => {
  stop = new AbortController();
  empty = await createEmptyDatabase();
  owner = new Client({ connectionString: empty.ownerUrl });
  await owner.connect();
  database = aDatabase(empty.appUrl);
});
afterEach(async () => {
  stop.abort();
  await database.close();
  await owner.end();
  await empty.drop();
});

async function applied(): Promise<string[]> {
  const { rows } = await owner.query<{ name: string }>('select name from app_migrations order by id');
  return rows.map(({ name }) => name);
}

it('applies each migration once when eight processes migrate an empty database at the same time [OPS-5]', async () => {
  const lines: string[] = [];
  const all = await Promise.all(
    Array.from({ length: 8 }, () => migrate(empty.ownerUrl, { appUrl: empty.appUrl, log: (line) => lines.push(line) })),
  );
  const names = await applied();
  expect(names.length).toBeGreaterThan(0);
  expect(new Set(names).size).toBe(names.length);
  expect(all.flat()).toEqual(names);
  expect(lines).toEqual(names.map((name) => `applied ${name}`));
  await database.waitForSchema(stop.signal);
});

it('changes nothing at the second run [OPS-5]', async () => {
  await migrate(empty.ownerUrl, { appUrl: empty.appUrl });
  await expect(migrate(empty.ownerUrl, { appUrl: empty.appUrl })).resolves.toEqual([]);
});

it('ends the wait for the schema once another process has created it [OPS-5]', async () => {
  let current = false;
  const waiting = database.waitForSchema(stop.signal).then(() => (current = true));
  await database.ping(); // the connection is open, so the missing schema has been noticed
  expect(current).toBe(false);
  const { code } = await migrateProcess({ DATABASE_OWNER_URL: empty.ownerUrl, DATABASE_URL: empty.appUrl });
  expect(code).toBe(0);
  await waiting;
  expect(current).toBe(true);
});

it('waits for a schema that lacks the last migration, but not for one with more migrations than this build knows [OPS-5]', async () => {
  await migrate(empty.ownerUrl, { appUrl: empty.appUrl });
  const last = (await applied()).at(-1);
  await owner.query('delete from app_migrations where name = $1', [last]);
  const early = new AbortController();
  const waiting = database.waitForSchema(early.signal);
  await database.ping();
  early.abort(new Error('still waiting'));
  await expect(waiting).rejects.toThrow('still waiting');
  await owner.query(`insert into app_migrations (timestamp, name) values (1, $1), (9999999999999, 'Future9999999999999')`, [last]);
  await expect(database.waitForSchema(stop.signal)).resolves.toBeUndefined();
});

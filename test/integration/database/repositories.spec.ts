import {
  dataSourceOn,
  DatabaseUnavailableError,
  queryableOf,
  sql,
  TenantTransaction,
  Transaction,
  withSession,
  type Database,
} from '#libs/database';
import type { DataSource, EntityManager } from 'typeorm';
import { Region } from '../../../libs/features/catalog/src/entities/region.entity';
import { createTestDatabase, type TestDatabase } from '../../support/database';
import { until } from '../../support/until';
import { aDatabase } from '../../support/a-database';

const FRA1 = { slug: 'fra1', name: 'Frankfurt 1', available: true };

let stored: TestDatabase;
let database: Database;
let source: DataSource;
let transaction: Transaction;
beforeEach(async () => {
  stored = await createTestDatabase();
  ({ database, source } = await open(stored.appUrl));
  transaction = new Transaction(database, source);
});
afterEach(async () => {
  await database.close();
  await stored.drop();
});

async function open(url: string): Promise<{ database: Database; source: DataSource }> {
  const opened = aDatabase(url);
  const repositories = dataSourceOn(opened.platformPool, { database: 'any', entities: [Region] });
  return { database: opened, source: await repositories.initialize() };
}

const pidOf = async (em: EntityManager) => (await em.query<{ pid: number }[]>('select pg_backend_pid() as pid'))[0]?.pid;

it('lets SQL of a transaction see what a repository has written in it, and commits both', async () => {
  await transaction.run(async (em) => {
    await em.insert(Region, FRA1);
    expect(await sql(em, 'select name from provider_regions where slug = $1', ['fra1'])).toEqual([{ name: 'Frankfurt 1' }]);
    await sql(em, `insert into provider_regions values ('ams3', 'Amsterdam 3', false)`);
  });
  expect(await source.getRepository(Region).find({ order: { slug: 'ASC' } })).toEqual([
    { slug: 'ams3', name: 'Amsterdam 3', available: false },
    FRA1,
  ]);
});

it('rolls back what a repository has written when the work throws', async () => {
  const work = transaction.run(async (em) => {
    await em.insert(Region, FRA1);
    throw new Error('changed my mind');
  });
  await expect(work).rejects.toThrow('changed my mind');
  expect(await source.getRepository(Region).count()).toBe(0);
});

it('refuses the entity manager of a transaction that has ended', async () => {
  const late = await transaction.run((em) => Promise.resolve({ em }));
  await expect(late.em.find(Region)).rejects.toThrow('Query runner already released');
  expect(() => queryableOf(late.em)).toThrow('SQL needs the entity manager of a running transaction');
});

it('keeps the SQLSTATE of a statement that fails, and the connection', async () => {
  const before = await pidOf(source.manager);
  await source.getRepository(Region).insert(FRA1);
  await expect(source.getRepository(Region).insert(FRA1)).rejects.toMatchObject({ code: '23505' });
  expect(await pidOf(source.manager)).toBe(before);
});

/** Ends the session of the sleeping statement as soon as it exists. */
async function endSleeper(): Promise<void> {
  const terminate = `select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and query = 'select pg_sleep(30)'`;
  await withSession(stored.ownerUrl, 'owner', (session) =>
    until(async () => (await session.query(terminate)).length > 0, { what: 'the sleeping session' }),
  );
}

it.each<{ by: string; sleep: () => Promise<unknown> }>([
  { by: 'a repository', sleep: () => source.query('select pg_sleep(30)') },
  { by: 'a transaction', sleep: () => transaction.run((em) => em.query('select pg_sleep(30)')) },
])('throws the typed error when the server ends the session of $by, and does not use its connection again [OPS-3]', async ({ sleep }) => {
  const before = await pidOf(source.manager);
  const [error] = await Promise.all([sleep().catch((reason: unknown) => reason), endSleeper()]);
  expect(error).toBeInstanceOf(DatabaseUnavailableError);
  expect(await pidOf(source.manager)).not.toBe(before);
});

it('opens no connection beside those of the pool', async () => {
  const pids = new Set(await Promise.all(Array.from({ length: 100 }, () => pidOf(source.manager))));
  const sqlPids = await Promise.all(Array.from({ length: 100 }, () => database.query<{ pid: number }>('select pg_backend_pid() as pid')));
  for (const [row] of sqlPids) pids.add(row?.pid);
  expect(pids.size).toBeLessThanOrEqual(database.platformPool.options.max);
});

it('shows a tenant’s transaction only what row security lets through [TEN-4]', async () => {
  await source.getRepository(Region).insert(FRA1);
  const tenant = new TenantTransaction(database, source);
  expect(await tenant.run('acme', (em) => em.find(Region))).toEqual([]);
  const scope = `select current_setting('arcadia.tenant_id') as tenant`;
  expect(await tenant.run('acme', (em) => sql(em, scope))).toEqual([{ tenant: 'acme' }]);
});

it('builds its metadata while the database is unavailable', async () => {
  const url = new URL(stored.appUrl);
  url.port = '1';
  const unreachable = await open(url.href);
  await expect(unreachable.source.getRepository(Region).find()).rejects.toBeInstanceOf(DatabaseUnavailableError);
  await unreachable.database.close();
});

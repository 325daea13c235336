import { DatabaseBusyError, DatabaseUnavailableError, textArraySql, type Database, type Queryable } from '#libs/database';
import { Client } from 'pg';
import { createTestDatabase, type TestDatabase } from '../../support/database';
import { aDatabase } from '../../support/a-database';

let stored: TestDatabase;
let database: Database;
beforeAll(async () => {
  stored = await createTestDatabase();
  const owner = new Client({ connectionString: stored.ownerUrl });
  await owner.connect();
  await owner.query('create table counters (name text primary key, value integer not null)');
  await owner.query('grant select, insert, update on counters to arcadia_service');
  await owner.end();
  database = aDatabase(stored.appUrl);
});
afterAll(async () => {
  await database.close();
  await stored.drop();
});
beforeEach(() =>
  database.query(`insert into counters values ('a', 0), ('b', 0) on conflict (name) do update set value = 0`).then(() => undefined),
);

const raise = (tx: Queryable, state: string) => tx.query(`do $$ begin raise exception using errcode = '${state}'; end $$`);
const add = (tx: Queryable, name: string) => tx.query('update counters set value = value + 1 where name = $1', [name]);
const values = () => database.query('select name, value from counters order by name');

/** Waits until `parties` callers have arrived, then releases all of them. */
function meeting(parties: number): () => Promise<void> {
  let release = () => {};
  const all = new Promise<void>((resolve) => (release = resolve));
  let here = 0;
  return () => {
    if (++here === parties) release();
    return all;
  };
}

it('repeats the transaction that loses a deadlock, so that both take effect once', async () => {
  const bothLockedOne = meeting(2);
  let runs = 0;
  const crosswise = (first: string, second: string) =>
    database.transaction(async (tx) => {
      runs += 1;
      await add(tx, first);
      await bothLockedOne();
      await add(tx, second);
    });
  await Promise.all([crosswise('a', 'b'), crosswise('b', 'a')]);
  expect(runs).toBe(3);
  expect(await values()).toEqual([
    { name: 'a', value: 2 },
    { name: 'b', value: 2 },
  ]);
});

it('repeats a transaction after a serialisation conflict with the values that the other has written', async () => {
  const bothHaveRead = meeting(2);
  let runs = 0;
  const copy = () =>
    database.transaction(async (tx) => {
      runs += 1;
      await tx.query('set transaction isolation level repeatable read');
      const [row] = await tx.query<{ value: number }>(`select value from counters where name = 'a'`);
      await bothHaveRead();
      await tx.query(`update counters set value = $1 where name = 'a'`, [(row?.value ?? 0) + 1]);
    });
  await Promise.all([copy(), copy()]);
  expect(runs).toBe(3);
  expect((await values())[0]).toEqual({ name: 'a', value: 2 });
});

it.each([
  { state: '40001', runs: 4 },
  { state: '40P01', runs: 4 },
  { state: '55P03', runs: 1 },
  { state: '57014', runs: 1 },
])('ends a transaction with $state as busy after $runs run(s), and keeps nothing of it', async ({ state, runs }) => {
  let attempts = 0;
  const work = database.transaction(async (tx) => {
    attempts += 1;
    await add(tx, 'a');
    await raise(tx, state);
  });
  await expect(work).rejects.toBeInstanceOf(DatabaseBusyError);
  expect(attempts).toBe(runs);
  expect((await values())[0]).toEqual({ name: 'a', value: 0 });
});

it('does not repeat a transaction after an error of its own work', async () => {
  let attempts = 0;
  const work = database.transaction(async (tx) => {
    attempts += 1;
    await add(tx, 'a');
    throw new RangeError('ours');
  });
  await expect(work).rejects.toThrow(RangeError);
  expect(attempts).toBe(1);
  expect((await values())[0]).toEqual({ name: 'a', value: 0 });
});

it('reports an unavailable database to work that runs while its process closes the pools, so that its job is retried elsewhere [OPS-6]', async () => {
  const closing = aDatabase(stored.appUrl);
  await closing.query('select 1');
  await closing.close();
  for (const work of [
    () => closing.query('select 1'),
    () => closing.transaction(async () => 1),
    () => closing.asTenant('acme', async () => 1),
  ]) {
    await expect(work()).rejects.toBeInstanceOf(DatabaseUnavailableError);
  }
});

it('sends SQL together with the begin, in the same transaction, with any text in it', async () => {
  const texts = ["it's", 'a\\b', '$1', 'x"; rollback; --'];
  const first = `select set_config('arcadia.first', array_to_json(${textArraySql(texts)})::text, true)`;
  const read = 'select current_setting($1, true) as text';
  const [row] = await database.transaction((tx) => tx.query<{ text: string }>(read, ['arcadia.first']), first);
  expect(JSON.parse(row?.text ?? '')).toEqual(texts);
  expect(await database.query(read, ['arcadia.first'])).not.toEqual([row]);
});

import type { Database, Queryable } from '#libs/database';
import { randomUUID } from 'node:crypto';
import { Client } from 'pg';
import { REATTRIBUTE } from '../../../libs/features/inventory/src/recorder/owner.sql';
import { createTestDatabase, type TestDatabase } from '../../support/database';
import { aDatabase } from '../../support/a-database';

/** Tables without tenants that every process may read: the migrations and the budget of provider calls. */
const TABLES_WITHOUT_TENANTS = ['app_migrations', 'provider_calls', 'provider_tokens'];
/** Views that work as the owner of their table and ask for the scope themselves. */
const PLATFORM_VIEWS = ['platform_resource_prices'];

const VALUES: Record<string, string> = {
  text: 'md5(random()::text)',
  uuid: 'gen_random_uuid()',
  'timestamp with time zone': 'now()',
  date: 'current_date',
  boolean: 'false',
  smallint: '1',
  integer: '1',
  bigint: '1',
  numeric: '1',
  jsonb: `'{}'`,
  bytea: `'\\x00'`,
  ARRAY: `'{}'`,
  int8multirange: `'{}'`,
};

let stored: TestDatabase;
let database: Database;
let owner: Client;
/** The tables with row security, and the views under their previous names, each with a statement that adds a row to it. */
let protectedTables: { table: string; insert: string }[];

beforeAll(async () => {
  stored = await createTestDatabase();
  database = aDatabase(stored.appUrl);
  owner = new Client({ connectionString: stored.ownerUrl });
  await owner.connect();
  // Any row is enough: this test is about the row's tenant, not about its values, nor about what triggers look up first.
  await owner.query(`
    do $$ declare dropped record; begin
      for dropped in select conrelid::regclass as of, conname from pg_constraint
                   where connamespace = 'public'::regnamespace and contype in ('c', 'f') and conislocal and conrelid <> 0 loop
        execute format('alter table %s drop constraint %I', dropped.of, dropped.conname);
      end loop;
      for dropped in select distinct tgrelid::regclass as of from pg_trigger join pg_class on pg_class.oid = tgrelid
                   where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') and not tgisinternal and tgparentid = 0 loop
        execute format('alter table %s disable trigger user', dropped.of);
      end loop;
    end $$`);
  await owner.query('delete from tenants'); // those of every test database
  protectedTables = [];
  for (const table of await tablesWithRowSecurity()) protectedTables.push({ table, insert: await insertInto(table) });
  await owner.query('set session_replication_role = replica'); // one row each: triggers would add more
  for (const { insert } of protectedTables) await owner.query(`${insert} on conflict do nothing`); // some have their only row already
  await owner.query('reset session_replication_role');
  for (const { view, table } of await previousNames()) {
    const insert = (await insertInto(table)).replace(`insert into ${table} `, `insert into ${view} `);
    protectedTables.push({ table: view, insert });
  }
});
afterAll(async () => {
  await owner.end();
  await database.close();
  await stored.drop();
});

async function tablesWithRowSecurity(): Promise<string[]> {
  const { rows } = await owner.query<{ name: string }>(
    `select relname as name from pg_class
      where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') and relrowsecurity and not relispartition order by 1`,
  );
  return rows.map(({ name }) => name);
}

/** The views through which the previous release writes tables that have a new name. */
async function previousNames(): Promise<{ view: string; table: string }[]> {
  const { rows } = await owner.query<{ view: string; table: string }>(
    `select v.view_name as view, v.table_name as table from information_schema.view_table_usage v
      where v.view_schema = 'public' and has_table_privilege('arcadia_service', to_regclass('public.' || v.view_name), 'insert') order by 1`,
  );
  return rows;
}

async function insertInto(table: string): Promise<string> {
  const { rows } = await owner.query<{ column: string; type: string }>(
    `select quote_ident(column_name) as column, data_type as type from information_schema.columns
      where table_schema = 'public' and table_name = $1
        and is_nullable = 'NO' and column_default is null and is_identity = 'NO' and is_generated = 'NEVER'`,
    [table],
  );
  const values = rows.map(({ column, type }) => {
    const value = VALUES[type];
    if (value === undefined) throw new Error(`this test knows no value of type ${type} for ${table}.${column}`);
    return value;
  });
  const columns = rows.map(({ column }) => column).join(', ');
  return rows.length === 0 ? `insert into ${table} default values` : `insert into ${table} (${columns}) values (${values.join(', ')})`;
}

async function count(on: Queryable, table: string): Promise<number | undefined> {
  const [row] = await on.query<{ rows: number }>(`select count(*)::int as rows from ${table}`);
  return row?.rows;
}

async function sqlState(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => 'none',
    (error: unknown) => String((error as { code?: unknown }).code),
  );
}

const asUnscoped = (work: (tx: Queryable) => Promise<unknown>) => database.withoutScope(work);
const aTenant = (work: (tx: Queryable) => Promise<unknown>) => database.asTenant('another-tenant', work);

it.each([
  { scope: 'without a scope', as: asUnscoped },
  { scope: 'for a tenant who is not registered', as: aTenant },
])('lists no rows of any protected table $scope, although they have rows [TEN-4]', async ({ as }) => {
  expect(protectedTables.length).toBeGreaterThan(5);
  for (const { table } of protectedTables) {
    expect({ table, seen: ((await count(database, table)) ?? 0) > 0 }).toEqual({ table, seen: true });
    expect({ table, rows: await as((tx) => count(tx, table)) }).toEqual({ table, rows: 0 });
  }
});

it.each([
  { scope: 'without a scope', as: asUnscoped },
  { scope: 'for a tenant', as: aTenant },
])('refuses to add a row to any protected table $scope [TEN-4]', async ({ as }) => {
  for (const { table, insert } of protectedTables) {
    expect({ table, refused: await sqlState(as((tx) => tx.query(insert))) }).toEqual({ table, refused: '42501' });
  }
});

it('allows adding rows in platform scope to every table that the service may write [TEN-4]', async () => {
  for (const { table, insert } of protectedTables) {
    const [may] = await database.query<{ write: boolean }>(`select has_table_privilege($1, 'insert') as write`, [table]);
    // Some tables allow one row only, and triggers keep what is published.
    await owner.query(`set session_replication_role = replica; delete from ${table}; reset session_replication_role`);
    expect({ table, refused: await sqlState(database.query(insert)) }).toEqual({ table, refused: may?.write ? 'none' : '42501' });
  }
});

it('looks up no tenant for a statement of the platform [TEN-4]', async () => {
  const called = async (scope: 'platform' | 'tenant') => {
    await owner.query(`begin; select set_config('arcadia.scope', '${scope === 'platform' ? 'platform' : ''}', true);
      select set_config('arcadia.tenant_id', '${scope === 'tenant' ? 'acme' : ''}', true); set local track_functions = 'all'; set local role arcadia_service`);
    await owner.query('select count(*) from cloud_resources');
    const { rows } = await owner.query<{ name: string }>(
      `select funcname as name from pg_stat_xact_user_functions where funcname like '%tenant%'`,
    );
    await owner.query('rollback');
    return rows.map(({ name }) => name);
  };
  expect(await called('platform')).toEqual([]);
  expect(await called('tenant')).toEqual(['arcadia_open_tenant']);
});

it('passes the writes of the previous release through the previous name of a table, with the rights of the table [OPS-5]', async () => {
  expect(await previousNames()).toEqual(expect.arrayContaining([{ view: 'saga_starts', table: 'saga_idempotency_keys' }]));
  const add = `insert into saga_starts (scope, key, body_hash, saga_id) values ('platform', 'key', 'hash', gen_random_uuid())
               on conflict do nothing returning key, started_at is not null as timed`;
  expect(await database.query(add)).toEqual([{ key: 'key', timed: true }]);
  expect(await database.query(add)).toEqual([]);
  const hash = `select body_hash from saga_idempotency_keys where scope = 'platform' and key = 'key'`;
  expect(await database.query(hash)).toEqual([{ body_hash: 'hash' }]);
  for (const name of ['saga_starts', 'saga_idempotency_keys']) {
    expect(await sqlState(database.query(`update ${name} set body_hash = 'other'`))).toBe('42501');
    expect(await owner.query(`update ${name} set body_hash = body_hash where key = 'key'`)).toMatchObject({ rowCount: 1 });
  }
  expect(await aTenant((tx) => tx.query(`delete from saga_starts where key = 'key' returning key`))).toEqual([]);
  expect(await database.query(`delete from saga_starts where key = 'key' returning key`)).toEqual([{ key: 'key' }]);
  expect(await database.query(hash)).toEqual([]);
});

it('protects every table that the service may read with row security, except those without tenants [TEN-4]', async () => {
  const { rows } = await owner.query<{ name: string }>(
    `select relname as name from pg_class
      where relnamespace = 'public'::regnamespace and has_table_privilege('arcadia_service', oid, 'select')
        and case relkind when 'r' then not relrowsecurity when 'p' then not relrowsecurity
                         when 'v' then not coalesce(reloptions @> '{security_invoker=true}', false) else relkind = 'm' end
      order by 1`,
  );
  expect(rows.map(({ name }) => name)).toEqual([...TABLES_WITHOUT_TENANTS, ...PLATFORM_VIEWS].sort());
});

it.each(PLATFORM_VIEWS)('gives the rows of %s to the platform only [TEN-4]', async (view) => {
  await owner.query(
    `insert into resource_prices (resource_id, valid_from, valid_to, product) values (gen_random_uuid(), now(), 'infinity', 'volume')`,
  );
  const count = `select count(*)::int as rows from ${view}`;
  expect(await asUnscoped((tx) => tx.query(count))).toEqual([{ rows: 0 }]);
  expect(await aTenant((tx) => tx.query(count))).toEqual([{ rows: 0 }]);
  expect(await database.query(count)).not.toEqual([{ rows: 0 }]);
});

it('ends a scope with its transaction [TEN-4]', async () => {
  await aTenant(async () => undefined);
  expect(await asUnscoped((tx) => tx.query(`select nullif(current_setting('arcadia.tenant_id', true), '') as tenant`))).toEqual([
    { tenant: null },
  ]);
});

it('finds the parents of a resource by their key where owners are decided, although row security applies to both', async () => {
  const plan = await database.transaction(async (tx) => {
    await tx.query('set local enable_seqscan = off'); // the tables are empty: what is left of it is what no index can do
    const values = [randomUUID(), null, 'sweep', null, null, 'none', '[]'];
    return tx.query<Record<string, string>>(`explain ${REATTRIBUTE(`'{}'::jsonb`)}`, values);
  });
  const scans = plan.flatMap((line) => Object.values(line).filter((text) => text.includes('cloud_resources')));
  expect(scans.filter((text) => /Index Scan using cloud_resources_pkey on cloud_resources (a|p)\b/.test(text))).toHaveLength(2);
  expect(scans.filter((text) => /Seq Scan on cloud_resources (a|p)\b/.test(text))).toEqual([]);
});

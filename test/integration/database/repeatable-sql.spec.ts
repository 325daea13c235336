import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { migrate, SignatureChangedError, type RepeatableSql } from '#libs/database';
import { Client } from 'pg';
import { DataSource } from 'typeorm';
import { REPEATABLE_SQL } from '../../../apps/cli/src/commands/migrate';
import { applyRepeatableSql } from '../../../libs/platform/database/src/repeatable-sql';
import { rooms } from '../../architecture/source-tree';
import { createEmptyDatabase, type TestDatabase } from '../../support/database';

const ROOT = join(__dirname, '../../..');
const NAMES = REPEATABLE_SQL.map(({ name }) => name);
const GREETING: RepeatableSql = {
  kind: 'function',
  name: 'greeting',
  sql: `create or replace function greeting(name text) returns text language sql as $$ select 'hello ' || name $$;`,
};
const changed = (from: string, to: string): RepeatableSql => ({ ...GREETING, sql: GREETING.sql.replace(from, to) });

/** The signatures that releases call. A line is only added: another signature gets another name. [OPS-5] */
const SIGNATURES = [
  'arcadia_children(uuid, text[]) → uuid',
  'arcadia_digest_audit() → trigger',
  'arcadia_digest_event_last_values() → trigger',
  'arcadia_digest_event_months() → trigger',
  'arcadia_digest_events() → trigger',
  'arcadia_digest_feed() → trigger',
  'arcadia_inventory_at(timestamp with time zone, jsonb) → record',
  'arcadia_loose_form(jsonb) → jsonb',
  'arcadia_loosely_equal(jsonb, jsonb) → boolean',
  'arcadia_rates(boolean) → record',
  'arcadia_seal_records(integer) → integer',
  'provider_acquire(text, boolean, double precision[], integer, integer, double precision, double precision, double precision, bigint[], double precision[], text[], double precision[]) → record',
  'provider_acquire_on_route(text, boolean, double precision[], integer, integer, double precision, double precision, double precision, bigint[], double precision[], text[], double precision[], text, integer, double precision) → record',
  'provider_report(text, bigint[], double precision[], text[], double precision[], double precision) → text[]',
];

let empty: TestDatabase;
let owner: Client;
beforeEach(async () => {
  empty = await createEmptyDatabase();
  owner = new Client({ connectionString: empty.ownerUrl });
  await owner.connect();
});
afterEach(async () => {
  await owner.end();
  await empty.drop();
});

const migrateWith = (repeatable: readonly RepeatableSql[]) => migrate(empty.ownerUrl, { appUrl: empty.appUrl, repeatable });

async function greet(): Promise<unknown> {
  const { rows } = await owner.query<{ greeting: string }>(`select greeting('ada')`);
  return rows[0]?.greeting;
}

/** Definitions without comments and with single spaces, owners and privileges of all functions and views of the schema. */
async function objects(): Promise<Record<string, unknown>[]> {
  const { rows } = await owner.query<Record<string, unknown>>(`
    with found as (
      select oid::regprocedure::text as name, pg_get_functiondef(oid) as definition, proowner as owner, proacl::text as privileges, null as options
        from pg_proc where pronamespace = 'public'::regnamespace and prokind = 'f'
      union all
      select oid::regclass::text, pg_get_viewdef(oid), relowner, relacl::text, reloptions::text
        from pg_class where relnamespace = 'public'::regnamespace and relkind = 'v')
    select name, trim(regexp_replace(regexp_replace(definition, '--[^\\n]*', '', 'g'), '\\s+', ' ', 'g')) as definition, owner, privileges, options
      from found order by name`);
  return rows;
}

it('collects every function and view that a library declares, each once', () => {
  const files = rooms('libs').flatMap((room) => {
    const folder = join(ROOT, room, 'src/functions');
    try {
      return readdirSync(folder).map((file) => join(folder, file));
    } catch {
      return [];
    }
  });
  const declared = files.flatMap(
    (file) =>
      Object.values(require(file) as object)
        .filter(Array.isArray)
        .flat() as RepeatableSql[],
  ); // eslint-disable-line @typescript-eslint/no-require-imports
  expect(files.length).toBeGreaterThan(0);
  expect(REPEATABLE_SQL).toEqual(expect.arrayContaining(declared));
  expect(new Set(NAMES).size).toBe(NAMES.length);
});

it('declares one object per entry, under the name of the entry', () => {
  for (const { kind, name, sql } of REPEATABLE_SQL) {
    expect(sql.match(/create or replace (function|view) \w+/g)).toEqual([`create or replace ${kind} ${name}`]);
  }
});

/** Functions and views that have changed since the migration that created them. Their results and privileges have not. */
const CHANGED = ['arcadia_inventory_at', 'arcadia_loose_form', 'cloud_project_names_over_time', 'cloud_resource_owners'];

/** Functions and views that no migration created. */
const ADDED = ['arcadia_children', 'arcadia_rates', 'provider_acquire_on_route', 'platform_resource_prices'];

it('replaces the objects of the migrations by equal or changed ones, with the same owner and privileges [OPS-5]', async () => {
  await migrateWith([]);
  const comparable = async () =>
    (await objects()).map((object) =>
      CHANGED.includes(String(object.name).replace(/\(.*/s, '')) ? { ...object, definition: null } : object,
    );
  const before = await comparable();
  expect(before.length).toBeGreaterThan(NAMES.length - ADDED.length);
  expect(await migrateWith(REPEATABLE_SQL)).toEqual(NAMES);
  expect((await comparable()).filter(({ name }) => !ADDED.includes(String(name).replace(/\(.*/s, '')))).toEqual(before);
});

it('keeps the signatures that a release calls: a changed one gets a new name [OPS-5]', async () => {
  await migrateWith(REPEATABLE_SQL);
  const { rows } = await owner.query<{ signature: string }>(
    `select oid::regprocedure::text as name, proname || '(' || coalesce((select string_agg(format_type(t, null), ', ' order by n) from unnest(proargtypes) with ordinality a (t, n)), '')
            || ') → ' || format_type(prorettype, null) as signature
       from pg_proc where pronamespace = 'public'::regnamespace and proname = any ($1)`,
    [NAMES],
  );
  expect(rows.map(({ signature }) => signature).toSorted()).toEqual(SIGNATURES);
});

it('applies an object once, not again while it is unchanged, and again when it has changed', async () => {
  await migrateWith([]);
  expect(await migrateWith([GREETING])).toEqual(['greeting']);
  expect(await greet()).toBe('hello ada');
  expect(await migrateWith([GREETING])).toEqual([]);
  expect(await migrateWith([changed('hello', 'welcome')])).toEqual(['greeting']);
  expect(await greet()).toBe('welcome ada');
});

it('creates an object again that was dropped', async () => {
  await migrateWith([GREETING]);
  await owner.query('drop function greeting');
  expect(await migrateWith([GREETING])).toEqual(['greeting']);
  expect(await greet()).toBe('hello ada');
});

it('applies a change once when several processes migrate at the same time [OPS-5]', async () => {
  await migrateWith([]);
  const applied = await Promise.all(Array.from({ length: 4 }, () => migrateWith(REPEATABLE_SQL)));
  expect(applied.flat()).toEqual(NAMES);
});

it.each([
  ['other parameters', changed('(name text)', '(name text, title text)'), SignatureChangedError],
  ['another result', changed('returns text', 'returns varchar'), /cannot change return type/],
])('refuses %s under the same name, and keeps every object as it was [OPS-5]', async (_what, signature, error) => {
  await migrateWith([GREETING]);
  const other = { ...GREETING, name: 'farewell', sql: GREETING.sql.replace('greeting', 'farewell') };
  await expect(migrateWith([other, signature])).rejects.toThrow(error);
  expect((await objects()).filter(({ name }) => /greeting|farewell/.test(String(name)))).toHaveLength(1);
  expect(await greet()).toBe('hello ada');
});

it('leaves the objects of a newer release unchanged when an older build migrates [OPS-5]', async () => {
  await migrateWith([changed('hello', 'welcome')]);
  await owner.query(`insert into app_migrations (timestamp, name) values (9999999999999, 'Future9999999999999')`);
  expect(await migrateWith([GREETING])).toEqual([]);
  expect(await greet()).toBe('welcome ada');
});

it('refuses a change by the service role, which owns nothing', async () => {
  await migrateWith([GREETING]);
  const source = new DataSource({ type: 'postgres', url: empty.appUrl, synchronize: false });
  await source.initialize();
  const runner = source.createQueryRunner();
  await runner.query('set role arcadia_service');
  const { rows } = await owner.query<{ name: string }>('select name from app_migrations');
  const known = rows.map(({ name }) => name);
  await expect(applyRepeatableSql(runner, [changed('hello', 'welcome')], known)).rejects.toMatchObject({ driverError: { code: '42501' } });
  await runner.release();
  await source.destroy();
  expect(await greet()).toBe('hello ada');
});

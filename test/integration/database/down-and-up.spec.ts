import { DataSource } from 'typeorm';
import { REPEATABLE_SQL } from '../../../apps/cli/src/commands/migrate';
import { migrations } from '../../../libs/platform/database/src/migrations';
import { createEmptyDatabase, type TestDatabase } from '../../support/database';
import { migrate } from '../../../libs/platform/database/src/migrate';
import { MIGRATIONS_TABLE } from '../../../libs/platform/database/src/schema-version';

let empty: TestDatabase;
let owner: DataSource;
beforeAll(async () => {
  empty = await createEmptyDatabase();
  owner = new DataSource({ type: 'postgres', url: empty.ownerUrl, migrations, migrationsTableName: MIGRATIONS_TABLE, poolSize: 2 });
  await owner.initialize();
});
afterAll(async () => {
  await owner.destroy();
  await empty.drop();
});

/** Every object that migrations can create in our schema, one line each. */
async function schemaObjects(): Promise<string[]> {
  const rows = await owner.query<{ line: string }[]>(
    `select line from (
       select format('table %s %s row security %s, for %s', relkind, relname, relrowsecurity, relacl) from pg_class
        where relnamespace = 'public'::regnamespace and relkind in ('r', 'p', 'v', 'm', 'S')
       union all select format('column %s.%s %s %s', table_name, column_name, data_type, column_default) from information_schema.columns
        where table_schema = 'public'
       union all select format('constraint %s on %s %s', conname, conrelid::regclass, pg_get_constraintdef(oid)) from pg_constraint where connamespace = 'public'::regnamespace
       union all select indexdef from pg_indexes where schemaname = 'public'
       union all select format('policy %s on %s %s %s', policyname, tablename, cmd, qual) from pg_policies where schemaname = 'public'
       union all select format('trigger %s', pg_get_triggerdef(oid)) from pg_trigger where not tgisinternal
       union all select format('function %s for %s: %s', oid::regprocedure, proacl, md5(prosrc)) from pg_proc where pronamespace = 'public'::regnamespace
       union all select format('type %s', typname) from pg_type where typnamespace = 'public'::regnamespace and typtype in ('e', 'd')
     ) as things (line) order by 1`,
  );
  return rows.map(({ line }) => line);
}

it('reverts every migration without a trace, and recreates the same schema when they are applied again', async () => {
  const names = migrations.map((migration) => migration.name);
  const everything = [...names, ...REPEATABLE_SQL.map(({ name }) => name)];
  await expect(migrate(empty.ownerUrl, { appUrl: empty.appUrl, repeatable: REPEATABLE_SQL })).resolves.toEqual(everything);
  const first = await schemaObjects();
  expect(first.length).toBeGreaterThan(names.length);

  for (const _ of names) await owner.undoLastMigration({ transaction: 'each' });
  expect((await schemaObjects()).filter((line) => !line.includes(MIGRATIONS_TABLE))).toEqual([]);

  await expect(migrate(empty.ownerUrl, { appUrl: empty.appUrl, repeatable: REPEATABLE_SQL })).resolves.toEqual(everything);
  expect(await schemaObjects()).toEqual(first);
});

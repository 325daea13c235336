import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { dataSourceOn, type Database } from '#libs/database';
import { runMigrations } from 'bullmq';
import { Client } from 'pg';
import { getMetadataArgsStorage, type DataSource, type EntityMetadata } from 'typeorm';
import type { ColumnMetadata } from 'typeorm/metadata/ColumnMetadata';
import { aDatabase } from '../support/a-database';
import { createTestDatabase, type TestDatabase } from '../support/database';
import { rooms } from './source-tree';

const ROOT = join(__dirname, '../..');

/** Tables without an entity. The list only shrinks. */
const WITHOUT_ENTITY: readonly string[] = [];

/** Tables that only SQL functions use, and the list of migrations, which belongs to TypeORM. They get no entity. */
const NEVER_AN_ENTITY = ['app_migrations', 'provider_calls', 'provider_tokens'];

interface ColumnRow {
  readonly name: string;
  readonly type: string;
  readonly nullable: boolean;
  readonly default: string | null;
}

let stored: TestDatabase;
let database: Database;
let source: DataSource;
beforeAll(async () => {
  stored = await createTestDatabase();
  database = aDatabase(stored.appUrl);
  source = dataSourceOn(database.platformPool, { database: new URL(stored.appUrl).pathname.slice(1), entities: entityClasses() });
  await source.initialize();
});
afterAll(async () => {
  await database.close();
  await stored.drop();
});

/** Returns every class with `@Entity` in an `entities/` folder of a library. */
function entityClasses(): (new () => object)[] {
  const files = rooms('libs').flatMap((room) => {
    const folder = join(ROOT, room, 'src/entities');
    try {
      return readdirSync(folder).map((file) => join(folder, file));
    } catch {
      return [];
    }
  });
  const exported = new Set(files.flatMap((file) => Object.values(require(file) as object))); // eslint-disable-line @typescript-eslint/no-require-imports
  return getMetadataArgsStorage()
    .tables.map(({ target }) => target)
    .filter((target): target is new () => object => exported.has(target)); // a spec file before this one may have declared others
}

async function tablesOf(schema: string): Promise<string[]> {
  const rows = await database.query<{ name: string }>(
    `select relname as name from pg_class where relnamespace = $1::regnamespace and relkind in ('r', 'p') and not relispartition`,
    [schema],
  );
  return rows.map(({ name }) => name);
}

/** Returns our own tables. Those in BullMQ's schema are the ones that BullMQ does not create in a schema of its own. */
async function tables(): Promise<string[]> {
  const owner = new Client({ connectionString: stored.ownerUrl });
  await owner.connect();
  try {
    await runMigrations(owner, 'only_bullmq');
  } finally {
    await owner.end();
  }
  const bullmqs = await tablesOf('only_bullmq');
  expect(bullmqs).toContain('job');
  const ours = (await tablesOf('bullmq')).filter((table) => !bullmqs.includes(table)).map((table) => `bullmq.${table}`);
  return [...(await tablesOf('public')), ...ours].sort();
}

function columnsOf(table: string): Promise<ColumnRow[]> {
  return database.query<ColumnRow>(
    `select a.attname as name, format_type(a.atttypid, a.atttypmod) as type, not a.attnotnull as nullable, pg_get_expr(d.adbin, d.adrelid) as "default"
       from pg_attribute a left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
      where a.attrelid = $1::regclass and a.attnum > 0 and not a.attisdropped order by 1`,
    [table],
  );
}

/** Returns the columns that an entity declares, with the type names of PostgreSQL. */
function declaredColumns(entity: EntityMetadata): ColumnRow[] {
  return entity.columns
    .filter(({ isVirtualProperty }) => !isVirtualProperty)
    .map((column) => ({
      name: column.databaseName,
      type: `${typeOf(column)}${column.isArray ? '[]' : ''}`,
      nullable: column.isNullable,
      default: defaultOf(column),
    }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

const LONG_NAMES: Readonly<Record<string, string>> = { timestamptz: 'timestamp with time zone', int: 'integer', bool: 'boolean' };

function typeOf(column: ColumnMetadata): string {
  const type = source.driver.normalizeType(column);
  return LONG_NAMES[type] ?? type;
}

/** The default as PostgreSQL writes it. TypeORM knows `gen_random_uuid()` only as the generation strategy of its column. */
function defaultOf(column: ColumnMetadata): string | null {
  const { default: declared, isArray, generationStrategy } = column;
  if (generationStrategy === 'uuid') return 'gen_random_uuid()';
  if (declared === undefined || declared === null) return null;
  if (typeof declared === 'function') return declared();
  if (isArray && Array.isArray(declared)) return `'{${declared.join(',')}}'::${typeOf(column)}[]`;
  if (typeof declared === 'object') return `'${JSON.stringify(declared)}'::${typeOf(column)}`;
  return typeof declared === 'string' ? `'${declared}'::text` : JSON.stringify(declared);
}

it('gives every table an entity, except those that are listed', async () => {
  const owned = source.entityMetadatas.map(({ tablePath }) => tablePath);
  expect([...owned, ...WITHOUT_ENTITY, ...NEVER_AN_ENTITY].sort()).toEqual(await tables());
});

it('declares in each entity exactly the columns of its table: name, type, nullability and default', async () => {
  const stored = await Promise.all(
    source.entityMetadatas.map(async ({ tablePath }) => ({ tablePath, columns: await columnsOf(tablePath) })),
  );
  expect(source.entityMetadatas.map((entity) => ({ tablePath: entity.tablePath, columns: declaredColumns(entity) }))).toEqual(stored);
});

it('leaves TypeORM nothing to change in a column', async () => {
  const { upQueries } = await source.driver.createSchemaBuilder().log();
  const statements = upQueries.map(({ query }) => query);
  expect(statements.filter((statement) => /\bcolumn\b|create table|drop table/i.test(statement))).toEqual([]);
});

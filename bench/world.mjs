// Large worlds for measurements that read only: SIZES=10000,100000,1000000 resources of all kinds with their history, each a database of its own
// (`world_<size>`) in one embedded PostgreSQL under WORLD_DIR. Rows come from SEED by COPY into the migrated schema: constraints and triggers
// are the product's, only its plain indexes are built after the rows. A world that is there is kept; REMAKE=1 makes it again.
import { mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { built, pgClient, prepareDatabase, report, round } from './stage.mjs';
import { fillWorld } from './world-fill.mjs';
import { worldOf } from './world-rows.mjs';

const WORLD_DIR = process.env.WORLD_DIR ?? join(tmpdir(), 'arcadia-worlds');
const SEED = Number(process.env.SEED ?? 1);

const tenantsOf = (resources) => (resources >= 1_000_000 ? 1_000 : 100);
export const worldName = (resources) => `world_${resources}`;

/** The server with the worlds. Its settings are the stock ones; `stop` ends it. */
export async function startWorlds(databases = []) {
  const { EmbeddedPostgres } = built('libs/platform/local-stack/src/embedded-postgres/embedded-postgres.js');
  mkdirSync(WORLD_DIR, { recursive: true });
  return EmbeddedPostgres.start({ homeDir: WORLD_DIR, databases, durability: 'durable', wishedPort: 0 });
}

/** One world from its seed; resolves with what it came to. */
async function makeWorld(server, resources) {
  const name = worldName(resources);
  const began = performance.now();
  const admin = pgClient(server.ownerUrl('postgres'));
  await admin.connect();
  await admin.query(`drop database if exists ${name}`);
  await admin.query(`create database ${name} template template0`);
  await prepareDatabase(server.ownerUrl(name), server.appUrl(name));
  // While rows are loaded a checkpoint every GB would write each page many times.
  await admin.query(`alter system set max_wal_size = '12GB'`);
  await admin.query('select pg_reload_conf()');
  const client = pgClient(server.ownerUrl(name));
  await client.connect();
  await client.query(`set synchronous_commit = off; set maintenance_work_mem = '1GB'; set work_mem = '256MB'`);
  const indexes = await dropIndexes(client);
  const tables = {};
  const timed = async (table, work) => {
    const from = performance.now();
    const rows = await work();
    const s = (performance.now() - from) / 1_000;
    tables[table] = { rows: (tables[table]?.rows ?? 0) + rows, s: round(s + (tables[table]?.s ?? 0)) };
    if (process.env.VERBOSE) console.error(name, table, rows, `${round(s)} s`);
  };
  const tenants = tenantsOf(resources);
  const endMs = Math.floor(Date.now() / 3_600_000) * 3_600_000;
  await fillWorld(client, worldOf({ seed: SEED, resources, tenants, endMs }), timed);
  const build = (some) =>
    timed('indexes', async () => {
      for (const definition of some) await client.query(definition);
      return some.length;
    });
  const isOfFeed = (definition) => definition.includes(' ON public.event_numbers ');
  await build(indexes.filter((definition) => !isOfFeed(definition)));
  await timed('event_numbers', () => numberEvents(client));
  await build(indexes.filter(isOfFeed));
  await client.query('vacuum (analyze, freeze)');
  const bytes = await bytesOf(client);
  await client.end();
  await admin.query('alter system reset max_wal_size');
  await admin.query('select pg_reload_conf()');
  await admin.query('checkpoint');
  await admin.end();
  const s = (performance.now() - began) / 1_000;
  const rows = Object.values(tables).reduce((sum, table) => sum + table.rows, 0);
  report('world', { resources, tenants, seed: SEED, took_s: round(s), rows, rows_per_s: Math.round(rows / s), tables, bytes });
}

/** Drops the indexes that no constraint needs; returns their definitions. */
async function dropIndexes(client) {
  const { rows } = await client.query(
    `select indexrelid::regclass::text as name, pg_get_indexdef(indexrelid) as definition from pg_index i
      where indrelid = any (array['cloud_resources', 'cloud_resource_events', 'cloud_cost_lines', 'resource_prices', 'saga_runs', 'audit_log', 'event_numbers']::regclass[])
        and not indisunique and not exists (select from pg_constraint c where c.conindid = i.indexrelid)`,
  );
  for (const { name } of rows) await client.query(`drop index ${name}`);
  return rows.map(({ definition }) => definition);
}

/** Seals the chain and numbers the events of all sources in its order, as the sequencer would link by link. */
async function numberEvents(client) {
  const { FEED_SOURCES } = built('libs/features/inventory/src/history/feed.sql.js');
  let sealed;
  do sealed = (await client.query('select arcadia_seal_records(2000) as n')).rows[0].n;
  while (sealed > 0);
  await client.query(`select set_config('arcadia.scope', 'platform', false)`);
  const [{ name, rows }] = FEED_SOURCES.sources;
  const { rowCount } = await client.query(
    `insert into event_numbers (sequence, source, event_id, at, type, tenant_id, resource_id, kind, actor, by_platform, numbered_at)
     select row_number() over (order by e.event_id), '${name}', e.event_id, e.at, e.type, e.tenant_id, e.resource_id, e.subject_kind, e.actor, e.by_platform, e.at
       from (${rows}) e`,
  );
  await client.query(
    `insert into event_numbers (sequence, source, event_id, at, type, tenant_id, resource_id, kind, actor, by_platform)
     select $1::bigint + row_number() over (order by seq), 'log', seq, at, type, tenant_id, resource_id, subject_kind, actor, by_platform from events`,
    [rowCount],
  );
  await client.query(
    `insert into event_sequencer (last_sequence, last_link) select (select max(sequence) from event_numbers), (select max(no) from record_chain)`,
  );
  return rowCount;
}

/** Bytes on disk of the database, and per row of its large tables with their indexes. */
async function bytesOf(client) {
  const { rows } = await client.query(
    `select c.relname as table, pg_table_size(c.oid)::float8 as heap, pg_indexes_size(c.oid)::float8 as indexes, greatest(c.reltuples, 1)::float8 as rows
       from pg_class c where c.relkind = 'r' and c.relnamespace = 'public'::regnamespace and pg_total_relation_size(c.oid) > 4000000 order by 2 desc`,
  );
  const [{ size }] = (await client.query('select pg_database_size(current_database())::float8 as size')).rows;
  const perRow = ({ heap, indexes, rows }) => `${Math.round(heap / rows)} + ${Math.round(indexes / rows)}`;
  return { database: size, per_row_heap_and_indexes: Object.fromEntries(rows.map((row) => [row.table, perRow(row)])) };
}

/** Makes the worlds that are missing. */
export async function makeWorlds(server, sizes, remake = false) {
  const admin = pgClient(server.ownerUrl('postgres'));
  await admin.connect();
  for (const size of sizes) {
    const { rows } = await admin.query(`select shobj_description(oid, 'pg_database') as state from pg_database where datname = $1`, [
      worldName(size),
    ]);
    if (rows[0]?.state === 'complete' && !remake) continue;
    await makeWorld(server, size);
    await admin.query(`comment on database ${worldName(size)} is 'complete'`);
  }
  await admin.end();
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const server = await startWorlds();
  await makeWorlds(server, (process.env.SIZES ?? '10000,100000,1000000').split(',').map(Number), process.env.REMAKE === '1');
  if (!server.adopted) await server.stop();
}

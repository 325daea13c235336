import { prepareQueueSchema } from '#libs/queues';
import { DataSource } from 'typeorm';
import { migrations } from '../../../libs/platform/database/src/migrations';
import { MIGRATIONS_TABLE } from '../../../libs/platform/database/src/schema-version';
import { prepareServiceRole } from '../../../libs/platform/database/src/migrate';
import { applyRepeatableSql, type RepeatableSql } from '../../../libs/platform/database/src/repeatable-sql';
import type { SimulatorClient } from '../../support/simulator-client';
import { createEmptyDatabase, type TestDatabase } from '../../support/database';
import { recorded } from './recorded-release';

/** The last migration of each release. Released migrations never change, so together they produce the schema of a release. */
export const LAST_MIGRATION = {
  'before-renovation': 'SagaTraces1795000001040',
  '0.2.0': 'LargeInventories1795000001330',
} as const;
/** The releases whose functions and views are migrations. Those of the others are in their recording. */
const FUNCTIONS_ARE_MIGRATIONS: readonly string[] = ['before-renovation'];

/** Creates a database in the state in which that release left it. */
export async function createOlderDatabase(release: keyof typeof LAST_MIGRATION): Promise<TestDatabase> {
  const database = await createEmptyDatabase();
  const of = migrations.slice(0, migrations.findIndex(({ name }) => name === LAST_MIGRATION[release]) + 1);
  const source = new DataSource({ type: 'postgres', url: database.ownerUrl, migrations: of, migrationsTableName: MIGRATIONS_TABLE });
  await source.initialize();
  const runner = source.createQueryRunner();
  await prepareServiceRole(runner, database.appUrl);
  await source.runMigrations({ transaction: 'each' });
  const functions = FUNCTIONS_ARE_MIGRATIONS.includes(release) ? [] : (recorded(release, 'functions.json') as RepeatableSql[]);
  await applyRepeatableSql(
    runner,
    functions,
    of.map(({ name }) => name),
  );
  await runner.query(`grant select on ${MIGRATIONS_TABLE} to arcadia_service`);
  await runner.release();
  await source.destroy();
  await prepareQueueSchema(database.ownerUrl);
  return database;
}

/**
 * The data of a release that ran for months, as SQL of its schema: droplets of the provider with their history, changes by
 * people, sweeps, a completed saga, and a saga that was accepted just before the last worker ended.
 */
export async function fillOlderDatabase(
  query: (text: string, values?: unknown[]) => Promise<unknown>,
  provider: SimulatorClient,
): Promise<void> {
  const { account, droplets } = await provider.account();
  await query(FILL_ACCOUNT, [account.team?.uuid]);
  await query(FILL_DROPLETS, [JSON.stringify(droplets.map(({ id, name }) => ({ id: String(id), name })))]);
  await query(FILL_EVENTS);
  await query(FILL_AUDIT);
  await query(FILL_SAGAS);
  await query(FILL_TENANTS);
}

const FILL_ACCOUNT = `insert into cloud_accounts (provider_account_id, identified_by, name) values ($1, 'team', 'older')`;

const FILL_DROPLETS = `
with swept as (
  insert into cloud_sweeps (account_id, kind, trigger, status, started_at, claimed_at, lease_until, finished_at)
  select id, 'droplet', 'schedule', 'complete', at, at, at, at from cloud_accounts, generate_series(now() - interval '30 days', now() - interval '1 day', interval '1 day') at)
insert into cloud_resources (account_id, kind, provider_id, urn, name, status, content_hash, first_seen_at, last_seen_at, recorded_at, changed_at)
select a.id, 'droplet', d.id, 'do:droplet:' || d.id, d.name, 'active', 'older', at, at, at, at
  from cloud_accounts a, json_to_recordset($1::json) d(id text, name text), (select now() - interval '100 days' as at) t`;

const FILL_EVENTS = `
insert into cloud_resource_events (resource_id, type, source, at, changes)
select r.id, case nr when 1 then 'discovered' else 'updated' end, 'sweep', now() - (101 - nr) * interval '1 day', jsonb_build_object('name', jsonb_build_object('old', nr - 1, 'new', nr))
  from cloud_resources r, generate_series(1, 100) nr order by nr`;

const FILL_AUDIT = `
insert into audit_log (at, actor, actor_role, action, target_type, target_id)
select now() - nr * interval '1 hour', 'ada', 'platform_admin', 'sweep.released', 'sweep', arcadia_uuid()::text from generate_series(1, 500) nr`;

const FILL_SAGAS = `
insert into saga_runs (kind, tenant_id, input, steps, status, created_by, created_at, finished_at, wake_at)
select 'demo', 'acme', '{"steps": ["echo", "wait", "echo"], "wait_ms": 200}', '{echo,wait,echo}', status, 'acme-user', now() - interval '1 day', ended,
       case when ended is null then now() end
  from (values ('completed', now()), ('pending', null)) of (status, ended)`;

/** Registers the owner of the sagas, where the release has a registry. */
const FILL_TENANTS = `
do $$ begin
  if to_regclass('tenants') is not null then
    insert into tenants (id, name, source) values ('acme', 'Acme', 'admin') on conflict do nothing;
  end if;
end $$`;

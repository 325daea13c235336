import { balanceRetention } from '#libs/provider-billing';
import { notificationRetention } from '#libs/notifications';
import { SAGA_RETENTION } from '#libs/saga';
import { loadConfig } from '#libs/config';
import { type Database, Retention } from '#libs/database';
import { inventoryRetention } from '#libs/inventory';
import { Logger } from '@nestjs/common';
import { Client } from 'pg';
import { aDatabase } from '../../support/a-database';
import { createTestDatabase, type TestDatabase } from '../../support/database';

const config = loadConfig({
  JWT_SECRET: 's'.repeat(64),
  SWEEP_RETENTION_DAYS: '30',
  EVENT_RETENTION_DAYS: '100',
  BALANCE_HOURLY_DAYS: '35',
});

Logger.overrideLogger(false);

let stored: TestDatabase;
let database: Database;
let owner: Client;
let retention: Retention;
let account: string;
beforeEach(async () => {
  stored = await createTestDatabase();
  database = aDatabase(stored.appUrl);
  retention = new Retention(database);
  owner = new Client({ connectionString: stored.ownerUrl });
  await owner.connect();
  const { rows } = await owner.query<{ id: string }>(
    `insert into cloud_accounts (provider_account_id, identified_by) values ('team', 'team') returning id`,
  );
  account = rows[0]?.id ?? '';
});
afterEach(async () => {
  await owner.end();
  await database.close();
  await stored.drop();
});

const sweepsEvery = (kind: string, step: string, from: string, status = 'complete') =>
  owner.query(
    `insert into cloud_sweeps (kind, trigger, status, started_at, lease_until, finished_at)
     select $1, 'schedule', $2, at, at, at from generate_series(date_trunc('day', now(), 'UTC') - $3::interval, date_trunc('day', now(), 'UTC'), $4::interval) at`,
    [kind, status, from, step],
  );

const count = async (sql: string) => (await database.query<{ n: number }>(`select count(*)::int as n from ${sql}`))[0]?.n;

it('keeps every recent sweep, then one complete sweep of each kind and day, then none', async () => {
  await sweepsEvery('droplet', '1 hour', '200 days');
  await sweepsEvery('droplet', '1 day', '200 days', 'incomplete');
  await sweepsEvery('volume', '6 hours', '60 days');
  const removed = await retention.apply(inventoryRetention(config));
  expect(removed.cloud_sweeps).toBeGreaterThan(3_500);
  const recent = `cloud_sweeps where started_at >= now() - interval '30 days'`;
  expect(await count(`${recent} and kind = 'droplet' and status = 'complete'`)).toBeGreaterThanOrEqual(29 * 24);
  const days = await database.query<{ kind: string; of_day: number; bad: number; oldest: number }>(
    `select kind, max(n)::int as of_day, max(bad)::int as bad, max(now()::date - day)::int as oldest from (
       select kind, (started_at at time zone 'UTC')::date as day, count(*) as n, count(*) filter (where status <> 'complete') as bad from cloud_sweeps
        where started_at < date_trunc('day', now() - interval '30 days', 'UTC') group by 1, 2) d group by 1 order by 1`,
  );
  expect(days).toEqual([
    { kind: 'droplet', of_day: 1, bad: 0, oldest: expect.any(Number) as number },
    { kind: 'volume', of_day: 1, bad: 0, oldest: expect.any(Number) as number },
  ]);
  expect(days[0]?.oldest).toBeLessThanOrEqual(132); // The oldest kept day is in the last month that a reader can request.
  expect(await retention.apply(inventoryRetention(config))).toMatchObject({ cloud_sweeps: 0 });
});

it('keeps the last sweep of a kind and its last complete sweep, however old they are', async () => {
  await sweepsEvery('droplet', '1 year', '3 years');
  await owner.query(`update cloud_sweeps set started_at = started_at - interval '2 years'`);
  await owner.query(
    `insert into cloud_sweeps (kind, trigger, status, started_at, lease_until) values ('droplet', 'schedule', 'refused', now() - interval '1 year', now())`,
  );
  await retention.apply(inventoryRetention(config));
  const left = await database.query('select status from cloud_sweeps order by started_at');
  expect(left).toEqual([{ status: 'complete' }, { status: 'refused' }]);
});

it('reduces old balances to the last one of each day, and keeps those forever', async () => {
  await owner.query(
    `insert into cloud_balance_snapshots (account_id, month_to_date_balance, account_balance, month_to_date_usage, generated_at, taken_at)
     select $1, extract(hour from at at time zone 'UTC'), 0, 0, at, at
       from generate_series(date_trunc('day', now(), 'UTC') - interval '800 days', date_trunc('day', now(), 'UTC'), interval '1 hour') at`,
    [account],
  );
  await retention.apply(balanceRetention(config));
  const old = await database.query<{ last: string; n: number }>(
    `select month_to_date_balance::text as last, count(*)::int as n from cloud_balance_snapshots
      where taken_at < date_trunc('day', now() - interval '35 days', 'UTC') group by 1`,
  );
  expect(old).toEqual([{ last: '23', n: 765 }]);
  expect(await count(`cloud_balance_snapshots where taken_at >= now() - interval '35 days'`)).toBeGreaterThanOrEqual(34 * 24);
});

it('deletes old actions of the provider, except those that its feed may list again', async () => {
  const actions = (from: number, to: number, ago: string) =>
    owner.query(
      `insert into cloud_provider_actions (account_id, action_id, action, status, first_read_at)
       select $1, n, 'reboot', 'completed', now() - $4::interval from generate_series($2::int, $3::int) n`,
      [account, from, to, ago],
    );
  await actions(1, 2_500, '91 days');
  await actions(2_501, 2_600, '1 day');
  expect(await retention.apply(inventoryRetention(config))).toMatchObject({ cloud_provider_actions: 1_600 });
  expect(await database.query('select min(action_id)::int as oldest from cloud_provider_actions')).toEqual([{ oldest: 1_601 }]);
});

it('keeps the committed batches when it is aborted, and deletes the rest on the next run', async () => {
  await sweepsEvery('droplet', '1 hour', '200 days');
  const total = (await count('cloud_sweeps')) ?? 0;
  const ending = new AbortController();
  const query = database.query.bind(database);
  jest.spyOn(database, 'query').mockImplementationOnce((text, values) => {
    ending.abort();
    return query(text, values);
  });
  await retention.apply(inventoryRetention(config), ending.signal);
  expect(await count('cloud_sweeps')).toBe(total - 1_000);
  await retention.apply(inventoryRetention(config));
  expect(await count('cloud_sweeps')).toBeLessThan(total - 3_000);
});

it.each([
  {
    table: 'cloud_sweeps',
    fill: `insert into cloud_sweeps (kind, trigger, status, started_at, lease_until, finished_at)
           select k, 'schedule', 'complete', at, at, at from unnest('{droplet,volume,snapshot,dns_zone,firewall}'::text[]) k,
                  generate_series(now() - interval '95 days', now() - interval '31 days', interval '6 hours') at order by at, k`,
  },
  {
    table: 'cloud_provider_actions',
    fill: `insert into cloud_provider_actions (account_id, action_id, action, status, first_read_at)
           select id, n, 'reboot', 'completed', now() - interval '91 days' from cloud_accounts, generate_series(1, 4000) n`,
  },
])('reads $table a few times per batch, not once for each row', async ({ table, fill }) => {
  await owner.query(fill);
  await owner.query(`analyze ${table}`);
  const rows = (await count(table)) ?? 0;
  expect(rows).toBeGreaterThan(1_000);
  const rule = inventoryRetention(config).find(({ what }) => what === table);
  await owner.query('begin');
  const { rowCount } = await owner.query(rule?.remove ?? '', [1_000, ...(rule?.values ?? [])]);
  const { rows: read } = await owner.query<{ n: number }>(
    'select (seq_tup_read + idx_tup_fetch)::int as n from pg_stat_xact_user_tables where relname = $1',
    [table],
  );
  await owner.query('rollback');
  expect(rowCount).toBeGreaterThan(500);
  expect((read[0]?.n ?? Infinity) / rows).toBeLessThan(5);
});

it('leaves a locked row to the next round, and continues after a rule that fails', async () => {
  await sweepsEvery('droplet', '1 day', '200 days');
  await owner.query('begin');
  const locked = await owner.query<{ id: string }>('select id from cloud_sweeps order by started_at limit 1 for update');
  const broken = { what: 'nothing', remove: 'delete from no_such_table where $1 > 0', values: [] };
  const removed = await retention.apply([broken, ...inventoryRetention(config)]);
  expect(removed.nothing).toBeUndefined();
  expect(removed.cloud_sweeps).toBeGreaterThan(50);
  await owner.query('commit');
  expect(await count(`cloud_sweeps where id = '${locked.rows[0]?.id ?? ''}'`)).toBe(1);
  expect(await retention.apply(inventoryRetention(config))).toMatchObject({ cloud_sweeps: 1 });
});

it('applies every rule of the worker with the rights that a worker has', async () => {
  const rules = [...inventoryRetention(config), ...balanceRetention(config), ...notificationRetention(), ...SAGA_RETENTION];
  expect(Object.keys(await retention.apply(rules)).sort()).toEqual(rules.map(({ what }) => what).sort());
});

it('keeps the calls of sagas at the provider for 30 days', async () => {
  await owner.query(`insert into saga_provider_calls (saga_id, step_idx, compensating, at, method, path, ms)
    select gen_random_uuid(), 0, false, now() - n * interval '10 days', 'GET', '/v2/droplets/1', 5 from generate_series(1, 5) n`);
  expect(await retention.apply(SAGA_RETENTION)).toEqual({ saga_provider_calls: 3 });
  expect(await count('saga_provider_calls')).toBe(2);
});

import { platformConnectionString, serviceConnectionString } from '#libs/database';
import { Client } from 'pg';
import { createTestDatabase, type TestDatabase } from '../../support/database';
import { differences, recorded, RELEASES, type RecordedStatement } from './recorded-release';

/** The libraries and apps that sent statements to the database. */
const ROOMS: Readonly<Record<string, readonly string[]>> = {
  'before-renovation': [
    'apps/worker',
    'libs/audit',
    'libs/billing',
    'libs/catalogue',
    'libs/database',
    'libs/digitalocean',
    'libs/drift',
    'libs/drift, libs/queues',
    'libs/inventory',
    'libs/lifecycle',
    'libs/provisioning',
    'libs/queues',
    'libs/retention',
    'libs/saga',
  ],
  '0.2.0': [
    'apps/api, apps/worker, libs/engine/saga, libs/features/inventory, libs/platform/queues',
    'apps/api, libs/features/inventory',
    'libs/engine/saga',
    'libs/features/accounts',
    'libs/features/catalog',
    'libs/features/costs',
    'libs/features/drift',
    'libs/features/inventory',
    'libs/features/inventory, libs/features/tenants',
    'libs/features/notifications',
    'libs/features/provider-billing',
    'libs/features/provisioning',
    'libs/features/tenant-billing',
    'libs/features/tenants',
    'libs/platform/audit',
    'libs/platform/database',
    'libs/platform/digitalocean',
    'libs/platform/events',
    'libs/platform/outbox',
    'libs/platform/queues',
  ],
};

/** One saga that every release knows, and three of a later build: a later step at the end, a later step at the beginning, a later kind. */
const RUNS_OF_THIS_BUILD = `
insert into saga_runs (kind, input, steps, status, created_by, wake_at)
select kind, '{}', steps::text[], 'pending', 'ada', clock_timestamp() - interval '1 second'
  from (values ('demo', '{echo,wait}'), ('demo', '{echo,a_later_step}'), ('demo', '{a_later_step,echo}'), ('a_later_kind', '{echo}')) of (kind, steps)
returning id`;
const CLAIMS_DUE_SAGAS = /with due as[\s\S]*from saga_runs[\s\S]*skip locked/;

let database: TestDatabase;
const sessions: Client[] = [];

async function session(connectionString: string): Promise<Client> {
  const client = new Client({ connectionString });
  await client.connect();
  sessions.push(client);
  return client;
}

beforeEach(async () => {
  database = await createTestDatabase();
});
afterEach(async () => {
  await Promise.all(sessions.splice(0).map((client) => client.end()));
  await database.drop();
});

async function allDifferences(on: Client, of: readonly RecordedStatement[]): Promise<string[]> {
  const found: string[] = [];
  for (const statement of of) found.push(...(await differences(on, statement)));
  return found;
}

it('requires an expected list of senders for each recorded release', () => {
  expect(RELEASES).toEqual(Object.keys(ROOMS).toSorted());
});

describe.each(RELEASES)('the recorded release %s', (release) => {
  const statements = recorded(release, 'statements.json') as RecordedStatement[];
  const rooms = [...new Set(statements.map(({ from }) => from))];

  it('has recorded statements of every library and app that uses the database', () => {
    expect(rooms).toEqual(ROOMS[release]);
    expect(statements.filter(({ text }) => /\b(insert into|update|delete from)\b/.test(text)).length).toBeGreaterThan(50);
  });

  it.each(rooms)('executes the statements of %s of the previous release on the new schema with unchanged results [OPS-5]', async (room) => {
    const on = await session(platformConnectionString(database.appUrl));
    expect(
      await allDifferences(
        on,
        statements.filter(({ from }) => from === room),
      ),
    ).toEqual([]);
  });

  it('lets a worker of the previous release claim only sagas of which it knows the kind and every step [SAG-16, OPS-5]', async () => {
    const owner = await session(database.ownerUrl);
    const { rows: stored } = await owner.query<{ id: string }>(RUNS_OF_THIS_BUILD);
    const on = await session(platformConnectionString(database.appUrl));
    const claim = statements.find(({ text }) => CLAIMS_DUE_SAGAS.test(text))?.text ?? '';
    const claimed = await on.query<{ id: string }>(claim, [100, 60_000, 'an older worker', ['demo'], ['demo/echo', 'demo/wait']]);
    expect(claimed.rows.map(({ id }) => id)).toEqual([stored[0]?.id]);
    const { rows: left } = await owner.query(`select status, epoch::int from saga_runs where lease_owner is null`);
    expect(left).toEqual(Array.from({ length: 3 }, () => ({ status: 'pending', epoch: 0 })));
  });

  it('lets the previous release read for a tenant on the new schema [OPS-5]', async () => {
    const on = await session(serviceConnectionString(database.appUrl));
    await on.query(`select set_config('arcadia.tenant_id', 'acme', false)`);
    const ofTenants = statements.filter(({ scopes }) => scopes.includes('tenant'));
    expect(ofTenants.length).toBeGreaterThan(10);
    expect(await allDifferences(on, ofTenants)).toEqual([]);
  });

  it.each([
    ['a column that has another name', 'alter table cloud_sweeps rename column reason to reasons'],
    ['a column that has another type', 'alter table cloud_balance_snapshots alter column taken_at type text using taken_at::text'],
    ['a new column that must be given', 'alter table cloud_strays add column found_by text not null'],
    ['a revoked privilege', 'revoke insert on audit_log from arcadia_service'],
    ['a function with other parameters', 'alter function provider_report rename to provider_reported'],
  ])('notices %s [OPS-5]', async (_what, change) => {
    const owner = await session(database.ownerUrl);
    await owner.query(change);
    const on = await session(platformConnectionString(database.appUrl));
    expect(await allDifferences(on, statements)).not.toEqual([]);
  });
});

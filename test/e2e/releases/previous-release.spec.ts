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
};

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

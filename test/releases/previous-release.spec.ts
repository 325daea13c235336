import { platformConnectionString, serviceConnectionString } from '#libs/database';
import { Client } from 'pg';
import { createTestDatabase, type TestDatabase } from '../setup/database';
import { differences, recorded, RELEASES, type RecordedStatement } from './recorded-release';

/** The rooms that spoke to the database. */
const ROOMS: Readonly<Record<string, readonly string[]>> = {
  'first-landed': [
    'apps/api, apps/worker',
    'libs/audit',
    'libs/billing',
    'libs/catalogue',
    'libs/digitalocean',
    'libs/inventory',
    'libs/provisioning',
    'libs/queues',
    'libs/saga',
  ],
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

it('knows what each release must have recorded', () => {
  expect(RELEASES).toEqual(Object.keys(ROOMS).toSorted());
});

describe.each(RELEASES)('%s', (release) => {
  const statements = recorded(release, 'statements.json') as RecordedStatement[];
  const rooms = [...new Set(statements.map(({ from }) => from))];

  it('has recorded what every room says to the database', () => {
    expect(rooms).toEqual(ROOMS[release]);
    expect(statements.filter(({ text }) => /\b(insert into|update|delete from)\b/.test(text)).length).toBeGreaterThan(50);
  });

  it.each(rooms)('OPS-5: on the new schema, what %s of the previous release sends means what it meant', async (room) => {
    const on = await session(platformConnectionString(database.appUrl));
    expect(
      await allDifferences(
        on,
        statements.filter(({ from }) => from === room),
      ),
    ).toEqual([]);
  });

  it('OPS-5: on the new schema, the previous release may still read for a tenant', async () => {
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
    ['a right that is gone', 'revoke insert on audit_log from arcadia_service'],
    ['a function with other parameters', 'alter function provider_report rename to provider_reported'],
  ])('OPS-5: %s would be noticed', async (_what, change) => {
    const owner = await session(database.ownerUrl);
    await owner.query(change);
    const on = await session(platformConnectionString(database.appUrl));
    expect(await allDifferences(on, statements)).not.toEqual([]);
  });
});

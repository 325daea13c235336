import { Client } from 'pg';
import type { Queryable } from '../../../libs/platform/database/src';
import { EventLog } from '../../../libs/platform/events/src';
import { filterSql } from '../../../libs/features/inventory/src/queries/resource-filters';
import { OwnerCorrections } from '../../../libs/features/inventory/src/recorder/owner-corrections';
import { OwnershipRecorder } from '../../../libs/features/inventory/src/recorder/ownership-recorder';
import { createTestDatabase, type TestDatabase } from '../../support/database';

let stored: TestDatabase;
let owner: Client;
let service: Client;

beforeEach(async () => {
  stored = await createTestDatabase();
  owner = new Client({ connectionString: stored.ownerUrl });
  service = new Client({ connectionString: stored.appUrl });
  await Promise.all([owner.connect(), service.connect()]);
  await service.query('set role arcadia_service');
  // The planner knows what the tests let it know.
  await owner.query(`
    alter table cloud_resources set (autovacuum_enabled = false);
    insert into cloud_accounts (id, provider_account_id, identified_by) values ('00000000-0000-7000-8000-000000000001', 'small', 'team');
  `);
});
afterEach(async () => {
  await Promise.all([owner.end(), service.end()]);
  await stored.drop();
});

interface Row {
  readonly name: string;
  readonly tags: readonly string[];
  readonly tenant?: string;
  readonly deleted?: true;
  /** A text that no index reads and that makes the row longer. */
  readonly note?: string;
}

async function insert(rows: readonly Row[]): Promise<void> {
  await owner.query(
    `insert into cloud_resources (account_id, kind, provider_id, urn, name, status, attrs, content_hash, tenant_id, first_seen_at, last_seen_at, changed_at, deleted_at)
     select '00000000-0000-7000-8000-000000000001', 'droplet', 'id-' || (row ->> 'name'), 'do:droplet:' || (row ->> 'name'), row ->> 'name', case when row ? 'deleted' then 'deleted' else 'active' end,
            jsonb_build_object('tags', row -> 'tags', 'note', row -> 'note'), '', row ->> 'tenant', now(), now(), now(), case when row ? 'deleted' then now() end
       from jsonb_array_elements($1::jsonb) row`,
    [JSON.stringify(rows)],
  );
}

/** Null: what every row belongs to; undefined: neither the platform nor a tenant. */
async function within(tenant: string | null | undefined): Promise<void> {
  await service.query(`select set_config('arcadia.scope', $1, false), set_config('arcadia.tenant_id', $2, false)`, [
    tenant === null ? 'platform' : '',
    tenant ?? '',
  ]);
}

/** The names of the resources with these ids, and null where the function leaves the search to the list. */
async function namesOf(sql: string, values: readonly unknown[]): Promise<string[] | null> {
  const { rows } = await service.query<{ id: string | null }>(`select id from ${sql} id`, [...values]);
  if (rows.some(({ id }) => id === null)) return null;
  const found = await owner.query<{ name: string }>('select name from cloud_resources where id = any ($1::uuid[]) order by name', [
    rows.map(({ id }) => id),
  ]);
  return found.rows.map(({ name }) => name);
}

const found = (pattern: string | null, tag: string | null, living: boolean, most = 100) =>
  namesOf('arcadia_resources_found($1, $2, $3, $4)', [pattern, tag, living, most]);
const tagged = (tag: string, living: boolean, most = 100) => namesOf('arcadia_resources_tagged($1, $2, $3)', [tag, living, most]);

const FEW: readonly Row[] = [
  { name: 'acme-db', tags: ['db'], tenant: 'acme' },
  { name: 'acme-gone', tags: ['web'], tenant: 'acme', deleted: true },
  { name: 'acme-web', tags: ['web', 'db'], tenant: 'acme' },
  { name: 'fern-web', tags: ['web'], tenant: 'fern' },
  { name: 'spare-web', tags: ['web'] },
];

describe('of a few resources', () => {
  beforeEach(() => insert(FEW));

  it.each([
    { tenant: null, living: true, names: ['acme-web', 'fern-web', 'spare-web'] },
    { tenant: null, living: false, names: ['acme-gone', 'acme-web', 'fern-web', 'spare-web'] },
    { tenant: 'acme', living: true, names: ['acme-web'] },
    { tenant: 'acme', living: false, names: ['acme-gone', 'acme-web'] },
    { tenant: undefined, living: false, names: [] },
  ])('finds by tag the rows of $tenant, tombstones unless only living ones are wanted ($living) (D1) [TEN-4]', async (one) => {
    await within(one.tenant);
    expect(await tagged('web', one.living)).toEqual(one.names);
    expect(await found(null, 'web', one.living)).toEqual(one.names);
  });

  it.each([
    { tenant: null, living: true, names: ['acme-web', 'fern-web', 'spare-web'] },
    { tenant: null, living: false, names: ['acme-web', 'fern-web', 'spare-web'] },
    { tenant: 'fern', living: true, names: ['fern-web'] },
    { tenant: undefined, living: false, names: [] },
  ])('finds by a part of a text the rows of $tenant (living: $living) (D1) [TEN-4]', async ({ tenant, living, names }) => {
    await within(tenant);
    expect(await found('%n-web%', null, living)).toEqual(names.filter((name) => name === 'fern-web'));
    expect(await found('%-web%', null, living)).toEqual(names);
  });

  it.each([true, false])('finds by both what has both (living: %s) (D1)', async (living) => {
    await within(null);
    expect(await found('%acme%', 'db', living)).toEqual(['acme-db', 'acme-web']);
    expect(await found('%acme-w%', 'db', living)).toEqual(['acme-web']);
    expect(await found('%acme%', 'none', living)).toEqual([]);
    expect(await found('%gone%', 'web', living)).toEqual(living ? [] : ['acme-gone']);
  });

  it('finds one row more than the most, so that the caller knows that there are more (D1)', async () => {
    await within(null);
    expect(await tagged('web', true, 1)).toHaveLength(2);
    expect(await tagged('web', true, 3)).toHaveLength(3);
    expect(await found(null, 'web', true, 1)).toHaveLength(2);
    expect(await found('%-web%', null, true, 1)).toHaveLength(2); // without statistics the planner expects a single row
  });
});

describe('of many resources', () => {
  /** Enough for more than a hundred pages, of which a part is sampled. */
  const MANY = 600;
  beforeEach(async () => {
    const note = 'n'.repeat(1_600);
    const tagsOf = (n: number) => ['web', ...(n % 120 === 0 ? ['rare'] : []), ...(n % 20 === 0 ? ['some'] : [])];
    await insert(
      Array.from({ length: MANY }, (_, n) => ({ name: `web-${1_000 + n}`, tags: tagsOf(n), tenant: n < 15 ? 'acme' : 'fern', note })),
    );
    await owner.query('analyze cloud_resources');
  });

  it('leaves a common tag to the list, and finds a rare one (D1)', async () => {
    const { rows } = await owner.query<{ pages: number }>(`select relpages as pages from pg_class where oid = 'cloud_resources'::regclass`);
    expect(rows[0]?.pages).toBeGreaterThan(110);
    await within(null);
    expect(await tagged('web', true, 2_000)).toBeNull();
    expect(await tagged('some', true, 2_000)).toBeNull(); // thirty rows, of which the sample has far more than ten
    expect(await tagged('rare', true, 2_000)).toHaveLength(MANY / 120);
    expect(await found(null, 'web', true, 2_000)).toBeNull();
    expect(await found(null, 'rare', true, 2_000)).toHaveLength(MANY / 120);
  });

  it('finds a common tag for a tenant, of which the sample of all rows says nothing (D1) [TEN-4]', async () => {
    await within('acme');
    expect(await tagged('web', true, 2_000)).toHaveLength(15);
  });

  it('leaves a text to the list where the planner expects more than the most, and finds another (D1)', async () => {
    await within(null);
    expect(await found('%web%', null, true, 100)).toBeNull();
    expect(await found('%web%', null, true, 1_000)).toHaveLength(MANY);
    expect(await found('%web-1007%', null, true, 100)).toEqual(['web-1007']);
  });
});

it('counts a tag in a small table by its rows, however common it is (D1)', async () => {
  await insert(Array.from({ length: 30 }, (_, n) => ({ name: `web-${n}`, tags: ['web'] })));
  await within(null);
  expect(await tagged('web', true)).toHaveLength(30);
});

describe('the children of a resource', () => {
  const MANY = 3_000;
  const ACCOUNT = '00000000-0000-7000-8000-000000000001';
  let parent: string;

  beforeEach(async () => {
    await insert([{ name: 'acme-web', tags: [], tenant: 'acme' }]);
    await owner.query(
      `insert into cloud_resources (account_id, kind, provider_id, urn, name, status, attrs, content_hash, tenant_id, parents, first_seen_at, last_seen_at, changed_at, deleted_at)
       select '${ACCOUNT}', 'snapshot', 's-' || n, 'do:image:' || n, 'snapshot-' || n, case when n = 4 then 'deleted' else 'available' end, '{}', '', case when n % 2 = 0 then 'acme' else 'fern' end,
              case when n <= 4 then array['droplet/id-acme-web'] else array['droplet/other-' || n] end, now(), now(), now(), case when n = 4 then now() end
         from generate_series(1, ${MANY}) n`,
    );
    await owner.query('analyze cloud_resources');
    parent = (await owner.query<{ id: string }>(`select id from cloud_resources where name = 'acme-web'`)).rows[0]?.id ?? '';
  });

  const children = (refs: readonly string[], account: string | null = ACCOUNT) => namesOf('arcadia_children($1, $2)', [account, refs]);

  it.each([
    { tenant: null, names: ['snapshot-1', 'snapshot-2', 'snapshot-3', 'snapshot-4'] },
    { tenant: 'acme', names: ['snapshot-2', 'snapshot-4'] },
    { tenant: undefined, names: [] },
  ])('are those in the scope of $tenant, for few parents and for many [TEN-4]', async ({ tenant, names }) => {
    await owner.query(`insert into tenants (id, name, source) values ('acme', 'acme', 'admin') on conflict do nothing`);
    await within(tenant);
    const ref = 'droplet/id-acme-web';
    expect(await children([ref, ref])).toEqual(names);
    expect(await children([ref], null)).toEqual(names);
    expect(await children([ref], '00000000-0000-7000-8000-000000000002')).toEqual([]);
    expect(await children([ref, ...Array.from({ length: 1_000 }, (_, n) => `droplet/none-${n}`)])).toEqual(names);
  });

  it('are found by their index, in the list and where a resource is registered under the attribution lock', async () => {
    await within(null);
    const { conditions, values } = filterSql({ parent_id: parent }, 1);
    const settle = (tx: Queryable) =>
      new OwnershipRecorder(new OwnerCorrections(new EventLog())).settleOne(tx, ACCOUNT, {
        id: parent,
        kind: 'droplet',
        provider_id: 'id-acme-web',
      });
    expect(await rowsRead(() => service.query(`select id from cloud_resources where ${conditions.join(' and ')}`, values))).toBeLessThan(
      100,
    );
    expect(
      await rowsRead(() => settle({ query: async (text, given = []) => (await service.query(text, [...given])).rows } as Queryable)),
    ).toBeLessThan(100);
  });

  /** How many resources a transaction reads from the table, by an index or not. */
  async function rowsRead(work: () => Promise<unknown>): Promise<number> {
    await service.query('begin; set local enable_seqscan = off');
    await work();
    const { rows } = await service.query<{ read: string }>(
      `select coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0) as read from pg_stat_xact_user_tables where relname = 'cloud_resources'`,
    );
    await service.query('rollback');
    return Number(rows[0]?.read);
  }
});

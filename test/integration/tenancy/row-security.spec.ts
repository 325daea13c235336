import { newTenancyWorld, type TenancyWorld } from './tenancy-world';

/** Selects the tables that have row security, and the views through which it applies. */
const PROTECTED = `select relname as name from pg_class where relnamespace = 'public'::regnamespace
  and (relkind in ('r', 'p') and relrowsecurity or relkind = 'v' and reloptions @> '{security_invoker=true}')`;

let world: TenancyWorld;

beforeAll(async () => {
  world = await newTenancyWorld();
});
afterAll(() => world.close());

/** Returns those of the tables that the service may read. */
async function readableTables(): Promise<string[]> {
  const readable = await world.database.query<{ name: string }>(`${PROTECTED} and has_table_privilege(oid, 'select')`);
  return readable.map(({ name }) => name);
}

it('guards every table with a tenant column by row security [TEN-4]', async () => {
  const unguarded = await world.owner.query(
    `select c.relname from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attname like '%tenant_id'
      where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relrowsecurity`,
  );
  expect(unguarded.rows).toEqual([]);
  expect(await readableTables()).toEqual(
    expect.arrayContaining(['cloud_resources', 'cloud_resource_events', 'cloud_projects', 'cloud_sweeps', 'audit_log']),
  );
});

it('applies row security to the service role, which is no superuser, owns no table and cannot bypass it [TEN-4]', async () => {
  const [role] = await world.database.query(
    `select rolsuper as super, rolbypassrls as bypass, (select count(*)::int from pg_class where relowner = r.oid) as owns
       from pg_roles r where rolname = current_user`,
  );
  expect(role).toEqual({ super: false, bypass: false, owns: 0 });
});

it('returns no rows to a session without a scope [TEN-4]', async () => {
  for (const name of await readableTables()) {
    expect({ name, rows: await world.database.withoutScope((tx) => tx.query(`select * from ${name}`)) }).toEqual({ name, rows: [] });
  }
  expect(await world.database.query('select 1 from cloud_resources')).toHaveLength(world.resources.length);
});

it('returns only the rows of the tenant in a tenant scope, without a condition in the query [TEN-4]', async () => {
  for (const name of await readableTables()) {
    const rows = await world.database.asTenant('acme', (tx) => tx.query<{ tenant_id?: string; id?: string }>(`select * from ${name}`));
    expect({ name, foreign: rows.filter((row) => (name === 'tenants' ? row.id : row.tenant_id) !== 'acme') }).toEqual({
      name,
      foreign: [],
    });
  }
  const own = await world.database.asTenant('acme', (tx) => tx.query('select 1 from cloud_resources'));
  expect(own).toHaveLength(world.resources.filter((row) => row.tenant === 'acme').length);
});

it.each([
  `'acme'`,
  `'; set arcadia.scope = 'platform'; --`,
  `\\'; set arcadia.scope = 'platform'; --`,
  'acme\\',
  '$1',
  `$$acme$$`,
  'ácme\u{1F600}',
])('uses exactly the tenant id as the scope for a tenant called %s [TEN-2, TEN-4]', async (tenantId) => {
  const [scope] = await world.database.asTenant(tenantId, (tx) =>
    tx.query(`select current_setting('arcadia.tenant_id') as tenant, current_setting('arcadia.scope', true) as scope,
                       (select count(*)::int from cloud_resources) as rows`),
  );
  expect(scope).toMatchObject({ tenant: tenantId, rows: 0 });
  expect((scope as { scope: string | null }).scope ?? '').toBe('');
});

it('ends a scope with its transaction, also after a failure [TEN-4]', async () => {
  await expect(world.database.asTenant('acme', (tx) => tx.query('select 1 / 0'))).rejects.toThrow('division by zero');
  const left = await Promise.all(
    Array.from({ length: 8 }, () => world.database.withoutScope((tx) => tx.query('select id from cloud_resources'))),
  );
  expect(left.flat()).toEqual([]);
});

it('refuses every write in a tenant scope [TEN-4]', async () => {
  const taken = await world.database.asTenant('acme', (tx) => tx.query(`update cloud_resources set tenant_id = 'acme' returning id`));
  expect(taken).toEqual([]);
  const entry = `insert into audit_log (actor, actor_role, action, target_type, target_id) values ('x', 'x', 'x', 'x', 'x')`;
  await expect(world.database.asTenant('acme', (tx) => tx.query(entry))).rejects.toThrow('row-level security');
});

import type { ResourceView } from '#libs/inventory';
import type { ListAnswer } from '#libs/kernel';
import { newTenancyWorld, tenant, type TenancyWorld } from './tenancy-world';

let world: TenancyWorld;

/** As if somebody had forgotten row security: the database now shows every row to everybody. */
beforeAll(async () => {
  world = await newTenancyWorld();
  await world.owner.query(`
    create policy forgotten on cloud_resources using (true);
    create policy forgotten on cloud_resource_events using (true);`);
});
afterAll(() => world.close());

it('TEN-4: the application keeps tenants apart on its own as well', async () => {
  const shown = await world.database.withoutScope((tx) => tx.query('select 1 from cloud_resources'));
  expect(shown).toHaveLength(world.resources.length);
  const answer = await world.http().get('/api/v1/inventory?limit=200').set(tenant('acme')).expect(200);
  const rows = (answer.body as ListAnswer<ResourceView>).data;
  expect(rows.length).toBeGreaterThan(0);
  expect(new Set(rows.map((row) => row.tenant_id))).toEqual(new Set(['acme']));
});

it.each(['', '/events'])('TEN-3, TEN-4: another tenant’s resource%s stays a 404 without the database’s help', async (part) => {
  const foreign = world.resources.find((row) => row.tenant === 'globex')?.id ?? '';
  const answer = await world.http().get(`/api/v1/inventory/${foreign}${part}`).set(tenant('acme'));
  expect(answer.status).toBe(404);
});

import { ChainSealer } from '#libs/audit';
import { EventSequencer, type EventView } from '#libs/events';
import type { ResourceView } from '#libs/inventory';
import type { ListAnswer } from '#libs/kernel';
import { tenantHeader } from '../../support/principals';
import { newTenancyWorld, type TenancyWorld } from './tenancy-world';

let world: TenancyWorld;

/** This disables row security in effect: the database returns every row to every session. */
beforeAll(async () => {
  world = await newTenancyWorld();
  await world.owner.query(`
    create policy forgotten on cloud_resources using (true);
    create policy forgotten on cloud_resource_events using (true);
    create policy forgotten on events using (true);
    create policy forgotten on event_numbers using (true);`);
  await world.app.get(ChainSealer, { strict: false }).seal();
  await world.app.get(EventSequencer, { strict: false }).number();
});
afterAll(() => world.close());

it('separates tenants in the application when row security has no effect [TEN-4]', async () => {
  const visible = await world.database.withoutScope((tx) => tx.query('select 1 from cloud_resources'));
  expect(visible).toHaveLength(world.resources.length);
  const answer = await world.http().get('/api/v1/inventory?limit=200').set(tenantHeader('acme')).expect(200);
  const rows = (answer.body as ListAnswer<ResourceView>).data;
  expect(rows.length).toBeGreaterThan(0);
  expect(new Set(rows.map((row) => row.tenant_id))).toEqual(new Set(['acme']));
});

it('separates the events of tenants in the application when row security has no effect [EVT-2, TEN-4]', async () => {
  const visible = await world.database.withoutScope((tx) => tx.query('select distinct tenant_id from event_numbers'));
  expect(visible.length).toBeGreaterThan(1);
  const answer = await world.http().get('/api/v1/events?limit=200').set(tenantHeader('acme')).expect(200);
  const events = (answer.body as ListAnswer<EventView>).data;
  expect(events.length).toBeGreaterThan(0);
  expect(new Set(events.map((event) => event.tenant_id))).toEqual(new Set(['acme']));
});

it.each(['', '/events'])('returns 404 for another tenant’s resource%s when row security has no effect [TEN-3, TEN-4]', async (part) => {
  const foreign = world.resources.find((row) => row.tenant === 'globex')?.id ?? '';
  const answer = await world.http().get(`/api/v1/inventory/${foreign}${part}`).set(tenantHeader('acme'));
  expect(answer.status).toBe(404);
});

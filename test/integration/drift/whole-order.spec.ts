import { WholeOrders1795000001061 } from '../../../libs/platform/database/src/migrations/1061-whole-orders.migration';
import { PowerOfMachines1795000001141 } from '../../../libs/platform/database/src/migrations/1141-power-of-machines.migration';
import { ADMIN } from '../../support/principals';
import { newProvisioningWorld, ORDER } from '../../support/provisioning-world';
import { until } from '../../support/until';
import { createTestApp } from '../../support/test-app';
import { driftOf, droplet, forgetDroplet, liveDroplet, openWorld, orderDroplet, revert, sweepUntil, world } from './drifted-droplet';
import { createTestDatabase } from '../../support/database';
import { AdoptionService } from '#libs/drift';
import { signGuardianToken } from '#libs/identity';
import { JWT_SECRET } from '../../support/settings';

beforeAll(openWorld);
afterAll(() => world.close());
beforeEach(orderDroplet);
afterEach(forgetDroplet);

const WHOLE = { ...ORDER, tags: [], backups: false, power: 'on' };
const fieldsOf = async () => (await world.drifts('open')).map(({ field, severity }) => `${field} ${severity}`);
async function switchOff(): Promise<void> {
  await world.actOutsideSagas(droplet.dropletId, { type: 'power_off' });
  await until(async () => (await liveDroplet())?.status === 'off', { what: 'the machine being off' });
  await until(
    async () => {
      await world.sweepDroplets();
      return (await world.resource('droplet', String(droplet.dropletId)))?.status === 'off';
    },
    { what: 'the stored status' },
  );
  await world.sweepDroplets();
  await world.detect();
}

it('finds a change of each field of an order, as of an adopted droplet (C2) [DRF-1]', async () => {
  expect((await world.specs.find(droplet.resourceId))?.spec).toEqual(WHOLE);
  await world.actOutsideSagas(droplet.dropletId, { type: 'rename', name: 'other' });
  await world.actOutsideSagas(droplet.dropletId, { type: 'enable_backups' });
  await world.simulator.call('POST', '/v2/tags', { name: 'strange' });
  const resources = [{ resource_id: String(droplet.dropletId), resource_type: 'droplet' }];
  await world.simulator.call('POST', '/v2/tags/strange/resources', { resources });
  await sweepUntil(({ name }) => name === 'other');
  await world.detect();
  expect(await fieldsOf()).toEqual(['backups low', 'name low', 'tags low']);
});

it('finds a machine that was switched off, and a revert switches it on again (C2) [DRF-1, DRF-5]', async () => {
  await switchOff();
  expect(await fieldsOf()).toEqual(['power high']);
  const { id } = await driftOf('power');
  expect((await world.ended(await revert(id))).status).toBe('completed');
  expect((await liveDroplet())?.status).toBe('active');
});

it('gives orders from before the missing fields, and keeps what was recorded since (C2) [DRF-1]', async () => {
  const { resourceId } = droplet;
  const recorded = { size_slug: 's-2vcpu-4gb', region: ORDER.region, image: ORDER.image };
  await world.asOwner('update cloud_provisioned set spec = $2 where resource_id = $1', [resourceId, JSON.stringify(recorded)]);
  const migration = new WholeOrders1795000001061();
  const runner = { query: (text: string) => world.asOwner(text) } as unknown as Parameters<typeof migration.up>[0];
  await migration.up(runner);
  const { version } = (await world.specs.find(resourceId)) ?? {};
  await migration.up(runner);
  expect((await world.specs.find(resourceId))?.version).toBe(version);
  await new PowerOfMachines1795000001141().up(runner);
  expect((await world.specs.find(resourceId))?.spec).toEqual({ ...WHOLE, ...recorded });
});

it('compares adopted and ordered droplets in the same fields (C2) [DRF-1]', async () => {
  await world.asOwner('delete from cloud_provisioned where resource_id = $1', [droplet.resourceId]);
  const { spec } = await world.get(AdoptionService).adopt(droplet.resourceId, ADMIN);
  expect(spec).toEqual(WHOLE);
});

it('shows the desired state of a resource to those who may read it (C2) [DRF-1]', async () => {
  const stored = await createTestDatabase();
  const other = await newProvisioningWorld({}, stored);
  const { resource_id: resourceId } = (await other.run('provision_droplet', ORDER)).context.register_droplet as { resource_id: string };
  const { http, becomes, close } = await createTestApp({ DATABASE_URL: stored.appUrl });
  await becomes('/api/health/ready', 200);
  const token = (tenantId: string) => signGuardianToken(JWT_SECRET, { sub: 'olga', roles: [], tenantId });
  const read = (tenantId: string) =>
    http()
      .get(`/api/v1/inventory/${resourceId}`)
      .set('authorization', `Bearer ${token(tenantId)}`);
  const { status, body } = (await read('acme')) as { status: number; body: { data?: { desired_state: unknown } } };
  expect({ status, body }).toMatchObject({ status: 200, body: { data: { desired_state: { spec: WHOLE, spec_version: 1 } } } });
  expect((await read('stranger')).status).toBe(404);
  await close();
  await other.close();
});

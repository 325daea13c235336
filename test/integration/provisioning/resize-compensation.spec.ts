import { ledger } from '../../support/saga-world';
import { until } from '../../support/until';
import { PLATFORM } from '../../support/principals';
import { newProvisioningWorld, ORDER, type ProvisioningWorld } from '../../support/provisioning-world';

const ADMIN = { by: { sub: 'ada', role: 'platform_admin' } } as const;

let world: ProvisioningWorld;
let dropletId: number;
let resourceId: string;
beforeAll(async () => {
  world = await newProvisioningWorld();
});
afterAll(() => world.close());
beforeEach(async () => {
  const made = await world.run('provision_droplet', ORDER);
  dropletId = Number((made.context.create_droplet as { droplet_id: string }).droplet_id);
  resourceId = (made.context.register_droplet as { resource_id: string }).resource_id;
});
afterEach(() => world.simulator.faults([]));

const currentDroplet = async () => (await world.simulator.droplets()).find(({ id }) => id === dropletId);
const ACTIONS = `/v2/droplets/*/actions`;
/** A fault on the nth action of the droplet only. */
const actionFault = (nth: number, effect: Record<string, unknown>) => [
  { id: 'f', match: { method: 'POST', path: ACTIONS, nth }, times: 1, effect: effect as { type: string } },
];
/** Refuses the nth action and every try of it. */
const refusedActions = (nth: number) =>
  [0, 1, 2, 3, 4].map((more) => ({ id: `f${more}`, match: { method: 'POST', path: ACTIONS, nth: nth + more }, times: 1, effect: refusal }));
const refusal = {
  type: 'status',
  status: 422,
  body: { id: 'unprocessable_entity', message: 'This size is too large to fit on your droplet’s server' },
};

it('leaves the droplet running with its previous size when the resize is refused [SAG-9]', async () => {
  await world.simulator.faults(refusedActions(2));
  const saga = await world.run('resize_droplet', { resource_id: resourceId, size_slug: 's-2vcpu-4gb' });
  expect(Object.values(await world.simulator.fired())).toEqual([1, 1, 1, 1, 1]);
  expect(saga).toMatchObject({ status: 'rolled_back', error: { step: 'resize', code: 'refused_by_provider' } });
  expect(await currentDroplet()).toMatchObject({ status: 'active', size_slug: ORDER.size_slug });
  expect(await world.specs.find(resourceId)).toMatchObject({ version: 1, spec: { size_slug: ORDER.size_slug } });
});

it('leaves a droplet off that was off before the resize [SAG-9]', async () => {
  await world.simulator.call('POST', `/v2/droplets/${dropletId}/actions`, { type: 'power_off' });
  await until(async () => (await currentDroplet())?.status === 'off', { what: 'the droplet being off' });
  await world.simulator.faults(refusedActions(1));
  const saga = await world.run('resize_droplet', { resource_id: resourceId, size_slug: 's-2vcpu-4gb' });
  expect(saga.status).toBe('rolled_back');
  expect(await currentDroplet()).toMatchObject({ status: 'off', size_slug: ORDER.size_slug });
  const again = await world.run('resize_droplet', { resource_id: resourceId, size_slug: 's-2vcpu-4gb' });
  expect(again.context.power_on).toEqual({ stays_off: true });
  expect(await currentDroplet()).toMatchObject({ status: 'off', size_slug: 's-2vcpu-4gb' });
});

it.each([1, 2, 3])(
  'restores the previous size and powers the droplet on when a cancel follows the lost answer of action %i [SAG-12]',
  async (nth) => {
    await world.simulator.faults(actionFault(nth, { type: 'lose_answer' }));
    const id = await world.start('resize_droplet', { resource_id: resourceId, size_slug: 's-2vcpu-4gb' });
    await until(async () => (await world.simulator.fired()).f === 1, { what: 'the lost answer' });
    await world.controls.cancel(PLATFORM, id, ADMIN);
    world.engine.wake();
    const saga = await world.ended(id);
    expect({ status: saga.status, error: saga.error, ledger: ledger(saga) }).toMatchObject({
      status: 'rolled_back',
      error: { code: 'cancelled' },
    });
    await until(async () => (await currentDroplet())?.status === 'active', { what: 'the droplet being up' });
    expect(await currentDroplet()).toMatchObject({ size_slug: ORDER.size_slug });
  },
);

it('rolls back a resize of the disk that is refused, and completes one that is accepted', async () => {
  await world.simulator.faults(refusedActions(2));
  const refused = await world.run('resize_droplet', { resource_id: resourceId, size_slug: 's-2vcpu-4gb', disk: true });
  expect(refused).toMatchObject({ status: 'rolled_back', error: { step: 'resize_with_disk' } });
  await world.simulator.faults([]);
  const taken = await world.run('resize_droplet', { resource_id: resourceId, size_slug: 's-2vcpu-4gb', disk: true });
  expect(taken.status).toBe('completed');
  expect(await currentDroplet()).toMatchObject({ status: 'active', size_slug: 's-2vcpu-4gb', disk: 80 });
});

import { newProvisioningWorld, ORDER, type ProvisioningWorld } from '../../support/provisioning-world';

const GPU = { ...ORDER, name: 'gpu-1', size_slug: 'gpu-h100x1-80gb', region: 'nyc1' };

let world: ProvisioningWorld;
beforeAll(async () => {
  world = await newProvisioningWorld();
});
afterAll(() => world.close());
afterEach(async () => {
  await world.simulator.faults([]);
  await world.simulator.setDroplets([]);
});

const made = async () => {
  const saga = await world.run('provision_droplet', ORDER);
  const { resource_id } = saga.context.register_droplet as { resource_id: string };
  return { resourceId: resource_id, dropletId: Number((saga.context.create_droplet as { droplet_id: string }).droplet_id) };
};

it('finds a GPU droplet after an unanswered create, although no list by tag contains it [SAG-5]', async () => {
  await world.simulator.faults([
    { id: 'lost', match: { method: 'POST', path: '/v2/droplets' }, times: 1, effect: { type: 'lose_answer' } },
  ]);
  const saga = await world.run('provision_droplet', GPU);
  expect(await world.simulator.fired()).toEqual({ lost: 1 });
  expect(saga).toMatchObject({ status: 'completed', context: { create_droplet: { adopted: true } } });
  expect(await world.alive()).toHaveLength(1);
});

it('waits for an action that DigitalOcean does not find right after it was returned', async () => {
  const { resourceId, dropletId } = await made();
  await world.simulator.change({ lags: { action_visible_ms: 700 } });
  const saga = await world.run('resize_droplet', { resource_id: resourceId, size_slug: 's-2vcpu-4gb' });
  await world.simulator.change({ lags: { action_visible_ms: 15 } });
  expect(saga).toMatchObject({ status: 'completed', error: null });
  const unseen = (await world.simulator.calls()).filter(({ path, status }) => /^\/v2\/actions\/\d+$/.test(path) && status === 404);
  expect(unseen.length).toBeGreaterThan(0);
  expect((await world.simulator.droplets()).find(({ id }) => id === dropletId)).toMatchObject({
    size_slug: 's-2vcpu-4gb',
    status: 'active',
  });
});

it('waits while a token is rejected, and completes the order afterwards (F) [INV-7]', async () => {
  const own = await newProvisioningWorld({ ACCOUNT_CHECK_MS: '0' }); // A rejected token is retried each second.
  try {
    await own.simulator.faults([{ id: 'rejected', match: { method: 'GET', path: '/v2/droplets*' }, times: 1, effect: { type: 'revoke' } }]);
    const saga = await own.run('provision_droplet', ORDER);
    expect(await own.simulator.fired()).toEqual({ rejected: 1 });
    expect(saga).toMatchObject({ status: 'completed', error: null });
  } finally {
    await own.close();
  }
});

it('names the fields of an order for which DigitalOcean has no object (D2) [SAG-9]', async () => {
  const vpc_uuid = '5a4981aa-9653-4bd1-bef5-d6bff52042e4';
  const saga = await world.run('provision_droplet', { ...ORDER, vpc_uuid }, null);
  expect(saga).toMatchObject({ status: 'rolled_back', error: { step: 'create_droplet', code: 'not_found_at_provider' } });
  expect(saga.error?.detail).toContain(`vpc_uuid ${vpc_uuid}; image ${ORDER.image}`);
  expect(await world.alive()).toEqual([]);
});

it('retries the assignment to a project after a 404', async () => {
  await world.simulator.faults([
    { id: 'f', match: { path: '/v2/projects/*/resources' }, times: 2, effect: { type: 'status', status: 404 } },
  ]);
  const saga = await world.run('provision_droplet', ORDER);
  expect(await world.simulator.fired()).toEqual({ f: 2 });
  expect(saga.status).toBe('completed');
});

it('changes nothing when a destroy is refused, and releases the hold on the droplet [SAG-15]', async () => {
  const { resourceId, dropletId } = await made();
  await world.simulator.faults([{ id: 'f', match: { method: 'DELETE' }, effect: { type: 'status', status: 403 } }]);
  const refused = await world.run('destroy_droplet', { resource_id: resourceId });
  expect(refused).toMatchObject({ status: 'rolled_back', error: { code: 'forbidden_by_provider' } });
  expect(await world.alive()).toEqual([dropletId]);
  await world.simulator.faults([]);
  expect((await world.run('destroy_droplet', { resource_id: resourceId })).status).toBe('completed');
  expect(await world.alive()).toEqual([]);
});

it('repeats the DELETE of a droplet that still exists after a 204, before it counts as deleted [SAG-15]', async () => {
  const { resourceId } = await made();
  await world.simulator.faults([
    { id: 'survives', match: { method: 'DELETE' }, times: 1, effect: { type: 'status', status: 204, body: '' } },
  ]);
  const saga = await world.run('destroy_droplet', { resource_id: resourceId });
  expect(await world.simulator.fired()).toEqual({ survives: 1 });
  expect(saga.status).toBe('completed');
  expect(await world.alive()).toEqual([]);
});

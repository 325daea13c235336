import { ledger } from '../../support/saga-world';
import { newProvisioningWorld, ORDER, type ProvisioningWorld } from '../../support/provisioning-world';

let world: ProvisioningWorld;
beforeAll(async () => {
  world = await newProvisioningWorld();
});
afterAll(() => world.close());

const dropletId = (context: Record<string, unknown>) => (context.create_droplet as { droplet_id: string }).droplet_id;

it('turns an order into an active droplet of its tenant, with a row in the inventory and a desired state [SAG-9]', async () => {
  const saga = await world.run('provision_droplet', { ...ORDER, user_data: '#!/bin/sh\necho a-secret' });
  expect(saga.error).toBeNull();
  expect(saga.status).toBe('completed');
  expect(ledger(saga)).toEqual([
    'create_droplet: completed',
    'await_active: completed',
    'assign_project: completed',
    'register_droplet: completed',
  ]);
  expect(saga.input).not.toHaveProperty('user_data');
  const id = dropletId(saga.context);
  const [droplet, ...others] = await world.simulator.droplets();
  expect(others).toEqual([]);
  expect(droplet).toMatchObject({ id: Number(id), status: 'active' });
  expect(droplet?.tags).toEqual(expect.arrayContaining(['managed-by-arcadia-cloud', `arcadia-saga-${saga.id}`]));
  const resource = await world.resource('droplet', id);
  expect(resource).toMatchObject({ tenant_id: 'acme', name: 'web-1', status: 'active', project_id: world.projectId });
  expect(await world.specs.find(resource?.id ?? '')).toMatchObject({
    version: 1,
    spec: { size_slug: ORDER.size_slug, region: ORDER.region, image: ORDER.image },
  });
});

it('takes a snapshot of a droplet, resizes it and destroys it', async () => {
  const made = await world.run('provision_droplet', { ...ORDER, name: 'db-1' });
  const id = dropletId(made.context);
  const resource = await world.resource('droplet', id);
  const resourceId = resource?.id ?? '';

  const snapshot = await world.run('snapshot_droplet', { resource_id: resourceId });
  expect(ledger(snapshot)).toEqual(['take_snapshot: completed', 'await_snapshot: completed']);
  const { snapshot_id } = snapshot.context.await_snapshot as { snapshot_id: string };
  expect(await world.resource('snapshot', snapshot_id)).toMatchObject({ name: `arcadia-snap-${id}-${snapshot.id}`, tenant_id: 'acme' });

  const resized = await world.run('resize_droplet', { resource_id: resourceId, size_slug: 's-2vcpu-4gb' });
  expect(ledger(resized)).toEqual(['power_off: completed', 'resize: completed', 'power_on: completed', 'record_size: completed']);
  const [now] = (await world.simulator.droplets()).filter((droplet) => droplet.id === Number(id));
  expect(now).toMatchObject({ size_slug: 's-2vcpu-4gb', status: 'active' });
  expect(await world.specs.find(resourceId)).toMatchObject({ version: 2, spec: { size_slug: 's-2vcpu-4gb' } });
  expect(await world.resource('droplet', id)).toMatchObject({ size_slug: 's-2vcpu-4gb', status: 'active' });

  const destroyed = await world.run('destroy_droplet', { resource_id: resourceId });
  expect(ledger(destroyed)).toEqual(['destroy_droplet: completed', 'mark_deleted: completed']);
  expect(await world.alive()).not.toContain(Number(id));
  expect(await world.resource('droplet', id)).toBeUndefined();
  expect(await world.specs.find(resourceId)).toBeUndefined();
});

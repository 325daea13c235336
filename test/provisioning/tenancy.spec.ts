import { ACME, newProvisioningWorld, ORDER, type ProvisioningWorld } from './provisioning-world';

const SNAPSHOT_OF_ACME = 190_000_001;
const SNAPSHOT_OF_NOBODY = 190_000_002;

let world: ProvisioningWorld;
let own: string;
let stranger: string;
beforeAll(async () => {
  world = await newProvisioningWorld({ SAGA_OPEN_PER_TENANT: '2' });
  await world.simulator.setDroplets([
    { id: 101, name: 'acme-1' },
    { id: 102, name: 'stranger-1' },
  ]);
  await world.simulator.change({
    members: [
      { project_id: ACME, urn: 'do:droplet:101' },
      { project_id: ACME, urn: `do:image:${SNAPSHOT_OF_ACME}` },
    ],
    images: [
      ...((await world.simulator.account()) as { images: unknown[] }).images,
      { id: SNAPSHOT_OF_ACME, resource_id: 101 },
      { id: SNAPSHOT_OF_NOBODY, resource_id: 102 },
    ],
  });
  for (const kind of ['droplet', 'snapshot', 'project']) await world.sweeps.run(kind, { trigger: 'manual' });
  own = (await world.resource('droplet', '101'))?.id ?? '';
  stranger = (await world.resource('droplet', '102'))?.id ?? '';
  await world.run('provision_droplet', { ...ORDER, name: 'first' }); // from here on there is a copy of the catalogue
});
afterAll(() => world.close());

const NOWHERE = '00000000-0000-4000-8000-0000000000ff';

describe('TEN-6: a tenant acts on what is its own, and what is refused costs no call', () => {
  it.each([
    { name: 'destroying another’s droplet', kind: 'destroy_droplet', input: () => ({ resource_id: stranger }), code: 'resource_not_found' },
    { name: 'saving another’s droplet', kind: 'snapshot_droplet', input: () => ({ resource_id: stranger }), code: 'resource_not_found' },
    {
      name: 'resizing another’s droplet',
      kind: 'resize_droplet',
      input: () => ({ resource_id: stranger, size_slug: 's-2vcpu-4gb' }),
      code: 'resource_not_found',
    },
    {
      name: 'a size that is not offered',
      kind: 'resize_droplet',
      input: () => ({ resource_id: own, size_slug: 's-none' }),
      code: 'validation_failed',
    },
    { name: 'a droplet that nobody has', kind: 'destroy_droplet', input: () => ({ resource_id: NOWHERE }), code: 'resource_not_found' },
    {
      name: 'an order into another’s project',
      kind: 'provision_droplet',
      input: () => ({ ...ORDER, project_id: NOWHERE }),
      code: 'validation_failed',
    },
    {
      name: 'an order from another’s snapshot',
      kind: 'provision_droplet',
      input: () => ({ ...ORDER, image: String(SNAPSHOT_OF_NOBODY) }),
      code: 'validation_failed',
    },
    { name: 'an order with tags', kind: 'provision_droplet', input: () => ({ ...ORDER, tags: ['web'] }), code: 'admins_only' },
    { name: 'an order into a network', kind: 'provision_droplet', input: () => ({ ...ORDER, vpc_uuid: NOWHERE }), code: 'admins_only' },
    {
      name: 'an order of what is not offered',
      kind: 'provision_droplet',
      input: () => ({ ...ORDER, region: 'atlantis1' }),
      code: 'validation_failed',
    },
  ])('$name: $code', async ({ kind, input, code }) => {
    const calls = (await world.simulator.calls()).length;
    await expect(world.start(kind, input())).rejects.toMatchObject({ code });
    expect((await world.simulator.calls()).length).toBe(calls);
  });

  it('its own snapshot is an image, and its only project is where the droplet goes', async () => {
    const order = { ...ORDER, name: 'from-snapshot', image: String(SNAPSHOT_OF_ACME) };
    const plan = await world.starts.plan({ kind: 'provision_droplet', input: order, tenantId: 'acme' });
    expect(plan.steps).toContain('assign_project');
  });

  it('an admin’s tags may not pretend to be ours', async () => {
    for (const tag of ['managed-by-arcadia-cloud', 'arcadia-saga-x', 'Arcadia-Saga-x']) {
      await expect(world.start('provision_droplet', { ...ORDER, tags: [tag] }, null)).rejects.toMatchObject({ code: 'validation_failed' });
    }
  });

  it('runs no more sagas at once than a tenant may; others are not held up', async () => {
    await world.simulator.faults([
      { id: 'slow', match: { method: 'POST', path: '/v2/droplets' }, effect: { type: 'status', status: 429, ms: 60_000 } },
    ]);
    const started = await Promise.all([1, 2].map((nth) => world.start('provision_droplet', { ...ORDER, name: `full-${nth}` })));
    await expect(world.start('provision_droplet', { ...ORDER, name: 'full-3' })).rejects.toMatchObject({
      code: 'too_many_sagas',
      category: 'rate_limited',
    });
    await expect(world.starts.plan({ kind: 'destroy_droplet', input: { resource_id: stranger }, tenantId: null })).resolves.toMatchObject({
      holds: ['droplet:102'],
    });
    for (const id of started) await world.controls.cancel({ kind: 'platform' }, id, { by: { sub: 'ada', role: 'platform_admin' } });
    await world.simulator.faults([]);
  });
});

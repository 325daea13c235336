import { ACME, newProvisioningWorld, ORDER, type ProvisioningWorld } from '../../support/provisioning-world';

const SNAPSHOT_OF_ACME = 190_000_001;
const SNAPSHOT_WITHOUT_TENANT = 190_000_002;

let world: ProvisioningWorld;
let own: string;
let stranger: string;
beforeAll(async () => {
  world = await newProvisioningWorld({}, undefined, { open_sagas: 2 });
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
      { id: SNAPSHOT_WITHOUT_TENANT, resource_id: 102 },
    ],
  });
  for (const kind of ['droplet', 'snapshot', 'project']) await world.sweeps.run(kind, { trigger: 'manual' });
  own = (await world.resource('droplet', '101'))?.id ?? '';
  stranger = (await world.resource('droplet', '102'))?.id ?? '';
  await world.run('provision_droplet', { ...ORDER, name: 'first' }); // From here on the catalog is stored.
});
afterAll(() => world.close());

const UNKNOWN_ID = '00000000-0000-4000-8000-0000000000ff';

describe('the start of a saga by a tenant', () => {
  it.each([
    {
      name: 'a destroy of another tenant’s droplet',
      kind: 'destroy_droplet',
      input: () => ({ resource_id: stranger }),
      code: 'resource_not_found',
    },
    {
      name: 'a snapshot of another tenant’s droplet',
      kind: 'snapshot_droplet',
      input: () => ({ resource_id: stranger }),
      code: 'resource_not_found',
    },
    {
      name: 'a resize of another tenant’s droplet',
      kind: 'resize_droplet',
      input: () => ({ resource_id: stranger, size_slug: 's-2vcpu-4gb' }),
      code: 'resource_not_found',
    },
    {
      name: 'a resize to a size that is not offered',
      kind: 'resize_droplet',
      input: () => ({ resource_id: own, size_slug: 's-none' }),
      code: 'validation_failed',
    },
    {
      name: 'a destroy of an unknown droplet',
      kind: 'destroy_droplet',
      input: () => ({ resource_id: UNKNOWN_ID }),
      code: 'resource_not_found',
    },
    {
      name: 'an order into another tenant’s project',
      kind: 'provision_droplet',
      input: () => ({ ...ORDER, project_id: UNKNOWN_ID }),
      code: 'validation_failed',
    },
    {
      name: 'an order from another tenant’s snapshot',
      kind: 'provision_droplet',
      input: () => ({ ...ORDER, image: String(SNAPSHOT_WITHOUT_TENANT) }),
      code: 'validation_failed',
    },
    { name: 'an order with tags', kind: 'provision_droplet', input: () => ({ ...ORDER, tags: ['web'] }), code: 'admins_only' },
    { name: 'an order into a network', kind: 'provision_droplet', input: () => ({ ...ORDER, vpc_uuid: UNKNOWN_ID }), code: 'admins_only' },
    {
      name: 'an order in a region that is not offered',
      kind: 'provision_droplet',
      input: () => ({ ...ORDER, region: 'atlantis1' }),
      code: 'validation_failed',
    },
  ])('rejects $name with $code and without a provider call [TEN-6]', async ({ kind, input, code }) => {
    const calls = (await world.simulator.calls()).length;
    await expect(world.start(kind, input())).rejects.toMatchObject({ code });
    expect((await world.simulator.calls()).length).toBe(calls);
  });

  it('accepts a snapshot of the tenant as an image, and assigns the droplet to the only project of the tenant [TEN-6]', async () => {
    const order = { ...ORDER, name: 'from-snapshot', image: String(SNAPSHOT_OF_ACME) };
    const plan = await world.starts.plan({ kind: 'provision_droplet', input: order, tenantId: 'acme' });
    expect(plan.steps.map(({ name }) => name)).toContain('assign_project');
  });

  it('rejects tags of an admin that imitate the tags of this service [TEN-6]', async () => {
    for (const tag of ['managed-by-arcadia-cloud', 'arcadia-saga-x', 'Arcadia-Saga-x']) {
      await expect(world.start('provision_droplet', { ...ORDER, tags: [tag] }, null)).rejects.toMatchObject({ code: 'validation_failed' });
    }
  });

  it('rejects a start when the tenant already has the allowed number of open sagas, and accepts the starts of others [TEN-6]', async () => {
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

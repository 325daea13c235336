import { fail, SagaRegistry, type SagaDefinition } from '#libs/saga';
import { ACME, newProvisioningWorld, ORDER, type ProvisioningWorld } from '../../support/provisioning-world';

const ZONE = 'shop.example';

let world: ProvisioningWorld;
beforeAll(async () => {
  world = await newProvisioningWorld();
  await world.simulator.change({ domains: [{ name: ZONE }], members: [{ project_id: ACME, urn: `do:domain:${ZONE}` }] });
  await world.sweeps.run('dns_zone', { trigger: 'manual' });
  await world.sweeps.run('project', { trigger: 'manual' });
  const registry = world.get(SagaRegistry);
  for (const kind of ['provision_droplet', 'snapshot_droplet', 'upsert_dns_record', 'delete_dns_record', 'resize_droplet']) {
    registry.register(endingInFailure(registry.get(kind)));
  }
});
afterAll(() => world.close());

/** The same saga with one more step, which fails. */
function endingInFailure(definition: SagaDefinition): SagaDefinition {
  const fails = { name: 'fail', execute: async () => fail({ code: 'meant_to', detail: 'It was meant to fail' }, 'none') };
  return {
    ...definition,
    kind: `${definition.kind}_then_fail`,
    plan: (input) => [...definition.plan(input), 'fail'],
    steps: [...definition.steps, fails],
  };
}

const images = async () =>
  ((await world.simulator.account()) as { images: { name: string; status: string }[] }).images.filter(
    ({ name, status }) => name.startsWith('arcadia-snap') && status !== 'deleted',
  );
const records = async () => (await world.simulator.account()).domain_records.map(({ id: _id, ...record }) => record);

describe('the compensation after a failed last step', () => {
  it('destroys a droplet that was created, assigned and registered [SAG-9]', async () => {
    const saga = await world.run('provision_droplet_then_fail', ORDER);
    expect(saga).toMatchObject({ status: 'rolled_back', error: { step: 'fail', code: 'meant_to' } });
    expect(saga.steps.map(({ status }) => status)).toEqual(['compensated', 'compensated', 'compensated', 'compensated', 'failed']);
    expect(await world.alive()).toEqual([]);
    const { resource_id: id } = saga.context.register_droplet as { resource_id: string };
    const rows = await world.database.query('select status from cloud_resources where id = $1', [id]);
    expect(rows).toEqual([{ status: 'deleted' }]);
    expect(await world.specs.find(id)).toBeUndefined();
  });

  it('deletes a snapshot [SAG-9]', async () => {
    const made = await world.run('provision_droplet', ORDER);
    const { resource_id } = made.context.register_droplet as { resource_id: string };
    const saga = await world.run('snapshot_droplet_then_fail', { resource_id });
    expect(saga.status).toBe('rolled_back');
    expect(await images()).toEqual([]);
    expect(await world.resource('snapshot', (saga.context.await_snapshot as { snapshot_id: string }).snapshot_id)).toBeUndefined();
    await world.run('destroy_droplet', { resource_id });
    expect(await world.alive()).toEqual([]);
  });

  it('restores the previous size of a droplet, in the inventory and in the desired state too [SAG-9]', async () => {
    const made = await world.run('provision_droplet', ORDER);
    const { resource_id } = made.context.register_droplet as { resource_id: string };
    const saga = await world.run('resize_droplet_then_fail', { resource_id, size_slug: 's-2vcpu-4gb' });
    expect(saga.status).toBe('rolled_back');
    const [droplet] = await world.simulator.droplets();
    expect(droplet).toMatchObject({ size_slug: ORDER.size_slug, status: 'active' });
    expect((await world.specs.find(resource_id))?.spec).toMatchObject({ size_slug: ORDER.size_slug });
  });

  it.each([
    { name: 'deletes a created record', kind: 'upsert_dns_record', type: 'A', host: 'new', data: '203.0.113.9', more: {} },
    {
      name: 'restores a changed record with the TTL of its siblings',
      kind: 'upsert_dns_record',
      type: 'MX',
      host: '@',
      data: 'three.example',
      more: { dns_record_priority: 1, dns_record_ttl: 60, dns_record_previous_data: 'one.example' },
    },
    { name: 'recreates a deleted record', kind: 'delete_dns_record', type: 'CNAME', host: 'www', data: 'host.example', more: {} },
  ])('$name [SAG-9]', async ({ kind, type, host, data, more }) => {
    const base = { domain: ZONE, ttl: 300 };
    await world.simulator.change({
      domain_records: [
        { ...base, id: 1_800_000_001, type: 'MX', name: '@', data: 'one.example', priority: 10 },
        { ...base, id: 1_800_000_002, type: 'MX', name: '@', data: 'two.example', priority: 20 },
        { ...base, id: 1_800_000_003, type: 'CNAME', name: 'www', data: 'host.example', ttl: 120 },
      ],
    });
    const before = await records();
    const saga = await world.run(`${kind}_then_fail`, {
      dns_domain: ZONE,
      dns_record_type: type,
      dns_record_name: host,
      dns_record_data: data,
      ...more,
    });
    expect(saga.status).toBe('rolled_back');
    expect(await records()).toEqual(expect.arrayContaining(before));
    expect(await records()).toHaveLength(before.length);
  });
});

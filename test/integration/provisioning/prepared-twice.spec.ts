import { SagaRegistry } from '#libs/saga';
import { PLATFORM } from '../../support/principals';
import { ACME, newProvisioningWorld, ORDER, type ProvisioningWorld } from '../../support/provisioning-world';
import { casesOfEachKind, PRODUCT_KINDS, type ProductCase } from './product-cases';

const ZONE = 'shop.example';
const RECORD = { dns_domain: ZONE, dns_record_type: 'A', dns_record_name: `${ZONE}.${ZONE}`, dns_record_data: '203.0.113.1' };
/** Kinds on droplets and records; the others are those of `PRODUCT_KINDS`. */
const OTHERS: Readonly<Record<string, (droplet: string) => object>> = {
  provision_droplet: () => ORDER,
  destroy_droplet: (resource_id) => ({ resource_id, final_snapshot: true }),
  power_droplet: (resource_id) => ({ resource_id, action: 'off' }),
  snapshot_droplet: (resource_id) => ({ resource_id }),
  resize_droplet: (resource_id) => ({ resource_id, size_slug: 'S-2vcpu-4gb' }),
  revert_droplet: (resource_id) => ({ resource_id, fields: ['name'] }),
  upsert_dns_record: () => RECORD,
  delete_dns_record: () => RECORD,
};
/** A kind without `prepare` is the same by itself. */
const NOT_PREPARED = ['demo', 'undo_late_write'];

let world: ProvisioningWorld;
let cases: ProductCase[];
beforeAll(async () => {
  world = await newProvisioningWorld();
  await world.simulator.change({ domains: [{ name: ZONE }], members: [{ project_id: ACME, urn: `do:domain:${ZONE}` }] });
  await world.sweeps.run('dns_zone', { trigger: 'manual' });
  cases = await casesOfEachKind(world, 0);
});
afterAll(() => world.close());

it('has a start of every kind [OPV-3]', () => {
  const labels = [...Object.keys(OTHERS), ...Object.keys(PRODUCT_KINDS).filter((label) => !label.includes(':')), ...NOT_PREPARED];
  expect(world.get(SagaRegistry).known().kinds.sort()).toEqual(labels.sort());
});

it.each([...Object.keys(OTHERS), ...Object.keys(PRODUCT_KINDS)])(
  'prepares the input of %s once more without a change, for a redrive [OPV-3]',
  async (label) => {
    const droplet = (await world.resource('droplet', '700000000'))?.id ?? '';
    if (label === 'revert_droplet')
      await world.asOwner(`insert into cloud_provisioned (resource_id, spec) values ($1, '{"name": "wanted"}') on conflict do nothing`, [
        droplet,
      ]);
    const known = cases.find((one) => one.label === label);
    const definition = world.get(SagaRegistry).get(known?.kind ?? label);
    const input = { ...(known?.input ?? OTHERS[label]?.(droplet)) };
    const prepared = await definition.prepare?.({ scope: PLATFORM, input });
    expect(prepared).toBeDefined();
    expect(await definition.prepare?.({ scope: PLATFORM, input: prepared ?? {} })).toEqual(prepared);
  },
);

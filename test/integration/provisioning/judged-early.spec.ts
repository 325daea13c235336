import { Catalog } from '#libs/catalog';
import { ValidationFailedError } from '#libs/kernel';
import { until } from '../../support/until';
import { ACME, newProvisioningWorld, ORDER, type ProvisioningWorld } from '../../support/provisioning-world';

const SMALL = { size_slug: ORDER.size_slug };
const LARGE = { size_slug: 's-2vcpu-4gb' };
const ZONE = 'shop.example';

let world: ProvisioningWorld;
let resource_id: string;
let dropletId: number;
beforeAll(async () => {
  world = await newProvisioningWorld();
  await world.get(Catalog).refresh('provisioning');
  await world.simulator.change({ domains: [{ name: ZONE }], members: [{ project_id: ACME, urn: `do:domain:${ZONE}` }] });
  await world.sweeps.run('dns_zone', { trigger: 'manual' });
  await world.sweeps.run('project', { trigger: 'manual' });
});
afterAll(() => world.close());
beforeEach(async () => {
  const { context } = await world.run('provision_droplet', ORDER);
  resource_id = (context.register_droplet as { resource_id: string }).resource_id;
  dropletId = Number((context.create_droplet as { droplet_id: string }).droplet_id);
});

/** A tenant names the droplet that it destroys. */
const NAMED = { expected_name: ORDER.name };
const plan = (kind: string, input: Record<string, unknown>) => world.starts.plan({ kind, input, tenantId: 'acme' });
const resize = (more: Record<string, unknown>) => world.run('resize_droplet', { resource_id, ...more });
/** The types of the actions that the droplet has had. */
const actions = async () =>
  ((await world.simulator.account()).actions as { type: string; resource_id: number }[])
    .filter((action) => action.resource_id === dropletId && action.type !== 'create')
    .map(({ type }) => type);

it('refuses to shrink a disk before it asks the provider, in the dry run too (A5) [SAG-1]', async () => {
  await resize({ ...LARGE, disk: true });
  const before = await actions();
  for (const disk of [false, true]) {
    const refused = plan('resize_droplet', { resource_id, ...SMALL, disk });
    await expect(refused).rejects.toBeInstanceOf(ValidationFailedError);
    await expect(refused).rejects.toMatchObject({
      errors: [{ field: 'input.size_slug', message: expect.stringContaining('cannot shrink') as unknown }],
    });
    await expect(world.start('resize_droplet', { resource_id, ...SMALL, disk })).rejects.toBeInstanceOf(ValidationFailedError);
  }
  expect(await actions()).toEqual(before);
});

it('refuses to shrink a disk at its first step when the stored disk was out of date, without an outage (A5) [SAG-9]', async () => {
  await resize({ ...LARGE, disk: true });
  const before = await actions();
  await world.asOwner(`update cloud_resources set attrs = attrs || '{"disk": 25}', size_slug = 's-1vcpu-2gb' where id = $1`, [resource_id]);
  expect(await resize(SMALL)).toMatchObject({ status: 'rolled_back', error: { step: 'power_off', code: 'disk_cannot_shrink' } });
  expect(await actions()).toEqual(before);
});

it.each([
  { name: 'the size', order: SMALL },
  { name: 'the size and the disk', order: { ...SMALL, disk: true } },
])('does not stop a machine that has $name already, and the dry run says so (A5) [SAG-9]', async ({ order }) => {
  expect(await plan('resize_droplet', { resource_id, ...order })).toMatchObject({ nothing_to_do: true, changes: [], off_for: null });
  const saga = await resize(order);
  expect(saga.status).toBe('completed');
  expect(saga.steps.map(({ status }) => status)).toEqual(['skipped', 'skipped', 'skipped', 'completed']);
  expect(await actions()).toEqual([]);
});

it('tells in a dry run what changes, for how long a machine is off, and what cannot be undone (A5) [SAG-1]', async () => {
  expect(await plan('resize_droplet', { resource_id, ...LARGE })).toMatchObject({
    changes: [{ field: 'size_slug', from: ORDER.size_slug, to: LARGE.size_slug }],
    off_for: expect.stringContaining('minutes') as unknown,
    irreversible: [],
    warnings: [],
  });
  const growing = await plan('resize_droplet', { resource_id, ...LARGE, disk: true });
  expect(growing.changes).toContainEqual({ field: 'disk', from: 25, to: 80 });
  expect(growing.irreversible).toEqual([expect.stringContaining('cannot shrink')]);
  expect((await plan('destroy_droplet', { resource_id, ...NAMED })).irreversible).toHaveLength(1);
});

it('warns in a dry run about a machine that is off, and about one that was not listed (A5) [SAG-1]', async () => {
  await world.simulator.call('POST', `/v2/droplets/${dropletId}/actions`, { type: 'power_off' });
  await until(
    async () => {
      await world.sweeps.run('droplet', { trigger: 'manual' });
      return (await world.resource('droplet', String(dropletId)))?.status === 'off';
    },
    { what: 'the stored status' },
  );
  expect(await plan('resize_droplet', { resource_id, ...LARGE })).toMatchObject({
    off_for: null,
    warnings: [expect.stringContaining('is off')],
  });
  await world.asOwner('update cloud_resources set stale_strike_count = 1 where id = $1', [resource_id]);
  for (const [kind, more] of [
    ['destroy_droplet', NAMED],
    ['snapshot_droplet', {}],
  ] as const)
    expect((await plan(kind, { resource_id, ...more })).warnings).toEqual([expect.stringContaining('probably been deleted')]);
});

it('says in the dry run of a record what the saga will look at and what it may need (A5) [SAG-14]', async () => {
  const record = { dns_domain: ZONE, dns_record_type: 'TXT', dns_record_name: '@', dns_record_data: 'x' };
  const [warning] = (await plan('upsert_dns_record', record)).warnings;
  expect(warning).toContain('dns_record_previous_data');
  expect((await plan('upsert_dns_record', { ...record, dns_record_previous_data: 'y' })).changes).toEqual([
    { field: 'data', from: 'y', to: 'x' },
  ]);
  expect((await plan('delete_dns_record', record)).warnings).toHaveLength(1);
});

import { Catalog } from '#libs/catalog';
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

it('refuses to shrink a disk before it asks the provider, in the plan and in the start alike (A5) [SAG-1, TNT-4]', async () => {
  await resize({ ...LARGE, disk: true });
  const before = await actions();
  const refusal = { code: 'disk_cannot_shrink', message: expect.stringContaining('cannot shrink') as unknown };
  for (const disk of [false, true]) {
    expect(await plan('resize_droplet', { resource_id, ...SMALL, disk })).toMatchObject({ steps: [], refusal });
    await expect(world.start('resize_droplet', { resource_id, ...SMALL, disk })).rejects.toMatchObject(refusal);
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
])(
  'does not stop a machine that has $name already: the plan has no steps, and the saga skips all (A5) [SAG-9, TNT-4]',
  async ({ order }) => {
    const idle = await plan('resize_droplet', { resource_id, ...order });
    expect(idle).toMatchObject({ steps: [], changes: [], downtime: { expected: false } });
    expect(idle.warnings.map(({ code }) => code)).toEqual(['nothing_to_do']);
    expect(idle.cost).toMatchObject({ delta_monthly: '0.00', delta_hourly: '0.00' });
    const saga = await resize(order);
    expect(saga.status).toBe('completed');
    expect(saga.steps.map(({ status }) => status)).toEqual(['skipped', 'skipped', 'skipped', 'skipped']);
    expect(await actions()).toEqual([]);
  },
);

it('tells in a plan what changes and costs, for how long a machine is off, and what cannot be undone (A5) [TNT-4]', async () => {
  const kept = await plan('resize_droplet', { resource_id, ...LARGE });
  expect(kept).toMatchObject({
    changes: [{ resource_id, name: ORDER.name, field: 'size_slug', from: ORDER.size_slug, to: LARGE.size_slug }],
    downtime: { expected: true, typical_seconds: expect.any(Number) as unknown },
    cost: { before_monthly: '6.00', after_monthly: '24.00', delta_monthly: '18.00', currency: 'USD', source: 'catalog' },
    warnings: [],
    holds: [`droplet:${dropletId}`],
  });
  expect(kept.steps.map(({ name, reversible }) => [name, reversible])).toEqual([
    ['power_off', true],
    ['resize', true],
    ['power_on', true],
    ['record_size', true],
  ]);
  const grown = await plan('resize_droplet', { resource_id, ...LARGE, disk: true });
  expect(grown.changes).toContainEqual({ resource_id, name: ORDER.name, field: 'disk', from: 25, to: 80 });
  expect(grown.warnings).toEqual([{ code: 'disk_cannot_shrink', detail: expect.stringContaining('cannot shrink') as unknown }]);
  expect(grown.steps.map(({ name, reversible, undo }) => [name, reversible, undo === null])).toEqual([
    ['power_off', true, false],
    ['resize_with_disk', false, true],
    ['power_on', false, true],
    ['record_size', false, true],
  ]);
});

it('tells in the plan of a destroy what goes, what stays and what that costs [TNT-4]', async () => {
  await world.run('snapshot_droplet', { resource_id });
  const { created_at } = { created_at: '2026-01-01T00:00:00Z' };
  await world.simulator.change({
    floating_ips: [{ ip: '203.0.113.77', droplet_id: dropletId, region: 'fra1', project_id: ACME }],
    volumes: [
      {
        id: '11111111-1111-4111-8111-111111111111',
        name: 'data',
        region: 'fra1',
        size_gigabytes: 100,
        droplet_ids: [dropletId],
        created_at,
      },
    ],
  });
  for (const kind of ['snapshot', 'floating_ip', 'volume', 'project'] as const) await world.sweeps.run(kind, { trigger: 'manual' });
  const gone = await world.starts.plan({ kind: 'destroy_droplet', input: { resource_id }, tenantId: null });
  expect(gone.destroys).toEqual([expect.objectContaining({ resource_id, kind: 'droplet', name: ORDER.name })]);
  expect(gone.leaves.map(({ kind, price }) => [kind, price === null]).toSorted((a, b) => String(a[0]).localeCompare(String(b[0])))).toEqual(
    [
      ['floating_ip', false],
      ['snapshot', false],
      ['volume', false],
    ],
  );
  expect(gone.leaves.find(({ kind }) => kind === 'volume')?.price?.monthly).toBe('10.00');
  expect(gone.changes).toEqual([expect.objectContaining({ name: '203.0.113.77', field: 'droplet_id', to: null })]);
  expect(gone.cost).toMatchObject({ before_monthly: '6.00', after_monthly: '5.00', delta_monthly: '-1.00' });
  expect(gone.downtime).toMatchObject({ expected: true, typical_seconds: null });
  expect(gone.steps.every(({ reversible }) => !reversible)).toBe(true);
});

it('warns in a plan about a machine that is off, and about one that was not listed (A5) [TNT-4]', async () => {
  await world.simulator.call('POST', `/v2/droplets/${dropletId}/actions`, { type: 'power_off' });
  await until(
    async () => {
      await world.sweeps.run('droplet', { trigger: 'manual' });
      return (await world.resource('droplet', String(dropletId)))?.status === 'off';
    },
    { what: 'the stored status' },
  );
  const off = await plan('resize_droplet', { resource_id, ...LARGE });
  expect(off).toMatchObject({ downtime: { expected: false }, warnings: [{ code: 'stays_off' }] });
  expect(off.steps.map(({ name }) => name)).toEqual(['resize', 'record_size']);
  await world.asOwner('update cloud_resources set stale_strike_count = 1 where id = $1', [resource_id]);
  for (const [kind, more] of [
    ['destroy_droplet', NAMED],
    ['snapshot_droplet', {}],
  ] as const)
    expect((await plan(kind, { resource_id, ...more })).warnings.map(({ code }) => code)).toContain('not_listed');
});

describe('the plan of a DNS record', () => {
  const record = (data: string, more: Record<string, unknown> = {}) => ({
    dns_domain: ZONE,
    dns_record_type: 'TXT',
    dns_record_name: '@',
    dns_record_data: data,
    ...more,
  });
  const setRecords = (...data: string[]) =>
    world.simulator.change({
      domain_records: data.map((text, nth) => ({ id: 1_800_000_000 + nth, domain: ZONE, type: 'TXT', name: '@', data: text, ttl: 1800 })),
    });

  it('says whether the record is made, changed, or there already, and an equal one is skipped without a write [SAG-14, TNT-4]', async () => {
    await setRecords();
    expect(await plan('upsert_dns_record', record('x'))).toMatchObject({ creates: [{ kind: 'dns_record', name: `TXT ${ZONE}` }] });
    await setRecords('y');
    expect(await plan('upsert_dns_record', record('x'))).toMatchObject({ creates: [], changes: [{ field: 'data', from: 'y', to: 'x' }] });
    const idle = await plan('upsert_dns_record', record('y'));
    expect(idle).toMatchObject({ steps: [], changes: [], warnings: [{ code: 'nothing_to_do' }] });
    const saga = await world.run('upsert_dns_record', record('y'));
    expect(saga.steps.map(({ status }) => status)).toEqual(['skipped']);
    expect(await plan('delete_dns_record', record('x'))).toMatchObject({
      steps: [],
      destroys: [],
      warnings: [{ code: 'nothing_to_do' }, { code: 'other_records' }],
    });
    expect((await plan('delete_dns_record', record('y'))).destroys).toHaveLength(1);
  });

  it('is refused for a name that several records have, as the start is, and the named record is planned [SAG-14, TNT-4]', async () => {
    await setRecords('v=spf1', 'verification=1');
    const refusal = { code: 'ambiguous_record' };
    expect(await plan('upsert_dns_record', record('verification=2'))).toMatchObject({ steps: [], refusal });
    await expect(world.start('upsert_dns_record', record('verification=2'))).rejects.toMatchObject(refusal);
    const named = record('verification=2', { dns_record_previous_data: 'verification=1', dns_record_ttl: 60 });
    const planned = await plan('upsert_dns_record', named);
    expect(planned.changes.map(({ field, from, to }) => [field, from, to])).toEqual([
      ['data', 'verification=1', 'verification=2'],
      ['ttl', 1800, 60],
    ]);
    expect(planned.warnings.map(({ code }) => code)).toEqual(['shared_ttl']);
  });

  it('says that it does not know records that cannot be read, and the start is accepted [SAG-1, TNT-4]', async () => {
    await setRecords('y');
    await world.simulator.faults([
      { id: 'lost', match: { method: 'GET', path: `/v2/domains/${ZONE}/records` }, times: 2, effect: { type: 'status', status: 404 } },
    ]);
    expect((await plan('upsert_dns_record', record('x'))).warnings.map(({ code }) => code)).toEqual(['records_unknown']);
    const id = await world.start('upsert_dns_record', record('x'));
    expect((await world.ended(id)).context.ensure_record).toMatchObject({ outcome: 'updated' });
    expect((await world.simulator.fired()).lost).toBe(2);
  });
});

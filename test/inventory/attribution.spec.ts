import { ACME, Agency, BIRD, droplets } from './agency';
import { ADMIN, type World } from './world';

const platform = { kind: 'platform' } as const;

let world: World;
let agency: Agency;
afterEach(() => world.close());

async function open(...with_: Parameters<typeof Agency.open>): Promise<void> {
  agency = await Agency.open(...with_);
  world = agency.world;
}

it('INV-12, INV-13: a move is followed within one cycle; the former tenant keeps the events of its time and reads nothing else', async () => {
  await open(droplets(ACME, 100, 101, 102, 103));
  const before = await agency.resource('droplet', '100');
  await agency.membership([...droplets(BIRD, 100), ...droplets(ACME, 101, 102, 103)]);
  expect(await world.sweep('project')).toMatchObject({ status: 'complete' });
  expect(await agency.resource('droplet', '100')).toMatchObject({ tenant_id: 'bird', id: before?.id });
  const acme = { kind: 'tenant', tenantId: 'acme' } as const;
  await expect(world.inventory.get(acme, before?.id ?? '')).rejects.toMatchObject({ code: 'resource_not_found' });
  await world.simulator.setDroplets((await world.simulator.droplets()).map((one) => (one.id === 100 ? { ...one, name: 'renamed' } : one)));
  await world.sweep('droplet');
  const theirs = await world.inventory.events({ kind: 'tenant', tenantId: 'bird' }, before?.id ?? '', { limit: 50 });
  expect(theirs.data.map((event) => event.type)).toEqual(['updated']);
  const all = await world.inventory.events(platform, before?.id ?? '', { limit: 50 });
  expect(all.data.map((event) => event.type)).toEqual(['updated', 'attributed', 'attributed', 'discovered']);
});

it('INV-12: a removal without a new home counts with the second walk that misses it', async () => {
  await open(droplets(ACME, 100, 101, 102, 103));
  await agency.membership(droplets(ACME, 101, 102, 103));
  await world.sweep('project');
  expect(await agency.resource('droplet', '100')).toMatchObject({ tenant_id: 'acme' });
  await world.sweep('project');
  expect(await agency.resource('droplet', '100')).toMatchObject({ tenant_id: null, attribution: { by: 'fallback' } });
});

it('under two projects the newest assignment wins', async () => {
  await open([
    { project: BIRD, urn: 'do:droplet:100', at: '2026-02-01T00:00:00Z' },
    { project: ACME, urn: 'do:droplet:100', at: '2026-03-01T00:00:00Z' },
  ]);
  expect(await agency.resource('droplet', '100')).toMatchObject({ tenant_id: 'acme' });
});

it.each([
  { name: 'an HTML error', effect: { type: 'status', status: 502, body: 'html' } },
  { name: 'a 404', effect: { type: 'status', status: 404 } },
  { name: 'a cut body', effect: { type: 'truncate' } },
])('INV-12: a membership list that ends with $name changes nobody’s tenant', async ({ effect }) => {
  await open([...droplets(ACME, 100, 101), ...droplets(BIRD, 102, 103)]);
  await agency.membership([]);
  await world.simulator.faults([{ id: 'broken', match: { path: `/v2/projects/${BIRD}/resources` }, effect }]);
  for (let walk = 0; walk < 3; walk += 1) expect(await world.sweep('project')).toMatchObject({ status: 'incomplete' });
  expect((await world.simulator.fired()).broken).toBeGreaterThanOrEqual(3);
  expect(await agency.resource('droplet', '100')).toMatchObject({ tenant_id: 'acme' });
  expect(await agency.resource('droplet', '103')).toMatchObject({ tenant_id: 'bird' });
});

it('INV-12: membership lists that are empty without an error make no tenant empty', async () => {
  await open([...droplets(ACME, 100, 101, 102), ...droplets(BIRD, 103, 104)]);
  await world.simulator.faults([{ id: 'blind', match: { path: '/v2/projects/*/resources' }, effect: { type: 'hide' } }]);
  for (let walk = 0; walk < 3; walk += 1)
    expect(await world.sweep('project')).toMatchObject({ status: 'suspect', reason: 'members_vanished' });
  expect((await world.simulator.fired()).blind).toBeGreaterThan(0);
  expect(await agency.resource('droplet', '100')).toMatchObject({ tenant_id: 'acme' });
  expect(await agency.resource('droplet', '104')).toMatchObject({ tenant_id: 'bird' });
});

it('INV-12: a released walk empties the project after all', async () => {
  await open(droplets(ACME, 100, 101, 102));
  await agency.membership([]);
  const suspect = await world.sweep('project');
  expect(suspect).toMatchObject({ status: 'suspect' });
  await world.sweeps.release(suspect.id, { ...ADMIN, reason: 'acme left' });
  await world.sweep('project');
  await world.sweep('project');
  expect(await agency.resource('droplet', '100')).toMatchObject({ tenant_id: null });
});

it('INV-11: aliases of one object are one row, odd lines and unknown types are no error', async () => {
  await open([
    { project: ACME, urn: 'do:floatingipv6:2001:db8::2' },
    { project: BIRD, urn: 'do:ReservedIPv6:2001:db8::2', at: '2026-05-01T00:00:00Z' },
    { project: ACME, urn: 'do:reservedipv6:2001:db8::1' },
    { project: ACME, urn: 'do:quantumlink:q-1' },
    { project: ACME, urn: 'nonsense' },
  ]);
  const { data } = await world.inventory.list(platform, { kind: 'reserved_ipv6', q: '2001:db8::2' }, { limit: 50 });
  expect(data).toMatchObject([{ provider_id: '2001:db8::2', tenant_id: 'bird' }]);
  expect(await agency.resource('reserved_ipv6', '2001:db8::1')).toMatchObject({ tenant_id: 'acme' });
  expect(await agency.resource('quantumlink', 'q-1')).toMatchObject({ tenant_id: 'acme', status: 'active' });
});

it('a member that the provider does not stand by is neither made nor struck', async () => {
  await open([
    { project: ACME, urn: 'do:space:assets' },
    { project: ACME, urn: 'do:space:gone', status: 'not_found' },
  ]);
  expect(await agency.resource('spaces_bucket', 'gone')).toBeUndefined();
  await agency.membership([{ project: ACME, urn: 'do:space:assets', status: 'service_down' }]);
  for (let walk = 0; walk < 4; walk += 1) await world.sweep('project');
  expect(await agency.resource('spaces_bucket', 'assets')).toMatchObject({ stale_strike_count: 0, tenant_id: 'acme', status: 'active' });
});

it('INV-3: a placeholder row is deleted by three complete walks that miss it', async () => {
  const buckets = Array.from({ length: 6 }, (_, i) => ({ project: ACME, urn: `do:space:assets-${i}` }));
  await open(buckets);
  await agency.membership(buckets.slice(1));
  for (const deleted of [0, 0, 1]) expect(await world.sweep('project')).toMatchObject({ status: 'complete', struck: 1, deleted });
  expect(await agency.resource('spaces_bucket', 'assets-0')).toBeUndefined();
});

it('INV-12: a token that lost the scope for a kind empties no tenant of it, however often it is asked', async () => {
  const apps = Array.from({ length: 10 }, (_, i) => ({ project: ACME, urn: `do:app:0000000${i}` }));
  await open([...droplets(ACME, 100), ...apps]);
  await agency.membership(droplets(ACME, 100));
  for (let walk = 0; walk < 4; walk += 1) expect(await world.sweep('project')).toMatchObject({ status: 'suspect', struck: 0 });
  const { data } = await world.inventory.list(platform, { kind: 'app', tenant_id: 'acme' }, { limit: 50 });
  expect(data).toHaveLength(10);
});

it('INV-13: what moved while it was deleted comes back as its new owner’s', async () => {
  await open(droplets(ACME, 100), { STRIKES_TO_DELETE: '1' });
  const all = await world.simulator.droplets();
  await world.simulator.setDroplets(all.filter((droplet) => droplet.id !== 100));
  expect(await world.sweep('droplet')).toMatchObject({ deleted: 1 });
  await world.simulator.setDroplets(all);
  await agency.membership(droplets(BIRD, 100));
  await world.sweep('project');
  expect(await world.sweep('droplet')).toMatchObject({ restored: 1 });
  expect(await agency.resource('droplet', '100')).toMatchObject({ tenant_id: 'bird', attribution: { by: 'project' } });
});

it('odd times and repeated names in the provider’s answers stop nothing', async () => {
  await open([
    { project: ACME, urn: 'do:droplet:100', at: 'soon' },
    { project: BIRD, urn: 'do:droplet:101', at: '' },
  ]);
  expect(await agency.resource('droplet', '100')).toMatchObject({ tenant_id: 'acme' });
  expect(await agency.resource('droplet', '101')).toMatchObject({ tenant_id: 'bird' });
});

import { ACME, Agency, BIRD, droplets } from '../../support/agency';
import { aResource } from '../../support/factories';
import { ADMIN } from '../../support/principals';
import { type World } from '../../support/inventory-world';

const platform = { kind: 'platform' } as const;

let world: World;
let agency: Agency;
afterEach(() => world.close());

async function open(...with_: Parameters<typeof Agency.open>): Promise<void> {
  agency = await Agency.open(...with_);
  world = agency.world;
}

it('follows a move within one cycle, and leaves the previous tenant only the events of its time [INV-12, INV-13]', async () => {
  await open(droplets(ACME, 100, 101, 102, 103));
  const before = await agency.resource('droplet', '100');
  await agency.membership([...droplets(BIRD, 100), ...droplets(ACME, 101, 102, 103)]);
  expect(await world.sweep('project')).toMatchObject({ status: 'complete' });
  expect(await agency.resource('droplet', '100')).toMatchObject({ tenant_id: 'bird', id: before?.id });
  const acme = { kind: 'tenant', tenantId: 'acme' } as const;
  await expect(world.inventory.get(acme, before?.id ?? '')).rejects.toMatchObject({ code: 'resource_not_found' });
  await world.simulator.setDroplets((await world.simulator.droplets()).map((one) => (one.id === 100 ? { ...one, name: 'renamed' } : one)));
  await world.sweep('droplet');
  const visibleEvents = await world.inventory.events({ kind: 'tenant', tenantId: 'bird' }, before?.id ?? '', { limit: 50 });
  expect(visibleEvents.data.map((event) => event.type)).toEqual(['updated']);
  const all = await world.inventory.events(platform, before?.id ?? '', { limit: 50 });
  expect(all.data.map((event) => event.type)).toEqual(['updated', 'attributed', 'attributed', 'discovered']);
});

it('removes a member without a new project at the second walk that misses it [INV-12]', async () => {
  await open(droplets(ACME, 100, 101, 102, 103));
  await agency.membership(droplets(ACME, 101, 102, 103));
  await world.sweep('project');
  expect(await agency.resource('droplet', '100')).toMatchObject({ tenant_id: 'acme' });
  await world.sweep('project');
  expect(await agency.resource('droplet', '100')).toMatchObject({ tenant_id: null, attribution: { by: 'fallback' } });
});

it('attributes a resource in two projects by the newest assignment', async () => {
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
])('changes no tenant when a membership list ends with $name [INV-12]', async ({ effect }) => {
  await open([...droplets(ACME, 100, 101), ...droplets(BIRD, 102, 103)]);
  await agency.membership([]);
  await world.simulator.faults([{ id: 'broken', match: { path: `/v2/projects/${BIRD}/resources` }, effect }]);
  for (let walk = 0; walk < 3; walk += 1) expect(await world.sweep('project')).toMatchObject({ status: 'incomplete' });
  expect((await world.simulator.fired()).broken).toBeGreaterThanOrEqual(3);
  expect(await agency.resource('droplet', '100')).toMatchObject({ tenant_id: 'acme' });
  expect(await agency.resource('droplet', '103')).toMatchObject({ tenant_id: 'bird' });
});

it('removes no members when membership lists are empty without an error [INV-12]', async () => {
  await open([...droplets(ACME, 100, 101, 102), ...droplets(BIRD, 103, 104)]);
  await world.simulator.faults([{ id: 'blind', match: { path: '/v2/projects/*/resources' }, effect: { type: 'hide' } }]);
  for (let walk = 0; walk < 3; walk += 1)
    expect(await world.sweep('project')).toMatchObject({ status: 'suspect', reason: 'members_vanished' });
  expect((await world.simulator.fired()).blind).toBeGreaterThan(0);
  expect(await agency.resource('droplet', '100')).toMatchObject({ tenant_id: 'acme' });
  expect(await agency.resource('droplet', '104')).toMatchObject({ tenant_id: 'bird' });
});

it('removes the members of a project after an admin has released the walk [INV-12]', async () => {
  await open(droplets(ACME, 100, 101, 102));
  await agency.membership([]);
  const suspect = await world.sweep('project');
  expect(suspect).toMatchObject({ status: 'suspect' });
  await world.sweeps.release(suspect.id, { ...ADMIN, reason: 'acme left' });
  await world.sweep('project');
  await world.sweep('project');
  expect(await agency.resource('droplet', '100')).toMatchObject({ tenant_id: null });
});

it('keeps aliases of one object as one row, and accepts malformed entries and unknown types [INV-11]', async () => {
  await open([
    { project: ACME, urn: 'do:floatingipv6:2001:db8::2' },
    { project: BIRD, urn: 'do:ReservedIPv6:2001:db8::2', at: '2026-05-01T00:00:00Z' },
    { project: ACME, urn: 'do:reservedipv6:2001:db8::1' },
    { project: ACME, urn: 'do:quantumlink:q-1' },
    { project: ACME, urn: 'nonsense' },
  ]);
  await world.simulator.change({ reserved_ipv6s: ['2001:db8::1', '2001:db8::2'].map((ip) => ({ ip, region_slug: 'fra1' })) });
  await world.sweep('reserved_ipv6');
  const { data } = await world.inventory.list(platform, { kind: 'reserved_ipv6', q: '2001:db8::2' }, { limit: 50 });
  expect(data).toMatchObject([{ provider_id: '2001:db8::2', tenant_id: 'bird' }]);
  expect(await agency.resource('reserved_ipv6', '2001:db8::1')).toMatchObject({ tenant_id: 'acme' });
  expect(await agency.resource('quantumlink', 'q-1')).toMatchObject({ tenant_id: 'acme', status: 'active' });
});

it('neither creates nor strikes a member that the provider reports as not_found or service_down', async () => {
  await open([
    { project: ACME, urn: 'do:space:assets' },
    { project: ACME, urn: 'do:space:deleted', status: 'not_found' },
  ]);
  expect(await agency.resource('spaces_bucket', 'deleted')).toBeUndefined();
  await agency.membership([{ project: ACME, urn: 'do:space:assets', status: 'service_down' }]);
  for (let walk = 0; walk < 4; walk += 1) await world.sweep('project');
  expect(await agency.resource('spaces_bucket', 'assets')).toMatchObject({ stale_strike_count: 0, tenant_id: 'acme', status: 'active' });
});

it('deletes a placeholder row after three complete walks that miss it [INV-3]', async () => {
  const buckets = Array.from({ length: 6 }, (_, i) => ({ project: ACME, urn: `do:space:assets-${i}` }));
  await open(buckets);
  await agency.membership(buckets.slice(1));
  for (const deleted of [0, 0, 1]) expect(await world.sweep('project')).toMatchObject({ status: 'complete', struck: 1, deleted });
  expect(await agency.resource('spaces_bucket', 'assets-0')).toBeUndefined();
});

it('removes no members of a kind when the token has lost its scope, however often the walk runs [INV-12]', async () => {
  const apps = Array.from({ length: 10 }, (_, i) => ({ project: ACME, urn: `do:space:assets-${i}` }));
  await open([...droplets(ACME, 100), ...apps]);
  await agency.membership(droplets(ACME, 100));
  for (let walk = 0; walk < 4; walk += 1) expect(await world.sweep('project')).toMatchObject({ status: 'suspect', struck: 0 });
  const { data } = await world.inventory.list(platform, { kind: 'spaces_bucket', tenant_id: 'acme' }, { limit: 50 });
  expect(data).toHaveLength(10);
});

it('restores a resource that moved while it was deleted under its new owner [INV-13]', async () => {
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

it('accepts malformed times and repeated names in the provider’s lists', async () => {
  await open([
    { project: ACME, urn: 'do:droplet:100', at: 'soon' },
    { project: BIRD, urn: 'do:droplet:101', at: '' },
  ]);
  expect(await agency.resource('droplet', '100')).toMatchObject({ tenant_id: 'acme' });
  expect(await agency.resource('droplet', '101')).toMatchObject({ tenant_id: 'bird' });
});

it('settles after a sweep the children of what changed since the last complete one, and leaves all others', async () => {
  await open(droplets(ACME, 100, 101, 102));
  await world.sweep('droplet');
  const unsettled = { kind: 'snapshot', tenant_id: 'bird', attributed_by: 'parent' };
  for (const id of ['100', '101', '102'])
    await aResource(world.database, { ...unsettled, provider_id: `s-${id}`, parents: [`droplet/${id}`] });
  const rename = async (id: number) => {
    await world.simulator.setDroplets(
      (await world.simulator.droplets()).map((one) => (one.id === id ? { ...one, name: `new-${id}` } : one)),
    );
    return world.sweep('droplet');
  };
  await world.simulator.faults([
    { id: 'gpus fail', match: { path: '/v2/droplets', query: { type: 'gpus' } }, effect: { type: 'status', status: 404 } },
  ]);
  expect(await rename(101)).toMatchObject({ status: 'incomplete' });
  await world.simulator.faults([]);
  expect(await rename(100)).toMatchObject({ status: 'complete' });
  const owners = await world.database.query(`select provider_id, tenant_id from cloud_resources where kind = 'snapshot' order by 1`);
  expect(owners).toEqual([
    { provider_id: 's-100', tenant_id: 'acme' },
    { provider_id: 's-101', tenant_id: 'acme' }, // changed by a sweep that did not end
    { provider_id: 's-102', tenant_id: 'bird' },
  ]);
});

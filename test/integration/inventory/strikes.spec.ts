import type { ResourceView } from '#libs/inventory';
import { ADMIN } from '../../support/principals';
import { newWorld, type World } from '../../support/inventory-world';
import type { SimulatedDroplet } from '../../support/simulator-client';

const platform = { kind: 'platform' } as const;
const dropletList = (count: number): SimulatedDroplet[] =>
  Array.from({ length: count }, (_, i) => ({ id: 570_000_001 + i, name: `web-${i}`, region: 'fra1' }));

let world: World;
afterEach(() => world.close());

/** Opens a world of `count` droplets, swept once. */
async function sweptWorld(count: number, settings: Record<string, string> = {}): Promise<SimulatedDroplet[]> {
  world = await newWorld(settings);
  const droplets = dropletList(count);
  await world.simulator.setDroplets(droplets);
  expect(await world.sweep('droplet')).toMatchObject({ status: 'complete', discovered: count });
  return droplets;
}

async function rows(status?: string): Promise<ResourceView[]> {
  return (await world.inventory.list(platform, { kind: 'droplet', status }, { limit: 200 })).data;
}

async function eventTypes(id: string): Promise<string[]> {
  const { data } = await world.inventory.events(platform, id, { limit: 200 });
  return data.map((event) => event.type).reverse();
}

it('makes a tombstone with exactly one event after three complete sweeps and a 404 [INV-3]', async () => {
  const droplets = await sweptWorld(10);
  await world.simulator.setDroplets(droplets.slice(1));
  expect(await world.sweep('droplet')).toMatchObject({ status: 'complete', struck: 1, deleted: 0 });
  expect(await world.sweep('droplet')).toMatchObject({ status: 'complete', struck: 1, deleted: 0 });
  await world.simulator.forgetCalls();
  expect(await world.sweep('droplet')).toMatchObject({ status: 'complete', struck: 1, deleted: 1 });
  expect((await world.simulator.calls()).filter((call) => call.path === '/v2/droplets/570000001')).toMatchObject([{ status: 404 }]);
  const [tombstone] = await rows('deleted');
  expect(tombstone).toMatchObject({ provider_id: '570000001', status: 'deleted', stale_strike_count: 3 });
  expect(await eventTypes(tombstone?.id ?? '')).toEqual(['discovered', 'deleted']);
  expect(await rows()).toHaveLength(9);
  expect(await world.sweep('droplet')).toMatchObject({ status: 'complete', struck: 0, deleted: 0 });
});

it('says of a resource that lists no longer contain that it is missing, since when and how far that is proven (C5) [TRU-1, INV-3, INV-15]', async () => {
  const droplets = await sweptWorld(10);
  const id = (await rows()).find((row) => row.provider_id === '570000001')?.id ?? '';
  const { completeness } = await world.inventory.list(platform, { kind: 'droplet' }, { limit: 1 });
  const row = (await rows()).find((one) => one.id === id);
  expect(await world.inventory.getAnswer(platform, id)).toEqual({
    data: { ...row, project_name: null, attribution: { by: 'fallback', ref: null, ref_name: null } },
    as_of: completeness.droplet?.as_of,
    completeness,
  });
  const seenAt = completeness.droplet?.as_of;
  await world.simulator.setDroplets(droplets.slice(1));
  for (const strikes of [1, 2]) {
    await world.sweep('droplet');
    const { data } = await world.inventory.getAnswer(platform, id);
    expect(data).toMatchObject({ status: 'active', stale_strike_count: strikes, missing: { strikes, of: 3, since: data.last_seen_at } });
    expect(data.last_seen_at >= (seenAt ?? '') && data.last_seen_at < new Date().toISOString()).toBe(true);
    expect((await rows()).find((one) => one.id === id)?.missing).toEqual(data.missing);
  }
  expect((await rows()).filter(({ missing }) => missing !== null)).toHaveLength(1);
  const before = await world.inventory.list(platform, { kind: 'droplet' }, { limit: 200 }, seenAt ?? '');
  expect(before.data.filter(({ missing }) => missing !== null)).toEqual([]);
  await world.sweep('droplet');
  expect((await world.inventory.getAnswer(platform, id)).data).toMatchObject({ status: 'deleted', missing: null });
});

it('keeps a resource that can still be read by id, however often a list omits it [INV-3]', async () => {
  await sweptWorld(10);
  await world.simulator.faults([
    { id: 'forgetful', match: { path: '/v2/droplets' }, effect: { type: 'hide', body: { ids: [570_000_001] } } },
  ]);
  for (let sweep = 0; sweep < 7; sweep += 1) expect(await world.sweep('droplet')).toMatchObject({ status: 'complete', deleted: 0 });
  expect((await world.simulator.fired()).forgetful).toBeGreaterThanOrEqual(7);
  expect(await rows()).toHaveLength(10);
});

it('counts sweeps within the spacing as one strike, however many are triggered [INV-3, INV-10]', async () => {
  const droplets = await sweptWorld(10, { STRIKE_SPACING_MS: '3600000' });
  await world.simulator.setDroplets(droplets.slice(1));
  const sweeps = [];
  for (let i = 0; i < 6; i += 1) sweeps.push(await world.sweep('droplet'));
  expect(sweeps.map((sweep) => sweep.struck)).toEqual([1, 0, 0, 0, 0, 0]);
  expect((await rows()).find((row) => row.provider_id === '570000001')).toMatchObject({ stale_strike_count: 1, status: 'active' });
});

it('counts the next strike once the spacing has passed [INV-3]', async () => {
  const droplets = await sweptWorld(10, { STRIKE_SPACING_MS: '300000' });
  await world.simulator.setDroplets(droplets.slice(1));
  for (const deleted of [0, 0, 1]) {
    expect(await world.sweep('droplet')).toMatchObject({ status: 'complete', struck: 1, deleted });
    expect(await world.sweep('droplet')).toMatchObject({ status: 'complete', struck: 0, deleted: 0 });
    await world.database.query(
      `update cloud_resources set last_strike_at = last_strike_at - interval '5 minutes' where stale_strike_count > 0`,
    );
  }
});

it('lists a machine for which the provider returns few values [INV-1]', async () => {
  world = await newWorld();
  const bare = { id: 7, status: 'active', region: null, networks: {}, image: {}, size_slug: null, tags: null };
  const body = { droplets: [bare], links: {}, meta: { total: 1 } };
  await world.simulator.faults([
    { id: 'bare', match: { path: '/v2/droplets', query: { type: 'droplets' } }, effect: { type: 'status', status: 200, body } },
  ]);
  expect(await world.sweep('droplet')).toMatchObject({ status: 'complete', discovered: 1 });
  expect(await rows()).toMatchObject([{ provider_id: '7', name: null, region: null, size_slug: null, status: 'active' }]);
});

it('deletes the other missing machines when one of them cannot be read by id [INV-3]', async () => {
  const droplets = await sweptWorld(10, { STRIKES_TO_DELETE: '1' });
  await world.simulator.setDroplets(droplets.slice(2));
  await world.simulator.faults([{ id: 'forbidden', match: { path: '/v2/droplets/570000001' }, effect: { type: 'status', status: 403 } }]);
  expect(await world.sweep('droplet')).toMatchObject({ status: 'complete', deleted: 1 });
  expect((await world.simulator.fired()).forbidden).toBe(1);
  expect(await rows('deleted')).toMatchObject([{ provider_id: '570000002' }]);
});

it('removes all strikes when a resource is observed again, in an incomplete sweep too [INV-3]', async () => {
  const droplets = await sweptWorld(10);
  await world.simulator.setDroplets(droplets.slice(1));
  await world.sweep('droplet');
  await world.sweep('droplet');
  await world.simulator.setDroplets(droplets);
  await world.simulator.faults([
    { id: 'gpus fail', match: { path: '/v2/droplets', query: { type: 'gpus' } }, effect: { type: 'status', status: 404 } },
  ]);
  expect(await world.sweep('droplet')).toMatchObject({ status: 'incomplete' });
  expect((await world.simulator.fired())['gpus fail']).toBeGreaterThan(0);
  expect((await rows()).map((row) => row.stale_strike_count)).toEqual(Array<number>(10).fill(0));
});

it.each([
  { name: 'an HTML error', effect: { type: 'status', status: 524, body: 'html' } },
  { name: 'a server error', effect: { type: 'status', status: 503 } },
  { name: 'a broken connection', effect: { type: 'reset' } },
  { name: 'a cut body', effect: { type: 'truncate' } },
])('strikes nothing and gives a reason when a sweep ends with $name [INV-4]', async ({ effect }) => {
  const droplets = await sweptWorld(250);
  await world.simulator.setDroplets(droplets.slice(3));
  await world.simulator.faults([{ id: 'page 2', match: { path: '/v2/droplets', query: { page: '2' } }, effect }]);
  for (let i = 0; i < 2; i += 1) {
    const sweep = await world.sweep('droplet');
    expect(sweep).toMatchObject({ status: 'incomplete', struck: 0, deleted: 0, seen: 200, pages_done: 1 });
    expect(sweep.reason).toBeTruthy();
  }
  expect((await world.simulator.fired())['page 2']).toBeGreaterThan(0);
  const { completeness } = await world.inventory.list(platform, { kind: 'droplet' }, { limit: 1 });
  expect(completeness.droplet).toMatchObject({ complete: false, reason: expect.any(String) as string });
});

it('ends a sweep as incomplete when a page shifts, and does not delete the skipped droplet [INV-4]', async () => {
  await sweptWorld(450);
  await world.simulator.faults([
    { id: 'shift', match: { path: '/v2/droplets', query: { page: '2' } }, times: 1, effect: { type: 'page_shift' } },
  ]);
  const sweep = await world.sweep('droplet');
  expect((await world.simulator.fired()).shift).toBe(1);
  expect(sweep).toMatchObject({ status: 'incomplete', struck: 0 });
});

describe('the vanish brake [INV-5]', () => {
  it.each([
    { missing: 5, of: 10, status: 'complete' },
    { missing: 6, of: 10, status: 'suspect' },
    { missing: 20, of: 100, status: 'complete' },
    { missing: 21, of: 100, status: 'suspect' },
    { missing: 3, of: 3, status: 'suspect' },
  ])('ends a sweep that misses $missing of $of as $status', async ({ missing, of, status }) => {
    const droplets = await sweptWorld(of);
    await world.simulator.setDroplets(droplets.slice(missing));
    expect(await world.sweep('droplet')).toMatchObject({ status, struck: status === 'suspect' ? 0 : missing });
  });

  it('deletes nothing when a narrowed token gets empty lists without an error', async () => {
    await sweptWorld(30);
    await world.simulator.faults([{ id: 'narrow', match: { path: '/v2/droplets*' }, effect: { type: 'hide' } }]);
    for (let i = 0; i < 4; i += 1)
      expect(await world.sweep('droplet')).toMatchObject({ status: 'suspect', reason: 'empty_list', struck: 0 });
    expect((await world.simulator.fired()).narrow).toBeGreaterThanOrEqual(4);
    expect(await rows()).toHaveLength(30);
  });

  it('strikes the missing resources on release, allows sweeps that miss no others, and records the release', async () => {
    const droplets = await sweptWorld(30);
    await world.simulator.setDroplets(droplets.slice(20));
    const suspect = await world.sweep('droplet');
    expect(suspect.status).toBe('suspect');
    const released = await world.sweeps.release(suspect.id, { ...ADMIN, reason: 'acme left' });
    expect(released).toMatchObject({ status: 'released', struck: 20 });
    expect(await world.sweep('droplet')).toMatchObject({ status: 'complete', struck: 20, deleted: 0 });
    expect(await world.sweep('droplet')).toMatchObject({ status: 'complete', struck: 20, deleted: 20 });
    const audit = await world.database.query('select actor, action, reason from audit_log');
    expect(audit).toEqual([{ actor: 'ada', action: 'sweep_released', reason: 'acme left' }]);
  });

  it('keeps the longer spacing of kinds that cannot be fetched by id when a sweep is released [INV-3]', async () => {
    world = await newWorld({ PLACEHOLDER_STRIKE_SPACING_MS: '86400000' });
    const domain = 'fern.example';
    const records = Array.from({ length: 10 }, (_, nr) => ({
      id: 1_900_000_001 + nr,
      domain,
      type: 'A',
      name: `w${nr}`,
      data: '203.0.113.1',
    }));
    await world.simulator.change({ domains: [{ name: domain }], domain_records: records });
    await world.sweep('dns_zone');
    expect(await world.sweep('dns_record')).toMatchObject({ status: 'complete', discovered: 10 });
    await world.simulator.change({ domain_records: records.slice(4) });
    expect(await world.sweep('dns_record')).toMatchObject({ status: 'complete', struck: 4 });
    await world.simulator.change({ domain_records: [] });
    const suspect = await world.sweep('dns_record');
    expect(suspect).toMatchObject({ status: 'suspect', struck: 0 });
    expect(await world.sweeps.release(suspect.id, ADMIN)).toMatchObject({ status: 'released', struck: 6 });
    expect(await world.sweep('dns_record')).toMatchObject({ status: 'complete', struck: 0, deleted: 0 });
  });

  it('does not allow a sweep that misses other resources than the released ones', async () => {
    const droplets = await sweptWorld(30);
    await world.simulator.setDroplets(droplets.slice(20));
    const suspect = await world.sweep('droplet');
    await world.sweeps.release(suspect.id, ADMIN);
    await world.simulator.setDroplets(droplets.slice(21));
    expect(await world.sweep('droplet')).toMatchObject({ status: 'suspect' });
  });

  it('stops allowing a resource as missing once it has been observed again', async () => {
    const droplets = await sweptWorld(30);
    await world.simulator.setDroplets(droplets.slice(20));
    const suspect = await world.sweep('droplet');
    await world.sweeps.release(suspect.id, ADMIN);
    await world.simulator.setDroplets(droplets);
    expect(await world.sweep('droplet')).toMatchObject({ status: 'complete' });
    await world.simulator.setDroplets(droplets.slice(20));
    expect(await world.sweep('droplet')).toMatchObject({ status: 'suspect' });
  });

  it('refuses to release a suspect sweep after a later complete one', async () => {
    const droplets = await sweptWorld(30);
    await world.simulator.setDroplets(droplets.slice(20));
    const suspect = await world.sweep('droplet');
    await world.simulator.setDroplets(droplets);
    expect(await world.sweep('droplet')).toMatchObject({ status: 'complete' });
    await expect(world.sweeps.release(suspect.id, ADMIN)).rejects.toMatchObject({ code: 'sweep_not_releasable' });
    expect((await rows()).map((row) => row.stale_strike_count)).toEqual(Array<number>(30).fill(0));
  });

  it('releases only the latest suspect sweep, and only once', async () => {
    const droplets = await sweptWorld(30);
    await world.simulator.setDroplets(droplets.slice(20));
    const [first, second] = [await world.sweep('droplet'), await world.sweep('droplet')];
    await expect(world.sweeps.release(first.id, ADMIN)).rejects.toMatchObject({ code: 'sweep_not_releasable' });
    await world.sweeps.release(second.id, ADMIN);
    await expect(world.sweeps.release(second.id, ADMIN)).rejects.toMatchObject({ code: 'sweep_not_releasable' });
  });
});

it('restores a tombstone under its old id once the deletion lag has passed [INV-8]', async () => {
  const droplets = await sweptWorld(10, { STRIKES_TO_DELETE: '1', DELETION_LAG_MS: '600000' });
  await world.simulator.setDroplets(droplets.slice(1));
  expect(await world.sweep('droplet')).toMatchObject({ deleted: 1 });
  await world.simulator.setDroplets(droplets);
  expect(await world.sweep('droplet')).toMatchObject({ status: 'complete', restored: 0 });
  const [tombstone] = await rows('deleted');
  await world.database.query(
    `update cloud_resources set deleted_at = deleted_at - interval '11 minutes', recorded_at = recorded_at - interval '11 minutes' where status = 'deleted'`,
  );
  expect(await world.sweep('droplet')).toMatchObject({ status: 'complete', restored: 1 });
  expect((await rows()).find((row) => row.provider_id === '570000001')?.id).toBe(tombstone?.id);
  expect(await eventTypes(tombstone?.id ?? '')).toEqual(['discovered', 'deleted', 'restored']);
});

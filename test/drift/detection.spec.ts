import { Catalog } from '#libs/catalog';
import { ADMIN, ORDER, PLATFORM } from '../provisioning/provisioning-world';
import { until } from '../setup/until';
import { newDriftWorld, type DriftWorld } from './drift-world';

let world: DriftWorld;
beforeEach(async () => {
  world = await newDriftWorld();
});
afterEach(() => world.close());

const NOTHING = { opened: 0, changed: 0, stale: 0, reverted: 0 };
const SPEC = { size_slug: ORDER.size_slug, region: ORDER.region, image: ORDER.image };

const events = (resourceId: string) =>
  world.database.query(
    `select source, changes from cloud_resource_events where type = 'drift_detected' and resource_id = $1 order by seq`,
    [resourceId],
  );

describe('DRF-1', () => {
  it('a droplet recorded with a wrong size and a right region gives exactly one open drift, and exactly one event', async () => {
    const { resourceId } = await world.aDroplet();
    expect(await world.detect()).toEqual(NOTHING);
    await world.ordered(resourceId, { size_slug: 's-2vcpu-2gb', region: ORDER.region });
    expect(await world.detect()).toEqual({ ...NOTHING, opened: 1 });
    expect(await world.detect()).toEqual(NOTHING);
    expect(await world.drifts()).toEqual([
      expect.objectContaining({ field: 'size_slug', expected: 's-2vcpu-2gb', actual: ORDER.size_slug, status: 'open', spec_version: 2 }),
    ]);
    expect(await events(resourceId)).toEqual([{ source: 'drift', changes: { size_slug: { old: 's-2vcpu-2gb', new: ORDER.size_slug } } }]);
  });

  it('however many detect at once there is one drift and one event; those that meet another give way', async () => {
    const { resourceId } = await world.aDroplet();
    await world.ordered(resourceId, { ...SPEC, region: 'ams3' });
    const answers = await Promise.allSettled(Array.from({ length: 20 }, () => world.detect()));
    const refused = answers.flatMap((answer) => (answer.status === 'rejected' ? [(answer.reason as { code: string }).code] : []));
    expect(refused.length).toBeGreaterThan(0);
    expect(new Set(refused)).toEqual(new Set(['detection_running']));
    expect(await world.drifts()).toHaveLength(1);
    expect(await events(resourceId)).toHaveLength(1);
  });

  it('equal values in another notation have none; our own tags are part of neither', async () => {
    const { resourceId, dropletId } = await world.aDroplet();
    await world.simulator.call('POST', '/v2/tags', { name: 'web' });
    await world.simulator.call('POST', '/v2/tags', { name: 'db' });
    for (const tag of ['web', 'db'])
      await world.simulator.call('POST', `/v2/tags/${tag}/resources`, {
        resources: [{ resource_id: String(dropletId), resource_type: 'droplet' }],
      });
    await world.sweepDroplets();
    await world.ordered(resourceId, { ...SPEC, name: 'web-1.', tags: ['Web', 'db'], memory: '1024', vcpus: 1, backups: false });
    expect(await world.detect()).toEqual(NOTHING);
    await world.ordered(resourceId, { ...SPEC, tags: ['arcadia-saga-of-another', 'web'], backups: 'true', vcpus: '2' });
    expect(await world.detect()).toEqual({ ...NOTHING, opened: 3 });
    expect(await world.drifts('open')).toEqual([
      expect.objectContaining({ field: 'backups', expected: 'true', actual: false }),
      expect.objectContaining({ field: 'tags', expected: ['web'], actual: ['db', 'web'] }),
      expect.objectContaining({ field: 'vcpus', expected: '2', actual: 1 }),
    ]);
  });

  it('an image that the provider has retired is no drift, one of our snapshots in its place is', async () => {
    const { resourceId } = await world.aDroplet();
    const shown = (image: string | null) =>
      world.database.query(`update cloud_resources set attrs = jsonb_set(attrs, '{image}', $2) where id = $1`, [
        resourceId,
        JSON.stringify(image),
      ]);
    await shown('183204117');
    expect(await world.detect()).toEqual(NOTHING);
    await world.database.query(
      `insert into cloud_resources (account_id, kind, provider_id, urn, status, content_hash, first_seen_at, last_seen_at)
       select account_id, 'snapshot', '183204117', 'do:snapshot:183204117', 'available', 'x', now(), now() from cloud_resources where id = $1`,
      [resourceId],
    );
    expect(await world.detect()).toEqual({ ...NOTHING, opened: 1 });
    await shown('debian-12-x64');
    expect(await world.detect()).toEqual({ ...NOTHING, changed: 1 });
    expect(await world.drifts('open')).toEqual([expect.objectContaining({ field: 'image', actual: 'debian-12-x64', severity: 'high' })]);
    expect(await events(resourceId)).toHaveLength(1);
    await shown(null);
    expect(await world.detect()).toEqual({ ...NOTHING, changed: 1 });
    expect(await world.drifts('open')).toEqual([expect.objectContaining({ field: 'image', actual: null })]);
  });
});

it('an open drift gets its price, and the severity that follows from it, as soon as the catalogue knows them, and keeps them', async () => {
  const { resourceId } = await world.aDroplet();
  await world.ordered(resourceId, { ...SPEC, size_slug: 's-1vcpu-512mb-10gb' });
  await world.database.query('delete from provider_sizes');
  await world.detect();
  expect(await world.drifts()).toEqual([expect.objectContaining({ monthly_price_delta: null, severity: 'medium' })]);
  await world.get(Catalog).refresh('provisioning');
  expect(await world.detect()).toEqual({ ...NOTHING, changed: 1 });
  const priced = [expect.objectContaining({ monthly_price_delta: '2.00', severity: 'high' })];
  expect(await world.drifts()).toEqual(priced);
  await world.database.query('delete from provider_sizes');
  expect(await world.detect()).toEqual(NOTHING);
  expect(await world.drifts()).toEqual(priced);
  expect(await events(resourceId)).toHaveLength(1);
});

describe('DRF-2', () => {
  const faults = {
    incomplete: { id: 'f', match: { path: '/v2/droplets', query: { type: 'gpus' } }, effect: { type: 'status', status: 404 } },
  };

  it('what only an incomplete sweep has shown is no drift until a complete one has shown it', async () => {
    const { resourceId, dropletId } = await world.aDroplet();
    await world.ordered(resourceId, { ...SPEC, name: 'web-1' });
    await world.behindOurBack(dropletId, { type: 'rename', name: 'web-2' });
    await world.simulator.faults([faults.incomplete]);
    await until(
      async () => {
        expect(await world.sweepDroplets()).toBe('incomplete');
        return (await world.resource('droplet', String(dropletId)))?.name === 'web-2';
      },
      { what: 'an incomplete sweep having seen the new name' },
    );
    expect(Object.values(await world.simulator.fired())[0]).toBeGreaterThan(0);
    expect(await world.detect()).toEqual(NOTHING);
    await world.simulator.faults([]);
    expect(await world.sweepDroplets()).toBe('complete');
    expect(await world.detect()).toEqual({ ...NOTHING, opened: 1 });
  });

  it('a resource that the last complete sweep missed is not judged, and keeps what is known of it', async () => {
    const { resourceId, dropletId } = await world.aDroplet();
    await world.ordered(resourceId, { ...SPEC, size_slug: 's-2vcpu-2gb' });
    expect(await world.detect()).toEqual({ ...NOTHING, opened: 1 });
    await world.simulator.faults([{ id: 'hidden', match: { path: '/v2/droplets' }, effect: { type: 'hide', body: { ids: [dropletId] } } }]);
    expect(await world.sweepDroplets()).toBe('complete');
    expect((await world.resource('droplet', String(dropletId)))?.stale_strike_count).toBe(1);
    await world.ordered(resourceId, { ...SPEC, region: 'ams3' });
    expect(await world.detect()).toEqual(NOTHING);
    expect(await world.drifts('open')).toHaveLength(1);
  });

  it('a provisioned resource that became a tombstone is a drift of its own; its other drifts are over', async () => {
    const { resourceId, dropletId } = await world.aDroplet();
    await world.ordered(resourceId, { ...SPEC, region: 'ams3' });
    await world.detect();
    await world.simulator.setDroplets([]);
    const isGone = async () => {
      await world.sweepDroplets();
      return (await world.resource('droplet', String(dropletId))) === undefined;
    };
    await until(isGone, { what: 'the tombstone' });
    expect(await world.detect()).toEqual({ ...NOTHING, opened: 1, stale: 1 });
    expect(await world.drifts('open')).toEqual([
      expect.objectContaining({ field: 'missing', expected: 'present', actual: 'deleted', severity: 'critical' }),
    ]);
    expect(await world.detect()).toEqual(NOTHING);
  });

  it('one that a saga of ours destroyed is no drift', async () => {
    const { resourceId } = await world.aDroplet();
    await world.ordered(resourceId, { ...SPEC, region: 'ams3' });
    await world.detect();
    await world.run('destroy_droplet', { resource_id: resourceId });
    expect(await world.detect()).toEqual({ ...NOTHING, stale: 1 });
    expect(await world.drifts('open')).toEqual([]);
  });
});

it('DRF-3: an open drift whose field matches again is stale at the next run, stays as history, and may come back as another', async () => {
  const { resourceId } = await world.aDroplet();
  await world.ordered(resourceId, { ...SPEC, size_slug: 's-2vcpu-2gb' });
  await world.detect();
  await world.ordered(resourceId, SPEC);
  expect(await world.detect()).toEqual({ ...NOTHING, stale: 1 });
  await world.ordered(resourceId, { ...SPEC, size_slug: 's-2vcpu-2gb' });
  expect(await world.detect()).toEqual({ ...NOTHING, opened: 1 });
  expect((await world.drifts()).map(({ status }) => status)).toEqual(['stale', 'open']);
  expect(await events(resourceId)).toHaveLength(2);
});

it('what a saga of ours is changing is not judged meanwhile, and matches what it ordered afterwards', async () => {
  const { resourceId, dropletId } = await world.aDroplet();
  await world.simulator.faults([
    { id: 'held', match: { method: 'POST', path: '/v2/droplets/*/actions', nth: 3 }, effect: { type: 'hold' } },
  ]);
  const id = await world.start('resize_droplet', { resource_id: resourceId, size_slug: 's-2vcpu-4gb' });
  await until(async () => (await world.simulator.held()) === 1, { what: 'the last event being held' });
  await world.sweepDroplets();
  expect((await world.resource('droplet', String(dropletId)))?.size_slug).toBe('s-2vcpu-4gb');
  expect(await world.detect()).toEqual(NOTHING);
  await world.simulator.faults([]);
  expect((await world.ended(id)).status).toBe('completed');
  await world.sweepDroplets();
  expect(await world.detect()).toEqual(NOTHING);
});

it('DRF-2: what a sweep showed while a saga of ours was at work, which then was undone, is no drift', async () => {
  const { resourceId, dropletId } = await world.aDroplet();
  await world.simulator.faults([
    { id: 'held', match: { method: 'POST', path: '/v2/droplets/*/actions', nth: 3 }, effect: { type: 'hold' } },
  ]);
  const id = await world.start('resize_droplet', { resource_id: resourceId, size_slug: 's-2vcpu-4gb' });
  await until(async () => (await world.simulator.held()) === 1, { what: 'the last event being held' });
  await world.sweepDroplets();
  await world.sweepDroplets();
  expect((await world.resource('droplet', String(dropletId)))?.size_slug).toBe('s-2vcpu-4gb');
  await world.controls.cancel(PLATFORM, id, ADMIN);
  await world.simulator.faults([]);
  expect((await world.ended(id)).status).toBe('rolled_back');
  expect(await world.detect()).toEqual(NOTHING);
  await world.sweepDroplets();
  expect(await world.detect()).toEqual(NOTHING);
  expect(await events(resourceId)).toEqual([]);
});

it('nothing is written when nothing has changed', async () => {
  const { resourceId } = await world.aDroplet();
  await world.ordered(resourceId, { ...SPEC, size_slug: 's-2vcpu-2gb' });
  await world.detect();
  const work = () => world.database.query(`select xmin::text, ctid::text, d.* from cloud_drift d`);
  const before = await work();
  expect(await world.detect()).toEqual(NOTHING);
  expect(await work()).toEqual(before);
});

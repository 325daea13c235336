import { Catalog } from '#libs/catalog';
import { ADMIN, PLATFORM } from '../../support/principals';
import { ORDER } from '../../support/provisioning-world';
import { until } from '../../support/until';
import { newDriftWorld, type DriftWorld } from './drift-world';
import { aResource, change } from '../../support/factories';

let world: DriftWorld;
beforeAll(async () => {
  world = await newDriftWorld();
});
afterEach(() => world.forget());
afterAll(() => world.close());

const NOTHING = { opened: 0, changed: 0, stale: 0, reverted: 0 };
const SPEC = { size_slug: ORDER.size_slug, region: ORDER.region, image: ORDER.image };

const events = (resourceId: string) =>
  world.database.query(
    `select source, changes from cloud_resource_events where type = 'drift_detected' and resource_id = $1 order by seq`,
    [resourceId],
  );

describe('drift detection [DRF-1]', () => {
  it('opens exactly one drift with one event for a droplet with a wrong size and a right region', async () => {
    const { resourceId } = await world.aDroplet();
    expect(await world.detect()).toEqual(NOTHING);
    await world.setDesiredState(resourceId, { size_slug: 's-2vcpu-2gb', region: ORDER.region });
    expect(await world.detect()).toEqual({ ...NOTHING, opened: 1 });
    expect(await world.detect()).toEqual(NOTHING);
    expect(await world.drifts()).toEqual([
      expect.objectContaining({ field: 'size_slug', expected: 's-2vcpu-2gb', actual: ORDER.size_slug, status: 'open', spec_version: 2 }),
    ]);
    expect(await events(resourceId)).toEqual([{ source: 'drift', changes: { size_slug: { old: 's-2vcpu-2gb', new: ORDER.size_slug } } }]);
  });

  it('opens one drift with one event however many detections run at once, and refuses a detection while another runs', async () => {
    const { resourceId } = await world.aDroplet();
    await world.setDesiredState(resourceId, { ...SPEC, region: 'ams3' });
    const answers = await Promise.allSettled(Array.from({ length: 20 }, () => world.detect()));
    const refused = answers.flatMap((answer) => (answer.status === 'rejected' ? [(answer.reason as { code: string }).code] : []));
    expect(refused.length).toBeGreaterThan(0);
    expect(new Set(refused)).toEqual(new Set(['detection_running']));
    expect(await world.drifts()).toHaveLength(1);
    expect(await events(resourceId)).toHaveLength(1);
  });

  it('finds no drift between equal values in another notation, and ignores our own tags', async () => {
    const { resourceId, dropletId } = await world.aDroplet();
    await world.simulator.call('POST', '/v2/tags', { name: 'web' });
    await world.simulator.call('POST', '/v2/tags', { name: 'db' });
    for (const tag of ['web', 'db'])
      await world.simulator.call('POST', `/v2/tags/${tag}/resources`, {
        resources: [{ resource_id: String(dropletId), resource_type: 'droplet' }],
      });
    await world.sweepDroplets();
    await world.setDesiredState(resourceId, { ...SPEC, name: 'web-1.', tags: ['Web', 'db'], memory: '1024', vcpus: 1, backups: false });
    expect(await world.detect()).toEqual(NOTHING);
    await world.setDesiredState(resourceId, { ...SPEC, tags: ['arcadia-saga-of-another', 'web'], backups: 'true', vcpus: '2' });
    expect(await world.detect()).toEqual({ ...NOTHING, opened: 3 });
    expect(await world.drifts('open')).toEqual([
      expect.objectContaining({ field: 'backups', expected: 'true', actual: false }),
      expect.objectContaining({ field: 'tags', expected: ['web'], actual: ['db', 'web'] }),
      expect.objectContaining({ field: 'vcpus', expected: '2', actual: 1 }),
    ]);
  });

  it('reports no drift for an image that the provider has retired, but one for an image of ours in its place', async () => {
    const { resourceId } = await world.aDroplet();
    const setImage = (image: string | null) =>
      world.database.query(`update cloud_resources set attrs = jsonb_set(attrs, '{image}', $2) where id = $1`, [
        resourceId,
        JSON.stringify(image),
      ]);
    const kinds = ['snapshot', 'droplet_backup', 'custom_image'];
    for (const [nth, kind] of kinds.entries()) {
      const image = String(183_204_117 + nth);
      await setImage(image);
      expect(await world.detect()).toEqual({ ...NOTHING, stale: nth === 0 ? 0 : 1 });
      await aResource(world.database, { kind, provider_id: image, status: 'available' });
      expect(await world.detect()).toEqual({ ...NOTHING, opened: 1 });
    }
    await setImage('debian-12-x64');
    expect(await world.detect()).toEqual({ ...NOTHING, changed: 1 });
    expect(await world.drifts('open')).toEqual([expect.objectContaining({ field: 'image', actual: 'debian-12-x64', severity: 'high' })]);
    expect(await events(resourceId)).toHaveLength(kinds.length);
    await setImage(null);
    expect(await world.detect()).toEqual({ ...NOTHING, changed: 1 });
    expect(await world.drifts('open')).toEqual([expect.objectContaining({ field: 'image', actual: null })]);
  });
});

it('sets price and severity of an open drift as soon as the catalog has the sizes, and keeps them afterwards', async () => {
  const { resourceId } = await world.aDroplet();
  await world.setDesiredState(resourceId, { ...SPEC, size_slug: 's-1vcpu-512mb-10gb' });
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
  await world.get(Catalog).refresh('provisioning');
});

describe('drift detection after sweeps [DRF-2]', () => {
  const faults = {
    incomplete: { id: 'f', match: { path: '/v2/droplets', query: { type: 'gpus' } }, effect: { type: 'status', status: 404 } },
  };

  it('reports a value only after a complete sweep has observed it', async () => {
    const { resourceId, dropletId } = await world.aDroplet();
    await world.setDesiredState(resourceId, { ...SPEC, name: 'web-1' });
    await world.actOutsideSagas(dropletId, { type: 'rename', name: 'web-2' });
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

  it('skips a resource that the last complete sweep missed, and keeps its open drifts', async () => {
    const { resourceId, dropletId } = await world.aDroplet();
    await world.setDesiredState(resourceId, { ...SPEC, size_slug: 's-2vcpu-2gb' });
    expect(await world.detect()).toEqual({ ...NOTHING, opened: 1 });
    await world.simulator.faults([{ id: 'hidden', match: { path: '/v2/droplets' }, effect: { type: 'hide', body: { ids: [dropletId] } } }]);
    expect(await world.sweepDroplets()).toBe('complete');
    expect((await world.resource('droplet', String(dropletId)))?.stale_strike_count).toBe(1);
    await world.setDesiredState(resourceId, { ...SPEC, region: 'ams3' });
    expect(await world.detect()).toEqual(NOTHING);
    expect(await world.drifts('open')).toHaveLength(1);
  });

  it('reports the tombstone of a provisioned resource as a drift of its own and closes its other drifts as stale', async () => {
    const { resourceId, dropletId } = await world.aDroplet();
    await world.setDesiredState(resourceId, { ...SPEC, region: 'ams3' });
    await world.detect();
    await world.simulator.setDroplets((await world.simulator.droplets()).filter(({ id }) => id !== dropletId));
    const isDeleted = async () => {
      await world.sweepDroplets();
      return (await world.resource('droplet', String(dropletId))) === undefined;
    };
    await until(isDeleted, { what: 'the tombstone' });
    expect(await world.detect()).toEqual({ ...NOTHING, opened: 1, stale: 1 });
    expect(await world.drifts('open')).toEqual([
      expect.objectContaining({ field: 'missing', expected: 'present', actual: 'deleted', severity: 'critical' }),
    ]);
    expect(await world.detect()).toEqual(NOTHING);
  });

  it('reports no drift for a resource that our own saga destroyed', async () => {
    const { resourceId } = await world.aDroplet();
    await world.setDesiredState(resourceId, { ...SPEC, region: 'ams3' });
    await world.detect();
    await world.run('destroy_droplet', { resource_id: resourceId });
    expect(await world.detect()).toEqual({ ...NOTHING, stale: 1 });
    expect(await world.drifts('open')).toEqual([]);
  });
});

it('closes an open drift as stale at the next run when its field matches again, keeps it as history and may open another [DRF-3]', async () => {
  const { resourceId } = await world.aDroplet();
  await world.setDesiredState(resourceId, { ...SPEC, size_slug: 's-2vcpu-2gb' });
  await world.detect();
  await world.setDesiredState(resourceId, SPEC);
  expect(await world.detect()).toEqual({ ...NOTHING, stale: 1 });
  await world.setDesiredState(resourceId, { ...SPEC, size_slug: 's-2vcpu-2gb' });
  expect(await world.detect()).toEqual({ ...NOTHING, opened: 1 });
  expect((await world.drifts()).map(({ status }) => status)).toEqual(['stale', 'open']);
  expect(await events(resourceId)).toHaveLength(2);
});

it('skips a resource while our own saga changes it, and finds it equal to the desired state afterwards', async () => {
  const { resourceId, dropletId } = await world.aDroplet();
  await world.simulator.faults([
    { id: 'paused', match: { method: 'POST', path: '/v2/droplets/*/actions', nth: 3 }, effect: { type: 'hold' } },
  ]);
  const id = await world.start('resize_droplet', { resource_id: resourceId, size_slug: 's-2vcpu-4gb' });
  await until(async () => (await world.simulator.held()) === 1, { what: 'the simulator pausing the last action' });
  await world.sweepDroplets();
  expect((await world.resource('droplet', String(dropletId)))?.size_slug).toBe('s-2vcpu-4gb');
  expect(await world.detect()).toEqual(NOTHING);
  await world.simulator.faults([]);
  expect((await world.ended(id)).status).toBe('completed');
  await world.sweepDroplets();
  expect(await world.detect()).toEqual(NOTHING);
});

it('reports no drift for a value that a sweep observed during a saga that was then rolled back [DRF-2]', async () => {
  const { resourceId, dropletId } = await world.aDroplet();
  await world.simulator.faults([
    { id: 'paused', match: { method: 'POST', path: '/v2/droplets/*/actions', nth: 3 }, effect: { type: 'hold' } },
  ]);
  const id = await world.start('resize_droplet', { resource_id: resourceId, size_slug: 's-2vcpu-4gb' });
  await until(async () => (await world.simulator.held()) === 1, { what: 'the simulator pausing the last action' });
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

it('compares a volume only after a sweep of volumes that began after its saga ended, however often droplets are swept [DRF-2, DRF-5]', async () => {
  const sweepVolumes = () => world.sweeps.run('volume', { trigger: 'manual' });
  const volume = await world.run('create_volume', { name: 'data', size_gib: 10, region: ORDER.region }, null);
  const { resource_id: resourceId } = volume.context.register_volume as { resource_id: string };
  await change(world.database, 'cloud_resources', resourceId, { listed_by: null }); // the lag bound has passed
  const resize = await world.run('resize_volume', { resource_id: resourceId, size_gib: 20 }, null);
  expect(await sweepVolumes()).toMatchObject({ status: 'complete' });
  await world.setDesiredState(resourceId, { name: 'data', size_gigabytes: 30 });
  await change(world.database, 'saga_runs', resize.id, { finished_at: new Date() }); // while volumes were swept
  expect(await world.sweepDroplets()).toBe('complete');
  expect(await world.detect()).toEqual(NOTHING);
  expect(await sweepVolumes()).toMatchObject({ status: 'complete' });
  expect(await world.detect()).toEqual({ ...NOTHING, opened: 1 });
});

it('writes nothing when nothing has changed', async () => {
  const { resourceId } = await world.aDroplet();
  await world.setDesiredState(resourceId, { ...SPEC, size_slug: 's-2vcpu-2gb' });
  await world.detect();
  const storedDrifts = () => world.database.query(`select xmin::text, ctid::text, d.* from cloud_drift d`);
  const before = await storedDrifts();
  expect(await world.detect()).toEqual(NOTHING);
  expect(await storedDrifts()).toEqual(before);
});

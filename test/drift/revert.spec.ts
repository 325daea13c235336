import { DriftService, DriftRevertService } from '#libs/drift';
import { ledger } from '../saga/saga-world';
import { ADMIN, ORDER, PLATFORM } from '../provisioning/provisioning-world';
import { until } from '../setup/until';
import {
  BIGGER,
  destroyDroplet,
  driftOf,
  droplet,
  EVENTS,
  NOTHING,
  now,
  openWorld,
  orderDroplet,
  resizedBehindOurBack,
  revert,
  seen,
  SPEC,
  statusOf,
  world,
} from './drifted-droplet';

beforeAll(openWorld);
afterAll(() => world.close());
beforeEach(orderDroplet);
afterEach(destroyDroplet);

describe('DRF-5: a finished revert closes its drift when a later sweep has seen the field match, and never as stale', () => {
  it('a resize behind our back: the old size comes back, the disk stays, the spec stays', async () => {
    const id = await resizedBehindOurBack();
    const plan = await world.get(DriftRevertService).plan(id);
    expect(plan).toEqual({
      resource_id: droplet.resourceId,
      field: 'size_slug',
      from: BIGGER,
      to: ORDER.size_slug,
      steps: ['check_order', 'power_off', 'resize', 'power_on', 'observe_droplet'],
      holds: [`droplet:${droplet.dropletId}`],
    });
    const before = await world.specs.find(droplet.resourceId);
    const sagaId = await revert(id);
    expect(await world.ended(sagaId)).toMatchObject({ status: 'completed', kind: 'revert_droplet' });
    expect(await now()).toMatchObject({ size_slug: ORDER.size_slug, status: 'active', disk: 25 });
    expect(await world.specs.find(droplet.resourceId)).toEqual(before);
    expect(await world.detect()).toEqual(NOTHING); // no sweep has seen it yet
    expect(await statusOf(id)).toBe('open');
    await world.sweepDroplets();
    expect(await world.detect()).toEqual({ ...NOTHING, reverted: 1 });
    expect(await world.get(DriftService).get(id)).toMatchObject({ status: 'reverted', saga_id: sagaId });
    const [entry] = await world.database.query(`select actor, reason, details from audit_log where target_id = $1`, [sagaId]);
    expect(entry).toEqual({
      actor: 'ada',
      reason: 'not ordered',
      details: { kind: 'revert_droplet', drift_id: id, resource_id: droplet.resourceId, field: 'size_slug' },
    });
    expect(await world.detect()).toEqual(NOTHING);
  });

  it('name, tags and backups: our own tags stay', async () => {
    await world.ordered(droplet.resourceId, { ...SPEC, name: 'web-1', tags: ['web', 'env:prod'], backups: true });
    const tag = async (name: string) => {
      await world.simulator.call('POST', '/v2/tags', { name });
      await world.simulator.call('POST', `/v2/tags/${name}/resources`, {
        resources: [{ resource_id: String(droplet.dropletId), resource_type: 'droplet' }],
      });
    };
    await tag('web');
    await tag('strange');
    await world.behindOurBack(droplet.dropletId, { type: 'rename', name: 'web-2' });
    await seen(({ name }) => name === 'web-2');
    expect(await world.detect()).toEqual({ ...NOTHING, opened: 3 });
    const own = ((await now())?.tags ?? []).filter((name) => name.startsWith('arcadia-') || name.startsWith('managed-'));
    expect(own).toHaveLength(2);
    for (const field of ['name', 'tags', 'backups']) {
      const sagaId = await revert((await driftOf(field)).id);
      expect({ field, saga: await world.ended(sagaId) }).toMatchObject({ field, saga: { status: 'completed' } });
    }
    expect(await now()).toMatchObject({ name: 'web-1', features: expect.arrayContaining(['backups']) as unknown });
    expect([...((await now())?.tags ?? [])].sort()).toEqual([...own, 'env:prod', 'web'].sort());
    await seen(({ name }) => name === 'web-1');
    expect(await world.detect()).toEqual({ ...NOTHING, reverted: 3 });
  });

  it('a revert that was undone closes nothing, and leaves the droplet as it was', async () => {
    const id = await resizedBehindOurBack();
    const body = { id: 'unprocessable_entity', message: 'This size is too large to fit on your droplet’s server' };
    await world.simulator.faults([{ id: 'f', match: { ...EVENTS, nth: 2 }, times: 1, effect: { type: 'status', status: 422, body } }]);
    const saga = await world.ended(await revert(id));
    expect(await world.simulator.fired()).toEqual({ f: 1 });
    expect(saga).toMatchObject({ status: 'rolled_back', error: { step: 'resize' } });
    expect(await now()).toMatchObject({ size_slug: BIGGER, status: 'active' });
    await world.sweepDroplets();
    await world.detect();
    expect(await statusOf(id)).toBe('open');
  });

  it('what a sweep shows in the middle of it closes nothing', async () => {
    const id = await resizedBehindOurBack();
    await world.simulator.faults([{ id: 'held', match: { ...EVENTS, nth: 3 }, effect: { type: 'hold' } }]);
    const sagaId = await revert(id);
    await until(async () => (await world.simulator.held()) === 1, { what: 'the last event being held' });
    await seen(({ size_slug }) => size_slug === ORDER.size_slug);
    expect(await world.detect()).toEqual(NOTHING);
    await world.simulator.faults([]);
    expect((await world.ended(sagaId)).status).toBe('completed');
    expect(await world.detect()).toEqual(NOTHING);
    // Also if that sweep had seen everything as it is now: it began before the revert had finished.
    await world.database.query(`update cloud_resources set recorded_at = recorded_at - interval '1 hour' where id = $1`, [
      droplet.resourceId,
    ]);
    expect(await world.detect()).toEqual(NOTHING);
    await world.sweepDroplets();
    expect(await world.detect()).toEqual({ ...NOTHING, reverted: 1 });
  });

  it.each([
    { step: 'power_off', nth: 1 },
    { step: 'resize', nth: 2 },
    { step: 'power_on', nth: 3 },
  ])('whatever answer is lost: $step', async ({ nth }) => {
    const id = await resizedBehindOurBack();
    await world.simulator.faults([{ id: 'lost', match: { ...EVENTS, nth }, times: 1, effect: { type: 'lose_answer' } }]);
    const saga = await world.ended(await revert(id));
    expect(await world.simulator.fired()).toEqual({ lost: 1 });
    expect({ status: saga.status, ledger: ledger(saga) }).toMatchObject({ status: 'completed' });
    await seen(({ size_slug }) => size_slug === ORDER.size_slug);
    await world.detect();
    expect(await statusOf(id)).toBe('reverted');
  });
});

describe('DRF-5: tags whose change is not answered', () => {
  const lost = { id: 'lost', match: { path: '/v2/tags/*/resources' }, times: 2, effect: { type: 'lose_answer' } };
  const tagged = (tags: string[]) => world.ordered(droplet.resourceId, { ...SPEC, tags });

  it('are what was ordered in the end', async () => {
    await tagged(['web', 'db']);
    await world.detect();
    const { id } = await driftOf('tags');
    await world.simulator.faults([lost]);
    expect((await world.ended(await revert(id))).status).toBe('completed');
    expect(await world.simulator.fired()).toEqual({ lost: 2 });
    expect((await now())?.tags).toEqual(expect.arrayContaining(['web', 'db']));
  });

  it('are as before when the saga is cancelled', async () => {
    await tagged(['web', 'db']);
    await world.detect();
    const { id } = await driftOf('tags');
    await world.simulator.faults([{ ...lost, times: 1 }]);
    const sagaId = await revert(id);
    await until(async () => (await world.simulator.fired()).lost === 1, { what: 'the lost answer' });
    await world.controls.cancel(PLATFORM, sagaId, ADMIN);
    world.engine.wake();
    expect((await world.ended(sagaId)).status).toBe('rolled_back');
    expect((await now())?.tags?.filter((name) => ['web', 'db'].includes(name))).toEqual([]);
  });
});

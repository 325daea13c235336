import { DriftService, DriftRevertService } from '#libs/drift';
import { ledger } from '../../support/saga-world';
import { ADMIN, PLATFORM } from '../../support/principals';
import { ORDER } from '../../support/provisioning-world';
import { until } from '../../support/until';
import {
  BIGGER,
  driftOf,
  droplet,
  EVENTS,
  forgetDroplet,
  NOTHING,
  liveDroplet,
  openWorld,
  orderDroplet,
  resizeOutsideSagas,
  revert,
  sweepUntil,
  SPEC,
  statusOf,
  world,
} from './drifted-droplet';

beforeAll(openWorld);
afterAll(() => world.close());
beforeEach(orderDroplet);
afterEach(forgetDroplet);

describe('a completed revert [DRF-5]', () => {
  it('restores the old size, keeps the disk and the desired state, and closes its drift only after a later sweep', async () => {
    const id = await resizeOutsideSagas();
    const plan = await world.get(DriftRevertService).plan(id);
    expect(plan).toMatchObject({
      kind: 'revert_droplet',
      resource_id: droplet.resourceId,
      field: 'size_slug',
      from: BIGGER,
      to: ORDER.size_slug,
      holds: [`droplet:${droplet.dropletId}`],
      changes: [{ resource_id: droplet.resourceId, field: 'size_slug', from: BIGGER, to: ORDER.size_slug }],
      downtime: { expected: true },
      cost: { before_monthly: '24.00', after_monthly: '6.00', delta_monthly: '-18.00' },
      warnings: [],
    });
    expect(plan.steps.map(({ name }) => name)).toEqual(['check_order', 'power_off', 'resize', 'power_on', 'observe_droplet']);
    const before = await world.specs.find(droplet.resourceId);
    const sagaId = await revert(id);
    expect(await world.ended(sagaId)).toMatchObject({ status: 'completed', kind: 'revert_droplet' });
    const seen = await world.reader.get({ kind: 'tenant', tenantId: 'acme' }, sagaId); // D1: the tenant sees who switched its machine off
    expect(seen).toMatchObject({ tenant_id: 'acme', created_by: 'operator', resource_id: droplet.resourceId });
    expect(await liveDroplet()).toMatchObject({ size_slug: ORDER.size_slug, status: 'active', disk: 25 });
    expect(await world.specs.find(droplet.resourceId)).toEqual(before);
    expect(await world.detect()).toEqual(NOTHING); // no sweep has observed the size yet
    expect(await statusOf(id)).toBe('open');
    await world.sweepDroplets();
    expect(await world.detect()).toEqual({ ...NOTHING, reverted: 1 });
    const reverted = { status: 'reverted', saga_id: sagaId, closed_by: 'ada', reason: 'not ordered' }; // A2: who asked, and why
    expect(await world.get(DriftService).get(id)).toMatchObject(reverted);
    const [entry] = await world.database.query(`select actor, reason, details from audit_log where target_id = $1`, [sagaId]);
    expect(entry).toEqual({
      actor: 'ada',
      reason: 'not ordered',
      details: {
        kind: 'revert_droplet',
        tenant_id: 'acme',
        target_name: 'web-1',
        drift_id: id,
        resource_id: droplet.resourceId,
        field: 'size_slug',
      },
    });
    expect(await world.detect()).toEqual(NOTHING);
  });

  it('restores name, tags and backups and keeps our own tags', async () => {
    await world.setDesiredState(droplet.resourceId, { ...SPEC, name: 'web-1', tags: ['web', 'env:prod'], backups: true });
    const tag = async (name: string) => {
      await world.simulator.call('POST', '/v2/tags', { name });
      await world.simulator.call('POST', `/v2/tags/${name}/resources`, {
        resources: [{ resource_id: String(droplet.dropletId), resource_type: 'droplet' }],
      });
    };
    await tag('web');
    await tag('strange');
    await world.actOutsideSagas(droplet.dropletId, { type: 'rename', name: 'web-2' });
    await sweepUntil(({ name }) => name === 'web-2');
    expect(await world.detect()).toEqual({ ...NOTHING, opened: 3 });
    const own = ((await liveDroplet())?.tags ?? []).filter((name) => name.startsWith('arcadia-') || name.startsWith('managed-'));
    expect(own).toHaveLength(2);
    for (const field of ['name', 'tags', 'backups']) {
      const sagaId = await revert((await driftOf(field)).id);
      expect({ field, saga: await world.ended(sagaId) }).toMatchObject({ field, saga: { status: 'completed' } });
    }
    expect(await liveDroplet()).toMatchObject({ name: 'web-1', features: expect.arrayContaining(['backups']) as unknown });
    expect([...((await liveDroplet())?.tags ?? [])].sort()).toEqual([...own, 'env:prod', 'web'].sort());
    await sweepUntil(({ name }) => name === 'web-1');
    expect(await world.detect()).toEqual({ ...NOTHING, reverted: 3 });
  });

  it('leaves the drift open and the droplet unchanged when the revert is rolled back', async () => {
    const id = await resizeOutsideSagas();
    const body = { id: 'unprocessable_entity', message: 'This size is too large to fit on your droplet’s server' };
    const refused = [2, 3, 4, 5, 6].map((nth) => ({
      id: `f${nth}`,
      match: { ...EVENTS, nth },
      times: 1,
      effect: { type: 'status', status: 422, body },
    }));
    await world.simulator.faults(refused);
    const saga = await world.ended(await revert(id));
    expect(Object.values(await world.simulator.fired())).toEqual([1, 1, 1, 1, 1]);
    expect(saga).toMatchObject({ status: 'rolled_back', error: { step: 'resize' } });
    expect(await liveDroplet()).toMatchObject({ size_slug: BIGGER, status: 'active' });
    await world.sweepDroplets();
    await world.detect();
    expect(await statusOf(id)).toBe('open');
  });

  it('keeps the drift open when a sweep observes the match during the revert', async () => {
    const id = await resizeOutsideSagas();
    await world.simulator.faults([{ id: 'paused', match: { ...EVENTS, nth: 3 }, effect: { type: 'hold' } }]);
    const sagaId = await revert(id);
    await until(async () => (await world.simulator.held()) === 1, { what: 'the simulator pausing the last action' });
    await sweepUntil(({ size_slug }) => size_slug === ORDER.size_slug);
    expect(await world.detect()).toEqual(NOTHING);
    await world.simulator.faults([]);
    expect((await world.ended(sagaId)).status).toBe('completed');
    expect(await world.detect()).toEqual(NOTHING);
    // A sweep that began before the revert finished does not count, even if it observed the final values.
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
  ])('reverts the drift although the answer to $step is lost', async ({ nth }) => {
    const id = await resizeOutsideSagas();
    await world.simulator.faults([{ id: 'lost', match: { ...EVENTS, nth }, times: 1, effect: { type: 'lose_answer' } }]);
    const saga = await world.ended(await revert(id));
    expect(await world.simulator.fired()).toEqual({ lost: 1 });
    expect({ status: saga.status, ledger: ledger(saga) }).toMatchObject({ status: 'completed' });
    await sweepUntil(({ size_slug }) => size_slug === ORDER.size_slug);
    await world.detect();
    expect(await statusOf(id)).toBe('reverted');
  });
});

describe('a revert of tags after lost answers [DRF-5]', () => {
  const lost = { id: 'lost', match: { path: '/v2/tags/*/resources' }, times: 2, effect: { type: 'lose_answer' } };
  const orderTags = (tags: string[]) => world.setDesiredState(droplet.resourceId, { ...SPEC, tags });

  it('reaches the desired tags', async () => {
    await orderTags(['web', 'db']);
    await world.detect();
    const { id } = await driftOf('tags');
    await world.simulator.faults([lost]);
    expect((await world.ended(await revert(id))).status).toBe('completed');
    expect(await world.simulator.fired()).toEqual({ lost: 2 });
    expect((await liveDroplet())?.tags).toEqual(expect.arrayContaining(['web', 'db']));
  });

  it('restores the previous tags when the saga is cancelled', async () => {
    await orderTags(['web', 'db']);
    await world.detect();
    const { id } = await driftOf('tags');
    await world.simulator.faults([{ ...lost, times: 1 }]);
    const sagaId = await revert(id);
    await until(async () => (await world.simulator.fired()).lost === 1, { what: 'the lost answer' });
    await world.controls.cancel(PLATFORM, sagaId, ADMIN);
    world.engine.wake();
    expect((await world.ended(sagaId)).status).toBe('rolled_back');
    expect((await liveDroplet())?.tags?.filter((name) => ['web', 'db'].includes(name))).toEqual([]);
  });
});

import { sql, Transaction } from '#libs/database';
import { DriftAcceptanceService, DriftRevertService } from '#libs/drift';
import { ADMIN, PLATFORM } from '../../support/principals';
import { until } from '../../support/until';
import {
  BIGGER,
  driftOf,
  droplet,
  EVENTS,
  forgetDroplet,
  liveDroplet,
  openWorld,
  orderDroplet,
  resizeOutsideSagas,
  revert,
  sweepUntil,
  SPEC,
  world,
} from './drifted-droplet';

beforeAll(openWorld);
afterAll(() => world.close());
beforeEach(orderDroplet);
afterEach(forgetDroplet);

describe('a revert that is refused [DRF-5]', () => {
  it.each([
    { field: 'region', spec: { region: 'ams3' }, reason: /region/ },
    { field: 'image', spec: { image: 'debian-12-x64' }, reason: /overwrite/ },
    { field: 'vcpus', spec: { vcpus: 8 }, reason: /in place/ },
    {
      field: 'size_slug',
      spec: { size_slug: 's-1vcpu-512mb-10gb' },
      reason: /cannot shrink|not offered|cannot be ordered|not in the catalog/,
    },
  ])('names the reason why $field cannot be reverted', async ({ field, spec, reason }) => {
    await world.setDesiredState(droplet.resourceId, spec);
    await world.detect();
    const { id } = await driftOf(field);
    expect(await world.get(DriftRevertService).plan(id)).toMatchObject({
      field,
      steps: [],
      refusal: { code: 'not_revertible', message: expect.stringMatching(reason) as string },
    });
    await expect(revert(id)).rejects.toMatchObject({ code: 'not_revertible', category: 'conflict' });
  });

  it('refuses a revert that would have to shrink the disk', async () => {
    const id = await resizeOutsideSagas(true);
    await expect(revert(id)).rejects.toMatchObject({ code: 'not_revertible', message: expect.stringMatching(/cannot shrink/) as string });
    expect(await liveDroplet()).toMatchObject({ size_slug: BIGGER });
  });

  describe('a revert of the backups setting', () => {
    const backedUp = async (backup_ids: number[]) => {
      const droplets = await world.simulator.droplets();
      await world.simulator.setDroplets(
        droplets.map((one) => (one.id === droplet.dropletId ? { ...one, features: ['backups'], backup_ids } : one)),
      );
    };
    const openDrift = async () => {
      await world.setDesiredState(droplet.resourceId, { ...SPEC, backups: false });
      await sweepUntil(({ attrs }) => (attrs.features as string[]).includes('backups'));
      await world.detect();
      return (await driftOf('backups')).id;
    };

    it('is refused before it starts when it may delete existing backups', async () => {
      await backedUp([901, 902]);
      const id = await openDrift();
      await expect(revert(id)).rejects.toMatchObject({
        code: 'not_revertible',
        message: expect.stringMatching(/may delete the 2/) as string,
      });
      expect((await liveDroplet())?.features).toContain('backups');
    });

    it('is rolled back when a backup was taken after the plan', async () => {
      await backedUp([]);
      const id = await openDrift();
      expect((await world.get(DriftRevertService).plan(id)).steps.map(({ name }) => name)).toContain('set_backups');
      await backedUp([901]);
      const saga = await world.ended(await revert(id));
      expect(saga).toMatchObject({ status: 'rolled_back', error: { step: 'set_backups', code: 'would_lose_data' } });
      expect((await liveDroplet())?.features).toContain('backups');
    });

    it('completes when there are no backups', async () => {
      await backedUp([]);
      expect((await world.ended(await revert(await openDrift()))).status).toBe('completed');
      expect((await liveDroplet())?.features).not.toContain('backups');
    });
  });

  it('refuses a revert while another saga holds the droplet, and starts only one of many simultaneous reverts', async () => {
    const id = await resizeOutsideSagas();
    await world.simulator.faults([{ id: 'paused', match: EVENTS, effect: { type: 'hold' } }]);
    const other = await world.start('snapshot_droplet', { resource_id: droplet.resourceId });
    await expect(revert(id)).rejects.toMatchObject({ code: 'resource_busy' });
    await world.simulator.faults([]);
    await world.ended(other);
    const answers = await Promise.allSettled(Array.from({ length: 20 }, () => revert(id)));
    const startedSagas = answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : []));
    expect(startedSagas).toHaveLength(1);
    expect((await world.ended(startedSagas[0] ?? '')).status).toBe('completed');
  });

  it('refuses a revert when the field matches again, and an accept while a revert runs', async () => {
    const id = await resizeOutsideSagas();
    await world.simulator.faults([{ id: 'paused', match: EVENTS, effect: { type: 'hold' } }]);
    const sagaId = await revert(id);
    await until(async () => (await world.simulator.held()) === 1, { what: 'the simulator pausing the first action' });
    await expect(world.get(DriftAcceptanceService).accept(id, BIGGER, ADMIN)).rejects.toMatchObject({ code: 'revert_under_way' });
    await world.simulator.faults([]);
    expect((await world.ended(sagaId)).status).toBe('completed');
    await expect(revert(id)).rejects.toMatchObject({ code: 'drift_moved_on' });
  });

  it('refuses a revert when the desired state has changed since the drift was found', async () => {
    const id = await resizeOutsideSagas();
    await world.setDesiredState(droplet.resourceId, { ...SPEC, size_slug: 's-2vcpu-2gb' });
    await expect(revert(id)).rejects.toMatchObject({ code: 'drift_moved_on' });
  });

  it('rolls a revert back when a concurrent accept commits after the revert has started', async () => {
    await resizeOutsideSagas();
    const { version } = (await world.specs.find(droplet.resourceId)) ?? { version: 0 };
    const sagaId = await world.get(Transaction).run(async (em) => {
      await world.specs.accept(em, { resourceId: droplet.resourceId, version }, { size_slug: BIGGER });
      const startedSaga = await world.start('revert_droplet', { resource_id: droplet.resourceId, fields: ['size_slug'] }, null);
      const [isWaiting, hasAdvanced] = [
        `select 1 from pg_locks join pg_stat_activity a using (pid) where not granted and a.datname = current_database()`,
        `select 1 from saga_steps where saga_id = '${startedSaga}' and step_idx > 0`,
      ];
      await until(async () => (await sql(em, `${isWaiting} union all ${hasAdvanced}`)).length > 0, {
        what: 'the first step waiting for the lock or having completed',
      });
      return startedSaga;
    });
    expect(await world.ended(sagaId)).toMatchObject({ status: 'rolled_back', error: { code: 'order_changed' } });
    expect(await liveDroplet()).toMatchObject({ size_slug: BIGGER, status: 'active' });
  });

  it('rolls a revert back when the desired state changes before its first step', async () => {
    const id = await resizeOutsideSagas();
    await world.engine.drain();
    const sagaId = await world.get(DriftRevertService).start(id, ADMIN);
    await world.setDesiredState(droplet.resourceId, { ...SPEC, size_slug: BIGGER });
    const { engine, reader } = await world.another();
    engine.start();
    await until(async () => (await reader.get(PLATFORM, sagaId)).status === 'rolled_back', { what: 'the end of the revert' });
    expect(await liveDroplet()).toMatchObject({ size_slug: BIGGER, status: 'active' });
  });

  const REFUSED = { status: 'rolled_back', error: { code: 'value_changed' } };

  // Where somebody else has reverted it, the revert completes.
  it.each([
    { field: 'name', spec: { name: 'web-9' }, action: { type: 'rename', name: 'web-2' }, ends: REFUSED },
    { field: 'backups', spec: { backups: true }, action: { type: 'enable_backups' }, ends: { status: 'completed' } },
    { field: 'power', spec: { power: 'off' }, action: { type: 'power_off' }, ends: { status: 'completed' } },
  ])('reads $field at the provider first, and overwrites no value that is newer than the drift', async ({ field, spec, action, ends }) => {
    const before = JSON.stringify(await liveDroplet());
    await world.setDesiredState(droplet.resourceId, { ...SPEC, ...spec });
    await world.detect();
    const { id } = await driftOf(field);
    await world.actOutsideSagas(droplet.dropletId, action);
    await until(async () => JSON.stringify(await liveDroplet()) !== before, { what: 'the other value' });
    const sagaId = await revert(id);
    expect(await world.ended(sagaId)).toMatchObject(ends);
    expect((await liveDroplet())?.name).toBe(field === 'name' ? 'web-2' : 'web-1');
  });

  it('overwrites no tags that were set after the drift was found, whatever their order and letter case', async () => {
    await world.setDesiredState(droplet.resourceId, { ...SPEC, tags: ['web'] });
    const tag = async (name: string) => {
      await world.simulator.call('POST', '/v2/tags', { name });
      const resources = [{ resource_id: String(droplet.dropletId), resource_type: 'droplet' }];
      await world.simulator.call('POST', `/v2/tags/${name}/resources`, { resources });
    };
    await tag('Blue');
    await tag('amber');
    await sweepUntil(({ attrs }) => JSON.stringify(attrs.tags).includes('amber'));
    await world.detect();
    const { id } = await driftOf('tags');
    await tag('newer');
    expect(await world.ended(await revert(id))).toMatchObject({ status: 'rolled_back', error: { code: 'value_changed' } });
    expect((await liveDroplet())?.tags).toEqual(expect.arrayContaining(['newer', 'amber']));
    await sweepUntil(({ attrs }) => JSON.stringify(attrs.tags).includes('newer'));
    await world.detect();
    expect(await world.ended(await revert((await driftOf('tags')).id))).toMatchObject({ status: 'completed' });
  });
});

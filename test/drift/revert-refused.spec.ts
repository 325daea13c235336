import { DriftAcceptanceService, DriftRevertService } from '#libs/drift';
import { ADMIN, PLATFORM } from '../provisioning/provisioning-world';
import { until } from '../setup/until';
import {
  BIGGER,
  destroyDroplet,
  driftOf,
  droplet,
  EVENTS,
  now,
  openWorld,
  orderDroplet,
  resizedBehindOurBack,
  revert,
  seen,
  SPEC,
  world,
} from './drifted-droplet';

beforeAll(openWorld);
afterAll(() => world.close());
beforeEach(orderDroplet);
afterEach(destroyDroplet);

describe('DRF-5: refused', () => {
  it.each([
    { field: 'region', spec: { region: 'ams3' }, reason: /region/ },
    { field: 'image', spec: { image: 'debian-12-x64' }, reason: /overwrite/ },
    { field: 'vcpus', spec: { vcpus: 8 }, reason: /in place/ },
    {
      field: 'size_slug',
      spec: { size_slug: 's-1vcpu-512mb-10gb' },
      reason: /cannot shrink|not offered|cannot be ordered|not in the catalog/,
    },
  ])('with a reason: $field', async ({ field, spec, reason }) => {
    await world.ordered(droplet.resourceId, spec);
    await world.detect();
    const { id } = await driftOf(field);
    await expect(world.get(DriftRevertService).plan(id)).rejects.toMatchObject({
      code: 'not_revertible',
      message: expect.stringMatching(reason) as string,
    });
    await expect(revert(id)).rejects.toMatchObject({ code: 'not_revertible', category: 'conflict' });
  });

  it('when the disk would have to shrink: it was resized for good', async () => {
    const id = await resizedBehindOurBack(true);
    await expect(revert(id)).rejects.toMatchObject({ code: 'not_revertible', message: expect.stringMatching(/cannot shrink/) as string });
    expect(await now()).toMatchObject({ size_slug: BIGGER });
  });

  describe('when switching backups off may delete those that there are', () => {
    const backedUp = async (backup_ids: number[]) => {
      const droplets = await world.simulator.droplets();
      await world.simulator.setDroplets(
        droplets.map((one) => (one.id === droplet.dropletId ? { ...one, features: ['backups'], backup_ids } : one)),
      );
    };
    const drifted = async () => {
      await world.ordered(droplet.resourceId, { ...SPEC, backups: false });
      await seen(({ attrs }) => (attrs.features as string[]).includes('backups'));
      await world.detect();
      return (await driftOf('backups')).id;
    };

    it('before it begins', async () => {
      await backedUp([901, 902]);
      const id = await drifted();
      await expect(revert(id)).rejects.toMatchObject({
        code: 'not_revertible',
        message: expect.stringMatching(/may delete the 2/) as string,
      });
      expect((await now())?.features).toContain('backups');
    });

    it('by itself, when one was taken meanwhile', async () => {
      await backedUp([]);
      const id = await drifted();
      expect((await world.get(DriftRevertService).plan(id)).steps).toContain('set_backups');
      await backedUp([901]);
      const saga = await world.ended(await revert(id));
      expect(saga).toMatchObject({ status: 'rolled_back', error: { step: 'set_backups', code: 'would_lose_data' } });
      expect((await now())?.features).toContain('backups');
    });

    it('and not when there are none', async () => {
      await backedUp([]);
      expect((await world.ended(await revert(await drifted()))).status).toBe('completed');
      expect((await now())?.features).not.toContain('backups');
    });
  });

  it('while another saga holds the droplet; and of many at once one is begun', async () => {
    const id = await resizedBehindOurBack();
    await world.simulator.faults([{ id: 'held', match: EVENTS, effect: { type: 'hold' } }]);
    const other = await world.start('snapshot_droplet', { resource_id: droplet.resourceId });
    await expect(revert(id)).rejects.toMatchObject({ code: 'resource_busy' });
    await world.simulator.faults([]);
    await world.ended(other);
    const answers = await Promise.allSettled(Array.from({ length: 20 }, () => revert(id)));
    const begun = answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : []));
    expect(begun).toHaveLength(1);
    expect((await world.ended(begun[0] ?? '')).status).toBe('completed');
  });

  it('when the field matches already, and accept while a revert is under way', async () => {
    const id = await resizedBehindOurBack();
    await world.simulator.faults([{ id: 'held', match: EVENTS, effect: { type: 'hold' } }]);
    const sagaId = await revert(id);
    await until(async () => (await world.simulator.held()) === 1, { what: 'the first event being held' });
    await expect(world.get(DriftAcceptanceService).accept(id, BIGGER, ADMIN)).rejects.toMatchObject({ code: 'revert_under_way' });
    await world.simulator.faults([]);
    expect((await world.ended(sagaId)).status).toBe('completed');
    await expect(revert(id)).rejects.toMatchObject({ code: 'drift_moved_on' });
  });

  it('when something else has been ordered since the drift was found', async () => {
    const id = await resizedBehindOurBack();
    await world.ordered(droplet.resourceId, { ...SPEC, size_slug: 's-2vcpu-2gb' });
    await expect(revert(id)).rejects.toMatchObject({ code: 'drift_moved_on' });
  });

  it('by itself, when an accept that was a moment sooner ends after it has begun', async () => {
    await resizedBehindOurBack();
    const { version } = (await world.specs.find(droplet.resourceId)) ?? { version: 0 };
    const sagaId = await world.database.transaction(async (tx) => {
      await world.specs.accept(tx, { resource_id: droplet.resourceId, version }, { size_slug: BIGGER });
      const begun = await world.start('revert_droplet', { resource_id: droplet.resourceId, fields: ['size_slug'] }, null);
      const [waits, goesOn] = [
        `select 1 from pg_locks join pg_stat_activity a using (pid) where not granted and a.datname = current_database()`,
        `select 1 from saga_steps where saga_id = '${begun}' and step_idx > 0`,
      ];
      await until(async () => (await tx.query(`${waits} union all ${goesOn}`)).length > 0, { what: 'the first step being at it' });
      return begun;
    });
    expect(await world.ended(sagaId)).toMatchObject({ status: 'rolled_back', error: { code: 'order_changed' } });
    expect(await now()).toMatchObject({ size_slug: BIGGER, status: 'active' });
  });

  it('by itself, when something else is ordered before it begins', async () => {
    const id = await resizedBehindOurBack();
    await world.engine.drain();
    const sagaId = await world.get(DriftRevertService).start(id, ADMIN);
    await world.ordered(droplet.resourceId, { ...SPEC, size_slug: BIGGER });
    const { engine, reader } = await world.another();
    engine.start();
    await until(async () => (await reader.get(PLATFORM, sagaId)).status === 'rolled_back', { what: 'the end of the revert' });
    expect(await now()).toMatchObject({ size_slug: BIGGER, status: 'active' });
  });
});

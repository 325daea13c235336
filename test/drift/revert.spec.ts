import { Catalogue } from '#libs/catalogue';
import { Acceptance, DriftInbox, Reversal } from '#libs/drift';
import { ledger } from '../saga/saga-world';
import { ADMIN, ORDER, PLATFORM } from '../provisioning/provisioning-world';
import { until } from '../setup/until';
import { newDriftWorld, type DriftWorld, type OwnDroplet } from './drift-world';

let world: DriftWorld;
let droplet: OwnDroplet;
beforeAll(async () => {
  world = await newDriftWorld();
  await world.get(Catalogue).refresh('provisioning');
});
afterAll(() => world.close());
beforeEach(async () => {
  droplet = await world.aDroplet();
});
afterEach(async () => {
  await world.simulator.faults([]);
  await world.run('destroy_droplet', { resource_id: droplet.resourceId });
  await world.detect();
});

const NOTHING = { opened: 0, changed: 0, stale: 0, reverted: 0 };
const SPEC = { size_slug: ORDER.size_slug, region: ORDER.region, image: ORDER.image };
const BIGGER = 's-2vcpu-4gb';
const EVENTS = { method: 'POST', path: '/v2/droplets/*/actions' };

const now = async () => (await world.simulator.droplets()).find(({ id }) => id === droplet.dropletId);
const driftOf = async (field: string) => {
  const found = (await world.drifts('open')).find((drift) => drift.field === field);
  if (!found) throw new Error(`no open drift of ${field}`);
  return found;
};
const statusOf = async (id: string) => (await world.get(DriftInbox).get(id)).status;
const revert = async (id: string) => {
  const saga = await world.get(Reversal).start(id, { ...ADMIN, reason: 'not ordered' });
  world.engine.wake();
  return saga;
};

/** Somebody resizes the droplet, in the provider's own panel. */
async function resizedBehindOurBack(disk = false): Promise<string> {
  await world.behindOurBack(droplet.dropletId, { type: 'power_off' });
  await until(async () => (await now())?.status === 'off', { what: 'the droplet being off' });
  await world.behindOurBack(droplet.dropletId, { type: 'resize', size: BIGGER, disk });
  await world.behindOurBack(droplet.dropletId, { type: 'power_on' });
  await until(async () => (await now())?.status === 'active', { what: 'the droplet being on' });
  await seen(({ size_slug }) => size_slug === BIGGER);
  await world.detect();
  return (await driftOf('size_slug')).id;
}

/** Sweeps until the inventory shows it, and once more. */
async function seen(
  shows: (row: { name: string | null; size_slug: string | null; attrs: Record<string, unknown> }) => boolean,
): Promise<void> {
  await until(
    async () => {
      await world.sweepDroplets();
      const row = await world.resource('droplet', String(droplet.dropletId));
      return row !== undefined && shows(row);
    },
    { what: 'the sweep' },
  );
  await world.sweepDroplets();
}

describe('DRF-5: a finished revert closes its drift when a later sweep has seen the field match, and never as stale', () => {
  it('a resize behind our back: the old size comes back, the disk stays, the spec stays', async () => {
    const id = await resizedBehindOurBack();
    const plan = await world.get(Reversal).plan(id);
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
    expect(await world.get(DriftInbox).get(id)).toMatchObject({ status: 'reverted', saga_id: sagaId });
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

describe('DRF-5: refused', () => {
  it.each([
    { field: 'region', spec: { region: 'ams3' }, reason: /region/ },
    { field: 'image', spec: { image: 'debian-12-x64' }, reason: /overwrite/ },
    { field: 'vcpus', spec: { vcpus: 8 }, reason: /in place/ },
    {
      field: 'size_slug',
      spec: { size_slug: 's-1vcpu-512mb-10gb' },
      reason: /cannot shrink|not offered|cannot be ordered|not in the catalogue/,
    },
  ])('with a reason: $field', async ({ field, spec, reason }) => {
    await world.ordered(droplet.resourceId, spec);
    await world.detect();
    const { id } = await driftOf(field);
    await expect(world.get(Reversal).plan(id)).rejects.toMatchObject({
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
      expect((await world.get(Reversal).plan(id)).steps).toContain('set_backups');
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
    await expect(world.get(Acceptance).accept(id, BIGGER, ADMIN)).rejects.toMatchObject({ code: 'revert_under_way' });
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
    const sagaId = await world.get(Reversal).start(id, ADMIN);
    await world.ordered(droplet.resourceId, { ...SPEC, size_slug: BIGGER });
    const { engine, reader } = await world.another();
    engine.start();
    await until(async () => (await reader.get(PLATFORM, sagaId)).status === 'rolled_back', { what: 'the end of the revert' });
    expect(await now()).toMatchObject({ size_slug: BIGGER, status: 'active' });
  });
});

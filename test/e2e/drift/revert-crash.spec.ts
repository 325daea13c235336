import type { DriftView } from '#libs/drift';
import { ORDER } from '../../support/provisioning-world';
import { until } from '../../support/until';
import { CrashWorld } from './crash-world';

const BIGGER = 's-2vcpu-4gb';
const EVENTS = { method: 'POST', path: '/v2/droplets/*/actions' };

let world: CrashWorld;
beforeAll(async () => {
  world = await CrashWorld.create(2);
});
afterAll(() => world.end());

async function aDroplet(name: string): Promise<number> {
  const { id } = await world.call<{ id: string }>('POST', '/api/v1/sagas', { kind: 'provision_droplet', input: { ...ORDER, name } });
  const { status, context } = await world.ended(id);
  expect(status).toBe('completed');
  return Number(context.create_droplet?.droplet_id);
}

const liveDroplet = async (dropletId: number) => (await world.simulator.droplets()).find(({ id }) => id === dropletId);

async function resizeOutsideSagas(dropletId: number): Promise<void> {
  const act = async (action: object, tookEffect: () => Promise<boolean>) => {
    await world.simulator.call('POST', `/v2/droplets/${dropletId}/actions`, action);
    await until(tookEffect, { what: JSON.stringify(action) });
    await until(async () => {
      const { actions } = (await world.simulator.call('GET', `/v2/droplets/${dropletId}/actions`)) as { actions: { status: string }[] };
      return actions.every(({ status }) => status === 'completed');
    });
  };
  await act({ type: 'power_off' }, async () => (await liveDroplet(dropletId))?.status === 'off');
  await act({ type: 'resize', size: BIGGER, disk: false }, async () => (await liveDroplet(dropletId))?.size_slug === BIGGER);
  await act({ type: 'power_on' }, async () => (await liveDroplet(dropletId))?.status === 'active');
}

/** Runs sweeps and detections until the drift of the size is open; the provider's lists lag behind. */
async function driftOf(dropletId: number): Promise<DriftView> {
  let found: DriftView | undefined;
  await until(
    async () => {
      await world.sweep('droplet');
      await world.call('POST', '/api/v1/drift/detect', {});
      const [resource] = await world.call<{ id: string }[]>('GET', `/api/v1/inventory?kind=droplet&q=${dropletId}`);
      [found] = await world.call<DriftView[]>('GET', `/api/v1/drift?resource_id=${resource?.id ?? ''}`);
      return found !== undefined;
    },
    { withinMs: 30_000, what: 'the drift' },
  );
  if (!found) throw new Error('there is no drift');
  return found;
}

const MOMENTS = [
  { step: 'resize, which took effect', nth: 2, effect: { type: 'hold', after: true } },
  { step: 'power_on', nth: 3, effect: { type: 'hold' } },
  { step: 'power_off', nth: 1, effect: { type: 'hold' } },
  { step: 'resize', nth: 2, effect: { type: 'hold' } },
  { step: 'power_on, which took effect', nth: 3, effect: { type: 'hold', after: true } },
];

it.each(process.env.TEST_LONG ? MOMENTS : MOMENTS.slice(0, 1))(
  'restores the old size and closes the drift as reverted, never as stale, after kill -9 of all workers during $step [DRF-5]',
  async ({ nth, effect }) => {
    const dropletId = await aDroplet(`web-${nth}-${effect.after ? 'after' : 'before'}`);
    await resizeOutsideSagas(dropletId);
    const { id, actual } = await driftOf(dropletId);
    expect(actual).toBe(BIGGER);
    expect(await world.call('POST', `/api/v1/drift/${id}/revert?dry_run=true`)).toMatchObject({ field: 'size_slug', to: ORDER.size_slug });
    const revertSaga = { kind: 'revert_droplet', input: { resource_id: id, fields: ['size_slug'] } };
    // only the drift service may start this kind
    await expect(world.call('POST', '/api/v1/sagas', revertSaga)).rejects.toThrow('unknown_saga_kind');
    await world.simulator.faults([{ id: 'paused', match: { ...EVENTS, nth }, times: 1, effect }]);
    const { saga_id: sagaId } = await world.call<DriftView>('POST', `/api/v1/drift/${id}/revert`, { reason: 'not ordered' });
    await until(async () => (await world.simulator.held()) === 1, { withinMs: 30_000, what: 'the simulator pausing the action' });
    const [at] = await world.processes.query<{ epoch: string }>('select epoch from saga_runs where id = $1', [sagaId]);
    await world.replaceWorkers();
    await world.simulator.faults([]);
    // A sweep and a detection during the revert do not close the drift.
    await world.sweep('droplet');
    await world.call('POST', '/api/v1/drift/detect', {});
    expect(await world.call('GET', `/api/v1/drift/${id}`)).toMatchObject({ status: 'open', saga_id: sagaId });

    expect((await world.ended(sagaId ?? '')).status).toBe('completed');
    const [after] = await world.processes.query<{ epoch: string }>('select epoch from saga_runs where id = $1', [sagaId]);
    expect(BigInt(after?.epoch ?? 0)).toBeGreaterThan(BigInt(at?.epoch ?? 0)); // another worker finished the saga
    expect(await liveDroplet(dropletId)).toMatchObject({ size_slug: ORDER.size_slug, status: 'active' });
    expect(
      await world.processes.query(
        `select step_idx from witness where saga_id = $1 and status = 'completed' group by 1 having count(*) > 1`,
        [sagaId],
      ),
    ).toEqual([]);
    const closed = async () => {
      await world.sweep('droplet');
      await world.call('POST', '/api/v1/drift/detect', {});
      return (await world.call<DriftView>('GET', `/api/v1/drift/${id}`)).status;
    };
    await until(async () => (await closed()) !== 'open', { what: 'the end of the drift' });
    expect(await world.call('GET', `/api/v1/drift/${id}`)).toMatchObject({ status: 'reverted', saga_id: sagaId });
  },
);

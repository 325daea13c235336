import { DriftDetectionService, DriftRevertService } from '#libs/drift';
import { change } from '../../support/factories';
import { ADMIN, PLATFORM } from '../../support/principals';
import { newProvisioningWorld, ORDER, type ProvisioningWorld } from '../../support/provisioning-world';
import { ledger } from '../../support/saga-world';
import { until } from '../../support/until';

const HOUR_MS = 3_600_000;
const ACTIONS = { method: 'POST', path: '/v2/droplets/*/actions' };
const PROVIDER_ERROR = { id: 'unprocessable_entity', message: 'The droplet cannot do this now' };

let world: ProvisioningWorld;
let dropletId: number;
let resourceId: string;
beforeAll(async () => {
  world = await newProvisioningWorld();
});
afterAll(() => world.close());
beforeEach(() => order());
afterEach(() => world.simulator.faults([]));

async function order(): Promise<void> {
  const made = await world.run('provision_droplet', ORDER);
  dropletId = Number((made.context.create_droplet as { droplet_id: string }).droplet_id);
  resourceId = (made.context.register_droplet as { resource_id: string }).resource_id;
}
const live = async () => (await world.simulator.droplets()).find(({ id, deleted_at }) => id === dropletId && deleted_at === undefined);
const snapshots = async () => (await world.simulator.account()).images.filter(({ resource_id }) => resource_id === dropletId);
const stepOf = async (id: string) => (await world.reader.get(PLATFORM, id)).steps.find(({ status }) => status === 'waiting')?.name;
const waitsFor = (id: string, step: string) => until(async () => (await stepOf(id)) === step, { what: `step ${step} to wait` });
/** Lets time pass for a step that waits: its beginning moves into the past, and the saga is due. */
async function letPass(id: string, step: string, ms: number): Promise<void> {
  await world.asOwner(`update saga_steps set started_at = started_at - $3 * interval '1 millisecond' where saga_id = $1 and name = $2`, [
    id,
    step,
    ms,
  ]);
  await change({ query: world.asOwner }, 'saga_runs', id, { wake_at: new Date() });
  world.engine.wake();
}
const destroy = { expected_name: ORDER.name };
const power = (action: string) => world.run('power_droplet', { resource_id: resourceId, action });
const requests = async () =>
  (await world.simulator.calls()).filter(({ method, path }) => method === 'POST' && path === `/v2/droplets/${dropletId}/actions`).length;
/** The actions that the provider has accepted. */
const powerActions = async () =>
  (await world.simulator.account()).actions
    .filter(({ resource_id, type }) => resource_id === dropletId && type !== 'create')
    .map(({ type }) => type);

describe('the name in a destroy', () => {
  it('must be given by a tenant, and be that of the droplet; an admin may leave it out [TEN-6]', async () => {
    const asked = { kind: 'destroy_droplet', tenantId: 'acme', because: ADMIN };
    await expect(world.starts.start({ ...asked, input: { resource_id: resourceId } })).rejects.toMatchObject({
      code: 'validation_failed',
      errors: [{ field: 'input.expected_name' }],
    });
    for (const tenantId of ['acme', null])
      await expect(world.start('destroy_droplet', { resource_id: resourceId, expected_name: 'Web-1' }, tenantId)).rejects.toMatchObject({
        code: 'name_mismatch',
        category: 'conflict',
      });
    expect(await live()).toMatchObject({ status: 'active' });
    expect((await world.run('destroy_droplet', { resource_id: resourceId }, null)).status).toBe('completed');
    expect(await live()).toBeUndefined();
  });
});

describe('a destroy with a last snapshot', () => {
  it('takes the snapshot before the droplet is destroyed, and the snapshot stays', async () => {
    const saga = await world.run('destroy_droplet', { resource_id: resourceId, ...destroy, final_snapshot: true });
    expect(ledger(saga)).toEqual([
      'take_snapshot: completed',
      'await_snapshot: completed',
      'destroy_droplet: completed',
      'mark_deleted: completed',
    ]);
    expect(await live()).toBeUndefined();
    expect(await snapshots()).toHaveLength(1);
  });

  it('destroys nothing when the snapshot fails [SAG-9]', async () => {
    await world.simulator.faults([{ id: 'no', match: ACTIONS, effect: { type: 'status', status: 404 } }]);
    const saga = await world.run('destroy_droplet', { resource_id: resourceId, ...destroy, final_snapshot: true });
    expect((await world.simulator.fired()).no).toBeGreaterThan(0);
    expect(saga).toMatchObject({ status: 'rolled_back', error: { step: 'take_snapshot' } });
    expect(await live()).toMatchObject({ status: 'active' });
    expect(await snapshots()).toEqual([]);
  });
});

describe('a destroy after hours', () => {
  it('powers off at once, waits as long as asked over a restart, and then destroys [SAG-13]', async () => {
    const id = await world.start('destroy_droplet', { resource_id: resourceId, ...destroy, after_hours: 48, final_snapshot: true });
    await waitsFor(id, 'await_due');
    expect(await live()).toMatchObject({ status: 'off' });
    await letPass(id, 'await_due', 47 * HOUR_MS);
    await until(
      async () =>
        (await world.database.query(`select 1 from saga_runs where id = $1 and wake_at > now() + interval '59 minutes'`, [id])).length ===
        1,
      {
        what: 'the last hour',
      },
    );
    expect(await live()).toMatchObject({ status: 'off' });
    const other = await world.another();
    other.engine.start();
    await letPass(id, 'await_due', HOUR_MS);
    const saga = await world.ended(id);
    expect(ledger(saga).map((line) => line.split(':')[0])).toEqual([
      'power_down',
      'await_due',
      'take_snapshot',
      'await_snapshot',
      'destroy_droplet',
      'mark_deleted',
    ]);
    expect(saga.status).toBe('completed');
    expect(await live()).toBeUndefined();
  });

  it('powers on again when it is cancelled before its time [SAG-12]', async () => {
    const id = await world.start('destroy_droplet', { resource_id: resourceId, ...destroy, after_hours: 168 });
    await waitsFor(id, 'await_due');
    await world.controls.cancel({ kind: 'tenant', tenantId: 'acme' }, id, ADMIN);
    world.engine.wake();
    expect((await world.ended(id)).status).toBe('rolled_back');
    expect(await live()).toMatchObject({ status: 'active' });
  });

  it('leaves a droplet off that was off before when it is cancelled [SAG-9]', async () => {
    await power('off');
    const id = await world.start('destroy_droplet', { resource_id: resourceId, ...destroy, after_hours: 1 });
    await waitsFor(id, 'await_due');
    await world.controls.cancel(PLATFORM, id, ADMIN);
    world.engine.wake();
    expect((await world.ended(id)).status).toBe('rolled_back');
    expect(await live()).toMatchObject({ status: 'off' });
  });
});

describe('a change of power', () => {
  it('becomes the desired state, so that it is no drift, and a revert of a later change restores it [DRF-1, DRF-5]', async () => {
    const saga = await power('off');
    expect(ledger(saga)).toEqual(['change_power: completed', 'record_power: completed']);
    expect(await live()).toMatchObject({ status: 'off' });
    expect(await world.specs.find(resourceId)).toMatchObject({ version: 2, spec: { power: 'off' } });
    expect(await world.resource('droplet', String(dropletId))).toMatchObject({ status: 'off' });
    const drifts = () =>
      world.database.query<{ id: string; expected: string; actual: string }>(
        `select id, expected, actual from cloud_drift where resource_id = $1 and field = 'power' and status = 'open'`,
        [resourceId],
      );
    const sweepAndDetect = async () => {
      await change(world.database, 'cloud_resources', resourceId, { listed_by: null });
      await world.sweeps.run('droplet', { trigger: 'manual' });
      await world.sweeps.run('droplet', { trigger: 'manual' });
      await world.get(DriftDetectionService).run();
    };
    await sweepAndDetect();
    expect(await drifts()).toEqual([]);
    await world.simulator.call('POST', `/v2/droplets/${dropletId}/actions`, { type: 'power_on' });
    await until(async () => (await live())?.status === 'active', { what: 'the droplet being on' });
    await sweepAndDetect();
    expect(await drifts()).toMatchObject([{ expected: 'off', actual: 'on' }]);
    const [drift] = await drifts();
    const revert = await world.get(DriftRevertService).start(drift?.id ?? '', ADMIN);
    world.engine.wake();
    expect((await world.ended(revert)).status).toBe('completed');
    expect(await live()).toMatchObject({ status: 'off' });
  });

  it.each([
    ['off', 'off', 'power_off'],
    ['shutdown', 'off', 'shutdown'],
  ])('switches off by %s and on again, once each', async (action, status, type) => {
    expect((await power(action)).status).toBe('completed');
    expect(await live()).toMatchObject({ status });
    const again = await power('off');
    expect(again.steps[0]).toMatchObject({ status: 'skipped', reason: 'the droplet needs no power_off' });
    expect((await power('on')).status).toBe('completed');
    expect(await live()).toMatchObject({ status: 'active' });
    expect(await powerActions()).toEqual([type, 'power_on']);
    expect(await world.specs.find(resourceId)).toMatchObject({ spec: { power: 'on' } });
  });

  it.each(['off', 'reboot'])('sends %s once when its answer is lost [SAG-19]', async (action) => {
    await world.simulator.faults([{ id: 'lost', match: ACTIONS, times: 1, effect: { type: 'lose_answer' } }]);
    expect((await power(action)).status).toBe('completed');
    expect(await world.simulator.fired()).toEqual({ lost: 1 });
    expect(await requests()).toBe(1);
    expect(await live()).toMatchObject({ status: action === 'off' ? 'off' : 'active' });
  });

  it.each(['off', 'reboot'])('sends %s again when it did nothing, after the lag bound [SAG-19]', async (action) => {
    await world.simulator.faults([{ id: 'nothing', match: ACTIONS, times: 1, effect: { type: 'status', status: 502 } }]);
    expect((await power(action)).status).toBe('completed');
    expect(await world.simulator.fired()).toEqual({ nothing: 1 });
    expect(await requests()).toBe(2);
  });

  it.each(['off', 'reboot'])(
    'goes on elsewhere when its worker dies after %s was sent, and sends nothing twice [SAG-3, SAG-4]',
    async (action) => {
      const other = await world.another();
      await world.simulator.faults([{ id: 'sent', match: ACTIONS, times: 1, effect: { type: 'hold', after: 'effect' } }]);
      const id = await world.start('power_droplet', { resource_id: resourceId, action });
      await world.simulator.untilHeld('sent');
      await world.asOwner(`update saga_runs set lease_until = clock_timestamp() - interval '1 second' where id = $1`, [id]);
      other.engine.start();
      expect((await world.ended(id)).status).toBe('completed');
      await world.simulator.faults([]);
      expect(await requests()).toBe(1);
    },
  );

  it('is undone by a cancel that follows its lost answer [SAG-9, SAG-12]', async () => {
    await world.simulator.faults([{ id: 'lost', match: ACTIONS, times: 1, effect: { type: 'lose_answer' } }]);
    const id = await world.start('power_droplet', { resource_id: resourceId, action: 'off' });
    await until(async () => (await world.simulator.fired()).lost === 1, { what: 'the lost answer' });
    await world.controls.cancel({ kind: 'tenant', tenantId: 'acme' }, id, ADMIN);
    world.engine.wake();
    expect((await world.ended(id)).status).toBe('rolled_back');
    expect(await live()).toMatchObject({ status: 'active' });
    expect(await world.specs.find(resourceId)).toMatchObject({ version: 1, spec: { power: 'on' } });
  });

  it.each(['off', 'reboot'])('changes nothing when the provider refuses %s [SAG-9]', async (action) => {
    await world.simulator.faults([{ id: 'no', match: ACTIONS, effect: { type: 'status', status: 422, body: PROVIDER_ERROR } }]);
    expect(await power(action)).toMatchObject({ status: 'rolled_back', error: { code: 'refused_by_provider' } });
    expect((await world.simulator.fired()).no).toBeGreaterThan(0);
    expect(await live()).toMatchObject({ status: 'active' });
    expect(await world.specs.find(resourceId)).toMatchObject({ version: 1 });
  });

  it('says that the system of a droplet ignores a shutdown, and leaves it on', async () => {
    const droplets = await world.simulator.droplets();
    await world.simulator.setDroplets(droplets.map((one) => (one.id === dropletId ? { ...one, ignores_shutdown: true } : one)));
    expect(await power('shutdown')).toMatchObject({ status: 'rolled_back', error: { code: 'shutdown_ignored' } });
    expect(await powerActions()).toEqual(['shutdown', 'shutdown']);
    expect(await live()).toMatchObject({ status: 'active' });
  });

  it('does not restart a droplet that is off', async () => {
    await power('off');
    expect(await power('reboot')).toMatchObject({ status: 'rolled_back', error: { code: 'droplet_is_off' } });
    expect(await powerActions()).toEqual(['power_off']);
  });
});

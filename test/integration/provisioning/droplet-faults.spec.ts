import { until } from '../../support/until';
import { ledger } from '../../support/saga-world';
import { PLATFORM } from '../../support/principals';
import { newProvisioningWorld, ORDER, type ProvisioningWorld } from '../../support/provisioning-world';

const CREATE = { method: 'POST', path: '/v2/droplets' };

let world: ProvisioningWorld;
beforeAll(async () => {
  world = await newProvisioningWorld();
});
afterAll(() => world.close());
afterEach(async () => {
  await world.simulator.faults([]);
  await world.simulator.setDroplets([]);
});

const idOf = (context: Record<string, unknown>) => Number((context.create_droplet as { droplet_id: string }).droplet_id);
const alive = () => world.alive();
const creates = async (since: number) =>
  (await world.simulator.calls()).slice(since).filter(({ method, path }) => method === 'POST' && path === '/v2/droplets').length;

describe('a create without an answer', () => {
  it.each([
    { name: 'that took effect before its answer was lost', effect: { type: 'lose_answer' } },
    { name: 'that takes effect later, within the lag bound', effect: { type: 'late_commit', ms: 400 } },
    { name: 'that took effect behind the error page of a proxy', effect: { type: 'status', status: 524, after: true } },
  ])('finds the droplet of a create $name by the full id of its saga, and sends no second create [SAG-5, SAG-19]', async ({ effect }) => {
    await world.simulator.faults([{ id: 'lost', match: CREATE, times: 1, effect }]);
    const before = (await world.simulator.calls()).length;
    const saga = await world.run('provision_droplet', ORDER);
    expect(await world.simulator.fired()).toEqual({ lost: 1 });
    expect(saga.status).toBe('completed');
    expect(saga.context.create_droplet).toMatchObject({ adopted: true });
    expect(await alive()).toEqual([idOf(saga.context)]);
    expect(await creates(before)).toBe(1);
  });

  it('sends a create that did nothing again, but not before the lag bound has passed [SAG-5, SAG-19]', async () => {
    await world.simulator.faults([{ id: 'nothing', match: CREATE, times: 1, effect: { type: 'status', status: 502 } }]);
    const startedMs = performance.now();
    const saga = await world.run('provision_droplet', ORDER);
    expect(await world.simulator.fired()).toEqual({ nothing: 1 });
    expect(saga.status).toBe('completed');
    expect(performance.now() - startedMs).toBeGreaterThan(1_000);
    expect(await alive()).toEqual([idOf(saga.context)]);
  });

  it('makes a duplicate when the create takes effect after the lag bound, and the reaper destroys it [SAG-6]', async () => {
    await world.simulator.faults([{ id: 'late', match: CREATE, times: 1, effect: { type: 'late_commit', ms: 3_600_000 } }]);
    const saga = await world.run('provision_droplet', ORDER);
    expect(saga.status).toBe('completed');
    await world.simulator.advance(3_600_000);
    await until(async () => (await alive()).length === 2, { what: 'the late create' });
    await world.reap();
    await until(async () => (await alive()).length === 1, { what: 'the end of the duplicate' });
    expect(await world.simulator.fired()).toEqual({ late: 1 });
    expect(await alive()).toEqual([idOf(saga.context)]);
    const orphans = await world.database.query('select kind, saga_id, reason, asked_at is not null as asked from cloud_strays');
    expect(orphans).toEqual([{ kind: 'droplet', saga_id: saga.id, reason: 'duplicate', asked: true }]);
  });
});

it('rolls back a refused create at once, without waiting for a late droplet', async () => {
  await world.simulator.faults([
    {
      id: 'refused',
      match: CREATE,
      effect: {
        type: 'status',
        status: 422,
        body: { id: 'unprocessable_entity', message: 'creating this/these droplet(s) will exceed your droplet limit' },
      },
    },
  ]);
  const startedMs = performance.now();
  const saga = await world.run('provision_droplet', ORDER);
  expect(saga.status).toBe('rolled_back');
  expect(saga.error).toMatchObject({ step: 'create_droplet', code: 'refused_by_provider' });
  expect(performance.now() - startedMs).toBeLessThan(10_000);
  expect(await alive()).toEqual([]);
});

it('retries a create after a 429 when the provider allows it, without counting a try', async () => {
  await world.simulator.faults([{ id: 'limited', match: CREATE, times: 2, effect: { type: 'status', status: 429, ms: 1_000 } }]);
  const saga = await world.run('provision_droplet', ORDER);
  expect(await world.simulator.fired()).toEqual({ limited: 2 });
  expect(saga.status).toBe('completed');
  expect(saga.steps[0]).toMatchObject({ attempts: 1 });
  expect(await alive()).toEqual([idOf(saga.context)]);
});

describe('the compensation after a later step failed', () => {
  const forbidden = { id: 'forbidden', match: { method: 'POST', path: '/v2/projects/*' }, effect: { type: 'status', status: 403 } };

  it.each([
    { name: 'with one DELETE', fault: [] },
    {
      name: 'when the answer to its DELETE is lost',
      fault: [{ id: 'delete', match: { method: 'DELETE' }, times: 1, effect: { type: 'lose_answer' } }],
    },
    {
      name: 'when its first DELETE does nothing',
      fault: [{ id: 'delete', match: { method: 'DELETE' }, times: 1, effect: { type: 'status', status: 500 } }],
    },
  ])('destroys the droplet $name [SAG-9, SAG-10]', async ({ fault }) => {
    await world.simulator.faults([forbidden, ...fault]);
    const saga = await world.run('provision_droplet', ORDER);
    expect(Object.values(await world.simulator.fired())).not.toContain(0);
    expect(saga.status).toBe('rolled_back');
    expect(saga.error).toMatchObject({ step: 'assign_project', code: 'forbidden_by_provider' });
    expect(await alive()).toEqual([]);
    expect(await world.resource('droplet', String(idOf(saga.context)))).toBeUndefined();
  });
});

it('waits for the create before it compensates a cancel, because DigitalOcean refuses the DELETE of a new droplet [SAG-12]', async () => {
  const { lags } = (await world.simulator.account()) as { lags: Record<string, number> };
  await world.simulator.change({ lags: { droplet_active_ms: 2_000 } });
  const id = await world.start('provision_droplet', ORDER);
  await until(async () => (await alive()).length === 1, { what: 'the droplet' });
  await world.controls.cancel(PLATFORM, id, { by: { sub: 'ada', role: 'platform_admin' } });
  world.engine.wake();
  const saga = await world.ended(id);
  await world.simulator.change({ lags });
  expect(saga.status).toBe('rolled_back');
  expect(ledger(saga)[0]).toBe('create_droplet: compensated');
  expect(await alive()).toEqual([]);
});

describe('a destroy', () => {
  it.each([
    { name: 'after a lost answer', fault: { id: 'f', match: { method: 'DELETE' }, times: 1, effect: { type: 'lose_answer' } } },
    { name: 'after an outage', fault: { id: 'f', match: { method: 'DELETE' }, times: 2, effect: { type: 'status', status: 503 } } },
  ])('deletes the droplet $name, marks its row once, and ends the spec [SAG-15]', async ({ fault }) => {
    const made = await world.run('provision_droplet', ORDER);
    const resource = await world.resource('droplet', String(idOf(made.context)));
    await world.simulator.faults([fault]);
    const saga = await world.run('destroy_droplet', { resource_id: resource?.id });
    expect((await world.simulator.fired()).f).toBeGreaterThan(0);
    expect(saga.status).toBe('completed');
    expect(await alive()).toEqual([]);
    const deletions = await world.database.query('select source from cloud_resource_events where resource_id = $1 and type = $2', [
      resource?.id,
      'deleted',
    ]);
    expect(deletions).toEqual([{ source: 'saga' }]);
    expect(await world.specs.find(resource?.id ?? '')).toBeUndefined();
  });

  it('completes when the droplet has been deleted already [SAG-15]', async () => {
    const made = await world.run('provision_droplet', ORDER);
    const resource = await world.resource('droplet', String(idOf(made.context)));
    await world.simulator.setDroplets([]);
    const saga = await world.run('destroy_droplet', { resource_id: resource?.id });
    expect(saga.status).toBe('completed');
    expect(saga.context.destroy_droplet).toEqual({ already_gone: true });
  });
});

it('survives an outage of the provider while it waits for a droplet, without counting a try [SAG-1]', async () => {
  const id = await world.start('provision_droplet', ORDER);
  await until(async () => (await world.alive()).length === 1, { what: 'the droplet' });
  await world.simulator.faults([{ id: 'down', match: { path: '/v2/*' }, times: 4, effect: { type: 'status', status: 503 } }]);
  const saga = await world.ended(id);
  expect(await world.simulator.fired()).toEqual({ down: 4 });
  expect(saga.status).toBe('completed');
  expect(Math.max(...saga.steps.map(({ attempts }) => attempts))).toBe(1);
});

import { until } from '../setup/until';
import { ledger } from '../saga/saga-world';
import { newProvisioningWorld, ORDER, PLATFORM, type ProvisioningWorld } from './provisioning-world';

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

describe('a create whose answer is lost', () => {
  it.each([
    { name: 'after it took effect', effect: { type: 'lose_answer' } },
    { name: 'and that takes effect later, within the lag bound', effect: { type: 'late_commit', ms: 400 } },
    { name: 'behind a page of a proxy, after it took effect', effect: { type: 'status', status: 524, after: true } },
  ])('SAG-5, SAG-19: $name is found by the full id of its saga, and is not sent again', async ({ effect }) => {
    await world.simulator.faults([{ id: 'lost', match: CREATE, times: 1, effect }]);
    const before = (await world.simulator.calls()).length;
    const saga = await world.run('provision_droplet', ORDER);
    expect(await world.simulator.fired()).toEqual({ lost: 1 });
    expect(saga.status).toBe('completed');
    expect(saga.context.create_droplet).toMatchObject({ adopted: true });
    expect(await alive()).toEqual([idOf(saga.context)]);
    expect(await creates(before)).toBe(1);
  });

  it('SAG-5, SAG-19: and that did nothing is sent again, but not before the lag bound has passed', async () => {
    await world.simulator.faults([{ id: 'nothing', match: CREATE, times: 1, effect: { type: 'status', status: 502 } }]);
    const startedMs = performance.now();
    const saga = await world.run('provision_droplet', ORDER);
    expect(await world.simulator.fired()).toEqual({ nothing: 1 });
    expect(saga.status).toBe('completed');
    expect(performance.now() - startedMs).toBeGreaterThan(1_000);
    expect(await alive()).toEqual([idOf(saga.context)]);
  });

  it('SAG-6: and that takes effect after the lag bound makes a duplicate, which the reaper destroys', async () => {
    await world.simulator.faults([{ id: 'late', match: CREATE, times: 1, effect: { type: 'late_commit', ms: 3_600_000 } }]);
    const saga = await world.run('provision_droplet', ORDER);
    expect(saga.status).toBe('completed');
    await world.simulator.advance(3_600_000);
    await until(async () => (await alive()).length === 2, { what: 'the late create' });
    await world.reap();
    await until(async () => (await alive()).length === 1, { what: 'the end of the duplicate' });
    expect(await world.simulator.fired()).toEqual({ late: 1 });
    expect(await alive()).toEqual([idOf(saga.context)]);
    const strays = await world.database.query('select kind, saga_id, reason, asked_at is not null as asked from cloud_strays');
    expect(strays).toEqual([{ kind: 'droplet', saga_id: saga.id, reason: 'duplicate', asked: true }]);
  });
});

it('a create that is refused is undone at once: there is nothing to look for', async () => {
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

it('a create that met a 429 waits as told and costs no try', async () => {
  await world.simulator.faults([{ id: 'limited', match: CREATE, times: 2, effect: { type: 'status', status: 429, ms: 1_000 } }]);
  const saga = await world.run('provision_droplet', ORDER);
  expect(await world.simulator.fired()).toEqual({ limited: 2 });
  expect(saga.status).toBe('completed');
  expect(saga.steps[0]).toMatchObject({ attempts: 1 });
  expect(await alive()).toEqual([idOf(saga.context)]);
});

describe('SAG-9, SAG-10: when a later step fails', () => {
  const forbidden = { id: 'forbidden', match: { method: 'POST', path: '/v2/projects/*' }, effect: { type: 'status', status: 403 } };

  it.each([
    { name: 'the droplet is destroyed', fault: [] },
    {
      name: 'also when the answer to its DELETE is lost',
      fault: [{ id: 'delete', match: { method: 'DELETE' }, times: 1, effect: { type: 'lose_answer' } }],
    },
    {
      name: 'also when its DELETE does nothing',
      fault: [{ id: 'delete', match: { method: 'DELETE' }, times: 1, effect: { type: 'status', status: 500 } }],
    },
  ])('$name', async ({ fault }) => {
    await world.simulator.faults([forbidden, ...fault]);
    const saga = await world.run('provision_droplet', ORDER);
    expect(Object.values(await world.simulator.fired())).not.toContain(0);
    expect(saga.status).toBe('rolled_back');
    expect(saga.error).toMatchObject({ step: 'assign_project', code: 'forbidden_by_provider' });
    expect(await alive()).toEqual([]);
    expect(await world.resource('droplet', String(idOf(saga.context)))).toBeUndefined();
  });
});

it('SAG-12: a cancel while the droplet is being made settles the create first: a DELETE while it is new is refused, and waited for', async () => {
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

describe('SAG-15: destroy', () => {
  it.each([
    { name: 'survives a lost answer', fault: { id: 'f', match: { method: 'DELETE' }, times: 1, effect: { type: 'lose_answer' } } },
    { name: 'survives an outage', fault: { id: 'f', match: { method: 'DELETE' }, times: 2, effect: { type: 'status', status: 503 } } },
  ])('$name, marks the row once, and ends the spec', async ({ fault }) => {
    const made = await world.run('provision_droplet', ORDER);
    const resource = await world.resource('droplet', String(idOf(made.context)));
    await world.simulator.faults([fault]);
    const saga = await world.run('destroy_droplet', { resource_id: resource?.id });
    expect((await world.simulator.fired()).f).toBeGreaterThan(0);
    expect(saga.status).toBe('completed');
    expect(await alive()).toEqual([]);
    const told = await world.database.query('select source from cloud_resource_events where resource_id = $1 and type = $2', [
      resource?.id,
      'deleted',
    ]);
    expect(told).toEqual([{ source: 'saga' }]);
    expect(await world.specs.find(resource?.id ?? '')).toBeUndefined();
  });

  it('a droplet that is gone already is done', async () => {
    const made = await world.run('provision_droplet', ORDER);
    const resource = await world.resource('droplet', String(idOf(made.context)));
    await world.simulator.setDroplets([]);
    const saga = await world.run('destroy_droplet', { resource_id: resource?.id });
    expect(saga.status).toBe('completed');
    expect(saga.context.destroy_droplet).toEqual({ already_gone: true });
  });
});

it('SAG-1: an outage of the provider while a droplet is waited for costs no try, and nothing is given up', async () => {
  const id = await world.start('provision_droplet', ORDER);
  await until(async () => (await world.alive()).length === 1, { what: 'the droplet' });
  await world.simulator.faults([{ id: 'down', match: { path: '/v2/*' }, times: 4, effect: { type: 'status', status: 503 } }]);
  const saga = await world.ended(id);
  expect(await world.simulator.fired()).toEqual({ down: 4 });
  expect(saga.status).toBe('completed');
  expect(Math.max(...saga.steps.map(({ attempts }) => attempts))).toBe(1);
});

import { newWorld, type World } from '../../support/inventory-world';
import { until } from '../../support/until';

const platform = { kind: 'platform' } as const;
let world: World;
afterEach(() => world.close());

async function snapshot(): Promise<unknown> {
  return world.database.query('select id, status, stale_strike_count, attrs, name, deleted_at from cloud_resources order by id');
}

it('stops a sweep before any row changes when the token belongs to another account [INV-6]', async () => {
  world = await newWorld({ ACCOUNT_CHECK_MS: '0' }, { seed: 3 });
  await world.sweep('droplet');
  const before = await snapshot();
  await world.simulator.setDroplets([{ id: 1, name: 'a-stranger' }]);
  await world.simulator.faults([{ id: 'exchanged', effect: { type: 'other_account' } }]);
  for (const kind of ['droplet', 'project']) {
    expect(await world.sweep(kind)).toMatchObject({ status: 'refused', reason: 'other_account', seen: 0 });
  }
  expect((await world.simulator.fired()).exchanged).toBeGreaterThan(0);
  expect(await snapshot()).toEqual(before);
});

it('writes no more pages when the token is exchanged during a sweep [INV-6]', async () => {
  world = await newWorld({ ACCOUNT_CHECK_MS: '1' });
  await world.simulator.setDroplets(Array.from({ length: 450 }, (_, i) => ({ id: 1_000 + i, name: `web-${i}` })));
  await world.simulator.faults([{ id: 'exchanged', match: { path: '/v2/account', nth: 3 }, effect: { type: 'other_account' } }]);
  expect(await world.sweep('droplet')).toMatchObject({ status: 'refused', reason: 'other_account' });
  expect((await world.simulator.fired()).exchanged).toBe(1);
  expect((await world.inventory.list(platform, { kind: 'droplet' }, { limit: 200 })).data.length).toBe(200);
  const more = await world.database.query('select count(*)::int as count from cloud_resources');
  expect(more).toEqual([{ count: 200 }]);
});

it('creates no project with a token of another account [INV-6]', async () => {
  world = await newWorld();
  await world.simulator.faults([{ id: 'stranger', match: { path: '/v2/account', nth: 2 }, effect: { type: 'other_account' } }]);
  await (
    await world.another({ DO_API_TOKEN_PROVISIONING: 'dop_v1_simulator', ACCOUNT_CHECK_MS: '0' })
  ).sweeps.run('project', { trigger: 'manual' });
  expect((await world.simulator.fired()).stranger).toBe(1);
  const { projects } = (await world.simulator.account()) as { projects: { name: string }[] };
  expect(projects.filter((project) => project.name === 'skyai-internal')).toEqual([]);
});

it('recognises a token that may not read the account by its default project [INV-6]', async () => {
  world = await newWorld({ ACCOUNT_CHECK_MS: '0' }, { seed: 3 });
  await world.sweep('droplet');
  await world.simulator.faults([{ id: 'scoped', match: { path: '/v2/account' }, effect: { type: 'status', status: 403 } }]);
  expect(await world.sweep('droplet')).toMatchObject({ status: 'complete' });
  expect((await world.simulator.fired()).scoped).toBe(1);
});

it('refuses a list that our token may not read, changes nothing, and skips the kind until an operator asks for a sweep [INV-7]', async () => {
  world = await newWorld({}, { seed: 3 });
  await world.sweep('droplet');
  await world.simulator.faults([{ id: 'scope', match: { path: '/v2/droplets' }, effect: { type: 'status', status: 403 } }]);
  expect(await world.sweep('droplet')).toMatchObject({ status: 'refused', reason: 'forbidden_by_provider', struck: 0 });
  expect((await world.simulator.fired()).scope).toBeGreaterThan(0);
  expect(await world.sweeps.shouldSkip('droplet')).toBe(true);
  await world.simulator.faults([]);
  expect(await world.sweep('droplet')).toMatchObject({ status: 'complete' });
  expect(await world.sweeps.shouldSkip('droplet')).toBe(false);
});

it('stops the syncs of a rejected token, reports it, changes nothing, and does not retry in a loop [INV-7]', async () => {
  world = await newWorld({ ACCOUNT_CHECK_MS: '60000' }, { seed: 3 });
  await world.sweep('droplet');
  const before = await snapshot();
  await world.simulator.faults([{ id: 'revoked', effect: { type: 'revoke' } }]);
  await world.simulator.forgetCalls();
  for (let i = 0; i < 20; i += 1) expect(await world.sweep('droplet')).toMatchObject({ status: 'refused', reason: 'token_rejected' });
  expect((await world.simulator.fired()).revoked).toBeGreaterThan(0);
  expect((await world.simulator.calls()).length).toBeLessThanOrEqual(2);
  expect(await snapshot()).toEqual(before);
  const { completeness } = await world.inventory.list(platform, { kind: 'droplet' }, { limit: 1 });
  expect(completeness.droplet).toMatchObject({ complete: false, reason: 'token_rejected' });
});

it('runs one sweep for many triggers of one kind in two processes [INV-10]', async () => {
  world = await newWorld({}, { seed: 3 });
  const other = await world.another();
  await world.simulator.faults([{ id: 'slow', match: { path: '/v2/droplets' }, effect: { type: 'hold' } }]);
  let answered = 0;
  const running = Array.from({ length: 10 }, async (_, i) => {
    const sweep = await (i % 2 ? other : world).sweeps.run('droplet', { trigger: 'manual' });
    answered += 1;
    return sweep;
  });
  await until(async () => (await world.simulator.held()) > 0);
  await until(() => answered === 9, { what: 'that nine of ten answer with the running sweep' });
  await world.simulator.faults([]);
  const sweeps = await Promise.all(running);
  expect(new Set(sweeps.map((sweep) => sweep.id)).size).toBe(1);
  expect(sweeps.filter((sweep) => sweep.status === 'complete')).toHaveLength(1);
});

it('ends a sweep with a lapsed lease as incomplete and writes nothing that it still reads', async () => {
  world = await newWorld({ SWEEP_LEASE_MS: '60000' }, { seed: 3 });
  await world.simulator.faults([{ id: 'paused', match: { path: '/v2/droplets' }, times: 1, effect: { type: 'hold' } }]);
  const pausedSweep = world.sweep('droplet');
  await until(async () => (await world.simulator.held()) > 0);
  await world.database.query(`update cloud_sweeps set lease_until = clock_timestamp() - interval '1 second' where status = 'running'`);
  const other = await world.another();
  const takenOver = await other.sweeps.run('droplet', { trigger: 'schedule' });
  expect(takenOver).toMatchObject({ status: 'complete' });
  const before = await snapshot();
  await world.simulator.setDroplets([{ id: 1, name: 'late-name' }]);
  await world.simulator.faults([]);
  expect(await pausedSweep).toMatchObject({ status: 'incomplete', reason: 'lease_lapsed', discovered: 0 });
  expect(await snapshot()).toEqual(before);
});

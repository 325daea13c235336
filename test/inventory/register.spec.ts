import { until } from '../setup/until';
import { ACME } from './agency';
import {
  acme,
  agency,
  bird,
  eventsOf,
  listedByProvider,
  made,
  occupiedPool,
  open,
  platform,
  rawDroplet,
  register,
  rowOf,
  SAGA,
  seen,
  world,
} from './saga-made';

afterEach(() => world.close());

describe('observe', () => {
  it('INV-14: writes a new row with its event, and the same again changes nothing (INV-2)', async () => {
    await open();
    const providerId = await made();
    const id = await seen(providerId);
    expect(await seen(providerId)).toBe(id);
    expect(await rowOf(id)).toMatchObject({ kind: 'droplet', provider_id: providerId, name: 'made', urn: `do:droplet:${providerId}` });
    expect(await eventsOf(id)).toEqual(['discovered by saga']);
  });

  it('INV-2: tells a change as an event of a saga', async () => {
    await open();
    const known = await agency.resource('droplet', '100');
    await world.simulator.call('POST', '/v2/droplets/100/actions', { type: 'rename', name: 'web-new' });
    await until(async () => (await world.simulator.droplets()).some(({ name }) => name === 'web-new'));
    expect(await seen('100')).toBe(known?.id);
    expect(await rowOf(known?.id ?? '')).toMatchObject({ name: 'web-new' });
    expect((await eventsOf(known?.id ?? '')).at(-1)).toBe('updated by saga');
  });

  it('what was asked for before the last write of its row changes nothing', async () => {
    await open();
    const requestedAtMs = performance.now();
    const old = (await rawDroplet('100')) as Record<string, unknown>;
    const id = (await register.observe({ kind: 'droplet', raw: { ...old, name: 'younger' }, requestedAtMs: performance.now() })).resourceId;
    expect(await rowOf(id)).toMatchObject({ name: 'younger' });
    expect((await register.observe({ kind: 'droplet', raw: old, requestedAtMs })).resourceId).toBe(id);
    expect(await rowOf(id)).toMatchObject({ name: 'younger' });
  });

  it('a wait for the database does not make an observation younger than it is', async () => {
    await open({ DATABASE_POOL_SIZE: '4' });
    const id = await seen('100');
    const raw = (await rawDroplet('100')) as Record<string, unknown>;
    const other = await world.another();
    const full = await occupiedPool(4);
    const observed = register.observe({ kind: 'droplet', raw: { ...raw, name: 'older' }, requestedAtMs: performance.now() });
    await other.database.query('update cloud_resources set recorded_at = clock_timestamp() where id = $1', [id]); // somebody else's write
    await until(async () => {
      const [row] = await other.database.query<{ passed: boolean }>(
        `select clock_timestamp() > recorded_at + interval '10 milliseconds' as passed from cloud_resources where id = $1`,
        [id],
      );
      return row?.passed === true;
    });
    await full.release();
    expect(await observed).toEqual({ resourceId: id });
    expect(await rowOf(id)).toMatchObject({ name: 'web-0' });
  });

  it('refuses a kind that has no list', async () => {
    await open();
    await expect(register.observe({ kind: 'k8s_cluster', raw: {}, requestedAtMs: performance.now() })).rejects.toMatchObject({
      code: 'unknown_kind',
    });
  });

  it('INV-6: writes nothing once the token answers for another account', async () => {
    await open({ ACCOUNT_CHECK_MS: '0' });
    const providerId = await made();
    const raw = await rawDroplet(providerId);
    await world.simulator.faults([{ id: 'other', match: { path: '/v2/account' }, effect: { type: 'other_account' } }]);
    await expect(register.observe({ kind: 'droplet', raw, requestedAtMs: performance.now() })).rejects.toMatchObject({
      code: 'other_account',
    });
    expect((await world.simulator.fired()).other).toBeGreaterThan(0);
    expect(await agency.resource('droplet', providerId)).toBeUndefined();
  });
});

describe('markDeleted', () => {
  it('SAG-15: buries once, however often and by however many it is said', async () => {
    await open();
    const id = (await agency.resource('droplet', '100'))?.id ?? '';
    await Promise.all(Array.from({ length: 5 }, () => register.markDeleted('droplet', '100')));
    await register.markDeleted('droplet', '100');
    expect(await rowOf(id)).toMatchObject({ status: 'deleted', deleted_at: expect.any(String) as string });
    expect((await eventsOf(id)).filter((event) => event.startsWith('deleted'))).toEqual(['deleted by saga']);
    expect(await register.findByProviderId('droplet', '100')).toBeUndefined();
  });

  it('INV-8: a list that still shows it within the deletion lag does not bring it back', async () => {
    await open({ DELETION_LAG_MS: '600000' });
    const id = (await agency.resource('droplet', '100'))?.id ?? '';
    await register.markDeleted('droplet', '100');
    expect(await listedByProvider('100')).toBe(true);
    expect(await world.sweep('droplet')).toMatchObject({ status: 'complete', restored: 0 });
    await expect(seen('100')).rejects.toThrow('do:droplet:100');
    expect(await rowOf(id)).toMatchObject({ status: 'deleted' });
    await world.database.query(
      `update cloud_resources set deleted_at = deleted_at - interval '11 minutes', recorded_at = recorded_at - interval '11 minutes' where id = $1`,
      [id],
    );
    expect(await seen('100')).toBe(id);
    expect((await eventsOf(id)).slice(-2)).toEqual(['deleted by saga', 'restored by saga']);
  });
});

describe('find', () => {
  it('TEN-6: answers a tenant its own living resources only', async () => {
    await open();
    const own = (await agency.resource('droplet', '100'))?.id ?? '';
    const others = (await agency.resource('droplet', '102'))?.id ?? '';
    expect(await register.find(acme, own, 'droplet')).toMatchObject({ id: own, provider_id: '100', tenant_id: 'acme' });
    expect(await register.find(acme, others, 'droplet')).toBeUndefined();
    expect(await register.find(bird, others, 'droplet')).toMatchObject({ id: others });
    expect(await register.find(platform, others, 'droplet')).toMatchObject({ id: others });
    expect(await register.find(platform, others, 'volume')).toBeUndefined();
    await register.markDeleted('droplet', '100');
    expect(await register.find(acme, own, 'droplet')).toBeUndefined();
  });

  it('TEN-6: answers a zone by its name to whom it belongs', async () => {
    await open();
    await register.observe({
      kind: 'dns_zone',
      raw: { name: 'acme.example', ttl: 1800 },
      requestedAtMs: performance.now(),
      projectUuid: ACME,
    });
    expect(await register.findByName(acme, 'dns_zone', 'acme.example')).toMatchObject({ tenant_id: 'acme' });
    expect(await register.findByName(platform, 'dns_zone', 'acme.example')).toMatchObject({ tenant_id: 'acme' });
    expect(await register.findByName(bird, 'dns_zone', 'acme.example')).toBeUndefined();
  });
});

it('tells in the cause of a change which saga asked for it, before or after the feed shows the action', async () => {
  await open();
  await world.sweep('action');
  const causes: unknown[] = [];
  for (const [providerId, told] of [
    ['100', 'before'],
    ['101', 'after'],
    ['102', 'never'],
  ]) {
    const body = { type: 'rename', name: `renamed-${providerId}` };
    const { action } = (await world.simulator.call('POST', `/v2/droplets/${providerId}/actions`, body)) as { action: { id: number } };
    if (told === 'before') await register.startedActions(SAGA, [String(action.id)]);
    await world.sweep('action');
    await world.sweep('droplet');
    if (told === 'after') for (let i = 0; i < 2; i += 1) await register.startedActions(SAGA, [String(action.id)]);
    const id = (await agency.resource('droplet', providerId ?? ''))?.id ?? '';
    const { data } = await world.inventory.events(platform, id, { limit: 20 });
    causes.push(data.find(({ type }) => type === 'updated')?.cause);
  }
  expect(causes).toEqual([
    expect.objectContaining({ action: 'rename', ours: true, saga_id: SAGA }),
    expect.objectContaining({ action: 'rename', ours: true, saga_id: SAGA }),
    expect.objectContaining({ action: 'rename', ours: false, saga_id: null }),
  ]);
});

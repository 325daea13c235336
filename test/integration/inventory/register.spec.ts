import { until } from '../../support/until';
import { ACME } from '../../support/agency';
import {
  acme,
  agency,
  bird,
  eventsOf,
  listedByProvider,
  createDroplet,
  occupyPool,
  open,
  platform,
  rawDroplet,
  register,
  rowOf,
  SAGA,
  observeDroplet,
  world,
} from './register-world';

afterEach(() => world.close());

describe('observe', () => {
  it('writes a new row with its event, and changes nothing when repeated [INV-14, INV-2]', async () => {
    await open();
    const providerId = await createDroplet();
    const id = await observeDroplet(providerId);
    expect(await observeDroplet(providerId)).toBe(id);
    expect(await rowOf(id)).toMatchObject({ kind: 'droplet', provider_id: providerId, name: 'made', urn: `do:droplet:${providerId}` });
    expect(await eventsOf(id)).toEqual(['discovered by saga']);
  });

  it('records a change as an event of a saga [INV-2]', async () => {
    await open();
    const known = await agency.resource('droplet', '100');
    await world.simulator.call('POST', '/v2/droplets/100/actions', { type: 'rename', name: 'web-new' });
    await until(async () => (await world.simulator.droplets()).some(({ name }) => name === 'web-new'));
    expect(await observeDroplet('100')).toBe(known?.id);
    expect(await rowOf(known?.id ?? '')).toMatchObject({ name: 'web-new' });
    expect((await eventsOf(known?.id ?? '')).at(-1)).toBe('updated by saga');
  });

  it('ignores values that were requested before the last write of their row', async () => {
    await open();
    const requestedAtMs = performance.now();
    const old = (await rawDroplet('100')) as Record<string, unknown>;
    const id = (await register.observe({ kind: 'droplet', raw: { ...old, name: 'younger' }, requestedAtMs: performance.now() })).resourceId;
    expect(await rowOf(id)).toMatchObject({ name: 'younger' });
    expect((await register.observe({ kind: 'droplet', raw: old, requestedAtMs })).resourceId).toBe(id);
    expect(await rowOf(id)).toMatchObject({ name: 'younger' });
  });

  it('dates an observation by its request, not by the end of its wait for the database', async () => {
    await open({ DATABASE_POOL_SIZE: '4' });
    const id = await observeDroplet('100');
    const raw = (await rawDroplet('100')) as Record<string, unknown>;
    const other = await world.another();
    const full = await occupyPool(4);
    const observed = register.observe({ kind: 'droplet', raw: { ...raw, name: 'older' }, requestedAtMs: performance.now() });
    // a write by another process
    await other.database.query('update cloud_resources set recorded_at = clock_timestamp() where id = $1', [id]);
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
    await expect(register.observe({ kind: 'spaces_bucket', raw: {}, requestedAtMs: performance.now() })).rejects.toMatchObject({
      code: 'unknown_kind',
    });
  });

  it('writes nothing once the token belongs to another account [INV-6]', async () => {
    await open({ ACCOUNT_CHECK_MS: '0' });
    const providerId = await createDroplet();
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
  it('writes one tombstone, however often and however concurrently it is called [SAG-15]', async () => {
    await open();
    const id = (await agency.resource('droplet', '100'))?.id ?? '';
    await Promise.all(Array.from({ length: 5 }, () => register.markDeleted('droplet', '100')));
    await register.markDeleted('droplet', '100');
    expect(await rowOf(id)).toMatchObject({ status: 'deleted', deleted_at: expect.any(String) as string });
    expect((await eventsOf(id)).filter((event) => event.startsWith('deleted'))).toEqual(['deleted by saga']);
    expect(await register.findByProviderId('droplet', '100')).toBeUndefined();
  });

  it('keeps a resource deleted that a list still contains within the deletion lag [INV-8]', async () => {
    await open({ DELETION_LAG_MS: '600000' });
    const id = (await agency.resource('droplet', '100'))?.id ?? '';
    await register.markDeleted('droplet', '100');
    expect(await listedByProvider('100')).toBe(true);
    expect(await world.sweep('droplet')).toMatchObject({ status: 'complete', restored: 0 });
    await expect(observeDroplet('100')).rejects.toThrow('do:droplet:100');
    expect(await rowOf(id)).toMatchObject({ status: 'deleted' });
    await world.database.query(
      `update cloud_resources set deleted_at = deleted_at - interval '11 minutes', recorded_at = recorded_at - interval '11 minutes' where id = $1`,
      [id],
    );
    expect(await observeDroplet('100')).toBe(id);
    expect((await eventsOf(id)).slice(-2)).toEqual(['deleted by saga', 'restored by saga']);
  });
});

describe('find', () => {
  it('returns to a tenant only its own existing resources [TEN-6]', async () => {
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

  it('returns a zone by its name to its tenant only [TEN-6]', async () => {
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

it('names in the cause of a change the saga that asked for it, whether it was recorded before or after the feed reported the action', async () => {
  await open();
  await world.sweep('action');
  const causes: unknown[] = [];
  for (const [providerId, recorded] of [
    ['100', 'before'],
    ['101', 'after'],
    ['102', 'never'],
  ]) {
    const body = { type: 'rename', name: `renamed-${providerId}` };
    const { action } = (await world.simulator.call('POST', `/v2/droplets/${providerId}/actions`, body)) as { action: { id: number } };
    if (recorded === 'before') await register.startedActions(SAGA, [String(action.id)]);
    await world.sweep('action');
    await world.sweep('droplet');
    if (recorded === 'after') for (let i = 0; i < 2; i += 1) await register.startedActions(SAGA, [String(action.id)]);
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

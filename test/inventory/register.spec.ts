import { InventoryRegister, type ResourceView } from '#libs/inventory';
import { until } from '../setup/until';
import { ACME, Agency, BIRD, DEFAULT, droplets } from './agency';
import type { World } from './world';

const platform = { kind: 'platform' } as const;
const acme = { kind: 'tenant', tenantId: 'acme' } as const;
const bird = { kind: 'tenant', tenantId: 'bird' } as const;
const SAGA = '01a1fc62-ae4a-724d-a78f-f68cc96adf02';
const HOUR_MS = 3_600_000;

let agency: Agency;
let world: World;
let register: InventoryRegister;
afterEach(() => world.close());

async function open(settings: Record<string, string> = {}): Promise<void> {
  agency = await Agency.open([...droplets(ACME, 100, 101), ...droplets(BIRD, 102)], { VANISH_MIN: '20', ...settings });
  world = agency.world;
  register = world.register;
}

/** What a saga does: makes a droplet, as far as lists are concerned in secret. */
async function made(listedAfterMs = HOUR_MS): Promise<string> {
  await world.simulator.change({ lags: { droplet_listed_ms: listedAfterMs } });
  const body = { name: 'made', size: 's-1vcpu-1gb', image: 'debian-12-x64', region: 'fra1' };
  const { droplet } = (await world.simulator.call('POST', '/v2/droplets', body)) as { droplet: { id: number } };
  return String(droplet.id);
}

async function rawDroplet(id: string): Promise<unknown> {
  return ((await world.simulator.call('GET', `/v2/droplets/${id}`)) as { droplet: unknown }).droplet;
}

async function seen(id: string, projectUuid?: string): Promise<string> {
  const requestedAtMs = performance.now();
  const raw = await rawDroplet(id);
  return (await register.observe({ kind: 'droplet', raw, requestedAtMs, projectUuid })).resourceId;
}

async function listedByProvider(id: string): Promise<boolean> {
  const { droplets: listed } = (await world.simulator.call('GET', '/v2/droplets?per_page=200')) as { droplets: { id: number }[] };
  return listed.some((droplet) => String(droplet.id) === id);
}

/** Transactions that hold as many connections of the process, until they are released. */
async function occupiedPool(connections: number): Promise<{ release: () => Promise<unknown> }> {
  let letGo = (): void => undefined;
  const released = new Promise<void>((resolve) => (letGo = resolve));
  let held = 0;
  const holding = Array.from({ length: connections }, () =>
    world.database.transaction(async (tx) => {
      await tx.query('select 1');
      held += 1;
      await released;
    }),
  );
  await until(() => held === connections, { what: 'a full pool' });
  return {
    release: () => {
      letGo();
      return Promise.all(holding);
    },
  };
}

const rowOf = (id: string): Promise<ResourceView> => world.inventory.get(platform, id);

async function eventsOf(id: string): Promise<string[]> {
  const { data } = await world.inventory.events(platform, id, { limit: 200 });
  return data.map(({ type, source }) => `${type} by ${source}`).reverse();
}

const lagIsOver = (id: string) => world.database.query('update cloud_resources set listed_by = clock_timestamp() where id = $1', [id]);

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

describe('whose it is', () => {
  it('INV-12: a droplet is its tenant’s at once, and the next walk agrees', async () => {
    await open();
    const providerId = await made();
    const id = await seen(providerId, ACME);
    expect(await rowOf(id)).toMatchObject({ tenant_id: 'acme' });
    expect(await world.inventory.get(acme, id)).toMatchObject({ id });
    await agency.membership([...droplets(ACME, 100, 101, Number(providerId)), ...droplets(BIRD, 102)]);
    expect(await world.sweep('project')).toMatchObject({ status: 'complete' });
    expect(await rowOf(id)).toMatchObject({ tenant_id: 'acme' });
    expect(await eventsOf(id)).toEqual(['discovered by saga']);
  });

  it('INV-12: a walk that was under way, and saw it in the default project still, takes it from nobody', async () => {
    await open();
    const providerId = await made();
    await agency.membership([...droplets(ACME, 100, 101), ...droplets(BIRD, 102), ...droplets(DEFAULT, Number(providerId))]);
    await world.simulator.faults([
      { id: 'old page', match: { path: `/v2/projects/${DEFAULT}/resources` }, times: 1, effect: { type: 'hold', after: true } },
    ]);
    const walk = world.sweep('project');
    await until(async () => (await world.simulator.held()) > 0, { what: 'a walk that is under way' });
    const id = await seen(providerId, ACME);
    expect((await world.simulator.fired())['old page']).toBe(1);
    await world.simulator.faults([]); // lets the page go that was read before the move
    expect(await walk).toMatchObject({ status: 'complete' });
    expect(await rowOf(id)).toMatchObject({ tenant_id: 'acme' });
    await agency.membership([...droplets(ACME, 100, 101, Number(providerId)), ...droplets(BIRD, 102)]);
    expect(await world.sweep('project')).toMatchObject({ status: 'complete' });
    expect(await rowOf(id)).toMatchObject({ tenant_id: 'acme' });
    expect(await eventsOf(id)).toEqual(['discovered by saga']);
  });

  it('INV-12: what no walk after the move confirms goes back', async () => {
    await open();
    const providerId = await made();
    const id = await seen(providerId, ACME);
    await agency.membership([...droplets(ACME, 100, 101), ...droplets(BIRD, 102), ...droplets(DEFAULT, Number(providerId))]);
    expect(await world.sweep('project')).toMatchObject({ status: 'complete' });
    expect(await rowOf(id)).toMatchObject({ tenant_id: null });
  });

  it('INV-12: what hangs on it and was seen before it is its tenant’s too', async () => {
    await open();
    const providerId = await made();
    const raw = {
      id: 'early',
      name: 'early',
      resource_type: 'droplet',
      resource_id: providerId,
      regions: ['fra1'],
      size_gigabytes: 1,
      tags: [],
    };
    const { resourceId: child } = await register.observe({ kind: 'snapshot', raw, requestedAtMs: performance.now() });
    expect(await rowOf(child)).toMatchObject({ tenant_id: null });
    await seen(providerId, ACME);
    expect(await rowOf(child)).toMatchObject({ tenant_id: 'acme' });
    expect(await eventsOf(child)).toEqual(['discovered by saga', 'attributed by saga']);
  });
});

describe('INV-9', () => {
  it('a droplet that no list shows yet is struck only after the lag bound', async () => {
    await open();
    const providerId = await made();
    const id = await seen(providerId);
    expect(await listedByProvider(providerId)).toBe(false);
    for (let i = 0; i < 3; i += 1) expect(await world.sweep('droplet')).toMatchObject({ status: 'complete', struck: 0 });
    expect(await rowOf(id)).toMatchObject({ stale_strike_count: 0, deleted_at: null });
    await lagIsOver(id);
    expect(await world.sweep('droplet')).toMatchObject({ status: 'complete', struck: 1 });
    expect(await rowOf(id)).toMatchObject({ stale_strike_count: 1 });
  });

  it('the bound is PROVIDER_LAG_MS from the registration, by the database’s clock', async () => {
    await open({ PROVIDER_LAG_MS: '90000' });
    const id = await seen(await made());
    const [row] = await world.database.query<{ ms: string }>(
      `select extract(epoch from listed_by - recorded_at) * 1000 as ms from cloud_resources where id = $1`,
      [id],
    );
    expect(Math.abs(Number(row?.ms) - 90_000)).toBeLessThan(1_000);
  });

  it('holds also when the action feed told of the droplet before the saga did', async () => {
    await open();
    await world.simulator.call('POST', '/v2/droplets/102/actions', { type: 'rename', name: 'web-2b' }); // a first look finds history only
    await world.sweep('action');
    const providerId = await made();
    expect(await world.sweep('action')).toMatchObject({ status: 'complete', discovered: 1 });
    const id = await seen(providerId);
    expect(await listedByProvider(providerId)).toBe(false);
    expect(await world.sweep('droplet')).toMatchObject({ status: 'complete', struck: 0 });
    await lagIsOver(id);
    expect(await world.sweep('droplet')).toMatchObject({ status: 'complete', struck: 1 });
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

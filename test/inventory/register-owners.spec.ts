import { until } from '../setup/until';
import { ACME, BIRD, DEFAULT, droplets } from './agency';
import { acme, agency, eventsOf, lagIsOver, listedByProvider, made, open, register, rowOf, seen, world } from './saga-made';

afterEach(() => world.close());

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

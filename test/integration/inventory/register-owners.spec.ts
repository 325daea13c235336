import { aResource } from '../../support/factories';
import { until } from '../../support/until';
import { ACME, BIRD, DEFAULT, droplets } from '../../support/agency';
import {
  acme,
  agency,
  eventsOf,
  endLag,
  listedByProvider,
  createDroplet,
  open,
  register,
  rowOf,
  observeDroplet,
  platform,
  rawDroplet,
  world,
} from './register-world';

afterEach(() => world.close());

describe('the tenant of a droplet that a saga created', () => {
  it('is set at once, and the next walk agrees [INV-12]', async () => {
    await open();
    const providerId = await createDroplet();
    const id = await observeDroplet(providerId, ACME);
    expect(await rowOf(id)).toMatchObject({ tenant_id: 'acme' });
    expect(await world.inventory.get(acme, id)).toMatchObject({ id });
    await agency.membership([...droplets(ACME, 100, 101, Number(providerId)), ...droplets(BIRD, 102)]);
    expect(await world.sweep('project')).toMatchObject({ status: 'complete' });
    expect(await rowOf(id)).toMatchObject({ tenant_id: 'acme' });
    expect(await eventsOf(id)).toEqual(['discovered by saga']);
  });

  it('stays although a concurrent walk read the droplet in the default project before the move [INV-12]', async () => {
    await open();
    const providerId = await createDroplet();
    await agency.membership([...droplets(ACME, 100, 101), ...droplets(BIRD, 102), ...droplets(DEFAULT, Number(providerId))]);
    await world.simulator.faults([
      { id: 'old page', match: { path: `/v2/projects/${DEFAULT}/resources` }, times: 1, effect: { type: 'hold', after: true } },
    ]);
    const walk = world.sweep('project');
    await until(async () => (await world.simulator.held()) > 0, { what: 'a walk that is under way' });
    const id = await observeDroplet(providerId, ACME);
    expect((await world.simulator.fired())['old page']).toBe(1);
    await world.simulator.faults([]); // releases the page that was read before the move
    expect(await walk).toMatchObject({ status: 'complete' });
    expect(await rowOf(id)).toMatchObject({ tenant_id: 'acme' });
    await agency.membership([...droplets(ACME, 100, 101, Number(providerId)), ...droplets(BIRD, 102)]);
    expect(await world.sweep('project')).toMatchObject({ status: 'complete' });
    expect(await rowOf(id)).toMatchObject({ tenant_id: 'acme' });
    expect(await eventsOf(id)).toEqual(['discovered by saga']);
  });

  it('is removed when no walk after the move confirms it [INV-12]', async () => {
    await open();
    const providerId = await createDroplet();
    const id = await observeDroplet(providerId, ACME);
    await agency.membership([...droplets(ACME, 100, 101), ...droplets(BIRD, 102), ...droplets(DEFAULT, Number(providerId))]);
    expect(await world.sweep('project')).toMatchObject({ status: 'complete' });
    expect(await rowOf(id)).toMatchObject({ tenant_id: null });
  });

  it('is also set on dependent resources that were observed earlier [INV-12]', async () => {
    await open();
    const providerId = await createDroplet();
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
    await observeDroplet(providerId, ACME);
    expect(await rowOf(child)).toMatchObject({ tenant_id: 'acme' });
    expect(await eventsOf(child)).toEqual(['discovered by saga', 'attributed by saga']);
  });
});

describe('the lag bound of a registration [INV-9]', () => {
  it('delays the strikes of a droplet that no list contains yet', async () => {
    await open();
    const providerId = await createDroplet();
    const id = await observeDroplet(providerId);
    expect(await listedByProvider(providerId)).toBe(false);
    for (let i = 0; i < 3; i += 1) expect(await world.sweep('droplet')).toMatchObject({ status: 'complete', struck: 0 });
    expect(await rowOf(id)).toMatchObject({ stale_strike_count: 0, deleted_at: null });
    await endLag(id);
    expect(await world.sweep('droplet')).toMatchObject({ status: 'complete', struck: 1 });
    expect(await rowOf(id)).toMatchObject({ stale_strike_count: 1 });
  });

  it('ends PROVIDER_LAG_MS after the registration, by the database’s clock', async () => {
    await open({ PROVIDER_LAG_MS: '90000' });
    const id = await observeDroplet(await createDroplet());
    const [row] = await world.database.query<{ ms: string }>(
      `select extract(epoch from listed_by - recorded_at) * 1000 as ms from cloud_resources where id = $1`,
      [id],
    );
    expect(Math.abs(Number(row?.ms) - 90_000)).toBeLessThan(1_000);
  });

  it('applies also when the action feed reported the droplet before the saga did', async () => {
    await open();
    // the first pass of the feed reads history only
    await world.simulator.call('POST', '/v2/droplets/102/actions', { type: 'rename', name: 'web-2b' });
    await world.sweep('action');
    const providerId = await createDroplet();
    expect(await world.sweep('action')).toMatchObject({ status: 'complete', discovered: 1 });
    const id = await observeDroplet(providerId);
    expect(await listedByProvider(providerId)).toBe(false);
    expect(await world.sweep('droplet')).toMatchObject({ status: 'complete', struck: 0 });
    await endLag(id);
    expect(await world.sweep('droplet')).toMatchObject({ status: 'complete', struck: 1 });
  });
});

describe('a network that resources of sagas use', () => {
  const NETWORK = '5a4981aa-9653-4bd1-bef5-d6bff52042e4';
  const observe = async (project: string) => {
    const id = await createDroplet();
    const requestedAtMs = performance.now();
    const raw = { ...((await rawDroplet(id)) as object), vpc_uuid: NETWORK };
    await register.observe({ kind: 'droplet', raw, requestedAtMs, projectUuid: project });
    return id;
  };
  const owner = async (network: string) => {
    const { tenant_id, attribution } = await world.inventory.get(platform, network);
    return [tenant_id, attribution.by];
  };

  it('belongs at once to the tenant that they share, also after one of them is made or destroyed [INV-12]', async () => {
    await open();
    const network = await aResource(world.database, { kind: 'vpc', provider_id: NETWORK, name: 'shop' });
    const others = await aResource(world.database, {
      kind: 'vpc',
      provider_id: '5a4981aa-0000-4bd1-bef5-d6bff52042e4',
      parents: ['droplet/102'],
    });
    const first = await observe(ACME);
    expect(await owner(network)).toEqual(['acme', 'members']);
    const second = await observe(BIRD);
    expect(await owner(network)).toEqual([null, 'fallback']);
    await register.markDeleted('droplet', second);
    expect(await owner(network)).toEqual(['acme', 'members']);
    await register.markDeleted('droplet', first);
    expect(await owner(network)).toEqual([null, 'fallback']);
    const parents = await world.database.query('select id, parents from cloud_resources where kind = $1 order by parents', ['vpc']);
    expect(parents).toEqual([
      { id: network, parents: [] },
      { id: others, parents: ['droplet/102'] },
    ]);
  });

  it('that more resources use than may decide belongs to none of them', async () => {
    await open();
    const network = await aResource(world.database, { kind: 'vpc', provider_id: NETWORK, name: 'default' });
    for (let nr = 0; nr < 200; nr += 1)
      await aResource(world.database, { provider_id: `9000${nr}`, attrs: { vpc_uuid: NETWORK }, tenant_id: 'acme' });
    await observe(ACME);
    expect(await owner(network)).toEqual([null, 'fallback']);
  });
});

import { Agency, ACME, BIRD, droplets } from './agency';
import { ADMIN, type World } from './world';

const platform = { kind: 'platform' } as const;
const tenant = (tenantId: string) => ({ kind: 'tenant', tenantId }) as const;

let world: World;
let agency: Agency;
beforeAll(async () => {
  agency = await Agency.open([...droplets(ACME, 100, 101), ...droplets(BIRD, 102)], {
    STRIKES_TO_DELETE: '1',
    VANISH_MIN: '10',
    DELETION_LAG_MS: '0',
  });
  world = agency.world;
});
afterAll(() => world.close());

/** The database's time, after everything that was written. */
async function now(): Promise<string> {
  const [row] = await world.database.query<{ at: Date }>('select clock_timestamp() as at');
  return new Date((row?.at.getTime() ?? 0) + 1).toISOString();
}

const known = ({ data }: Awaited<ReturnType<World['inventory']['list']>>) =>
  data.map(({ provider_id, name, status, tenant_id }) => ({ provider_id, name, status, tenant_id }));

const list = async (at?: string, filters = {}, scope: Parameters<World['inventory']['list']>[0] = platform) =>
  known(await world.inventory.list(scope, { kind: 'droplet', ...filters }, { limit: 200 }, at));

it('answers from the event log what the account looked like at any time', async () => {
  const moments: { at: string; was: unknown; acme: unknown; dead: unknown }[] = [];
  const remember = async () =>
    moments.push({
      was: await list(),
      acme: await list(undefined, {}, tenant('acme')),
      dead: await list(undefined, { status: 'deleted' }),
      at: await now(),
    });
  const original = await world.simulator.droplets();
  await remember();
  await world.simulator.setDroplets(original.map((droplet) => ({ ...droplet, name: `${droplet.name}-renamed` })));
  await world.sweep('droplet');
  await remember();
  await world.simulator.setDroplets(original.filter(({ id }) => id !== 101));
  await world.sweep('droplet');
  await remember();
  await agency.membership([...droplets(BIRD, 100, 101, 102)]);
  await world.sweep('project');
  await remember();
  await world.simulator.setDroplets([...original, { id: 900, name: 'late' }]);
  await world.sweep('droplet');
  await remember();
  const [first] = (await world.inventory.list(platform, { kind: 'droplet', q: 'web-3' }, { limit: 1 })).data;
  await world.owners.setOwner(first?.id ?? '', 'carol', ADMIN);
  await remember();

  expect(new Set(moments.map(({ was }) => JSON.stringify(was))).size).toBe(moments.length);
  for (const { at, was, acme, dead } of moments) {
    expect(await list(at)).toEqual(was);
    expect(await list(at, {}, tenant('acme'))).toEqual(acme);
    expect(await list(at, { status: 'deleted' })).toEqual(dead);
  }
});

it('filters by what was true then', async () => {
  const before = await now();
  const row = (await world.inventory.list(platform, { kind: 'droplet', q: 'late' }, { limit: 1 })).data[0];
  await world.owners.setOwner(row?.id ?? '', 'dora', ADMIN);
  expect(await list(before, { tenant_id: 'dora' })).toEqual([]);
  expect(await list(before, { q: 'late', unattributed: true })).toHaveLength(1);
  expect(await list(undefined, { tenant_id: 'dora' })).toHaveLength(1);
});

it('INV-13: a former tenant sees its past, and the present owner does not', async () => {
  const before = await now();
  const row = (await world.inventory.list(platform, { kind: 'droplet', q: 'late' }, { limit: 1 })).data[0];
  await world.owners.setOwner(row?.id ?? '', 'emil', ADMIN);
  expect(await list(before, {}, tenant('dora'))).toHaveLength(1);
  expect(await list(before, {}, tenant('emil'))).toEqual([]);
  expect(await list(undefined, {}, tenant('emil'))).toHaveLength(1);
});

it('before anything was known there was nothing, as of no time', async () => {
  const answer = await world.inventory.list(platform, {}, { limit: 10 }, '2020-01-01T00:00:00.000Z');
  expect(answer.data).toEqual([]);
  expect(answer.as_of).toBeNull();
});

it('leaves out attributes that change by themselves: nobody wrote down what they were', async () => {
  const { data } = await world.inventory.list(platform, { kind: 'droplet' }, { limit: 200 }, await now());
  expect(data.length).toBeGreaterThan(0);
  for (const { attrs } of data) expect(Object.keys(attrs)).not.toContain('backup_ids');
});

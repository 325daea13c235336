import { Agency, ACME, BIRD, droplets } from '../../support/agency';
import { ADMIN } from '../../support/principals';
import { type World } from '../../support/inventory-world';

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

it('reconstructs the account at any past time from the event log', async () => {
  const moments: { at: string; listed: unknown; acme: unknown; deleted: unknown }[] = [];
  const recordMoment = async () =>
    moments.push({
      listed: await list(),
      acme: await list(undefined, {}, tenant('acme')),
      deleted: await list(undefined, { status: 'deleted' }),
      at: await now(),
    });
  const original = await world.simulator.droplets();
  await recordMoment();
  await world.simulator.setDroplets(original.map((droplet) => ({ ...droplet, name: `${droplet.name}-renamed` })));
  await world.sweep('droplet');
  await recordMoment();
  await world.simulator.setDroplets(original.filter(({ id }) => id !== 101));
  await world.sweep('droplet');
  await recordMoment();
  await agency.membership([...droplets(BIRD, 100, 101, 102)]);
  await world.sweep('project');
  await recordMoment();
  await world.simulator.setDroplets([...original, { id: 900, name: 'late' }]);
  await world.sweep('droplet');
  await recordMoment();
  const [first] = (await world.inventory.list(platform, { kind: 'droplet', q: 'web-3' }, { limit: 1 })).data;
  await world.owners.setOwner(first?.id ?? '', 'carol', ADMIN);
  await recordMoment();

  expect(new Set(moments.map(({ listed }) => JSON.stringify(listed))).size).toBe(moments.length);
  for (const { at, listed, acme, deleted } of moments) {
    expect(await list(at)).toEqual(listed);
    expect(await list(at, {}, tenant('acme'))).toEqual(acme);
    expect(await list(at, { status: 'deleted' })).toEqual(deleted);
  }
});

it('filters by the values at the requested time', async () => {
  const before = await now();
  const row = (await world.inventory.list(platform, { kind: 'droplet', q: 'late' }, { limit: 1 })).data[0];
  await world.owners.setOwner(row?.id ?? '', 'dora', ADMIN);
  expect(await list(before, { tenant_id: 'dora' })).toEqual([]);
  expect(await list(before, { q: 'late', unattributed: true })).toHaveLength(1);
  expect(await list(undefined, { tenant_id: 'dora' })).toHaveLength(1);
});

it('lists the past of a resource to its previous tenant and not to its present owner [INV-13]', async () => {
  const before = await now();
  const row = (await world.inventory.list(platform, { kind: 'droplet', q: 'late' }, { limit: 1 })).data[0];
  await world.owners.setOwner(row?.id ?? '', 'emil', ADMIN);
  expect(await list(before, {}, tenant('dora'))).toHaveLength(1);
  expect(await list(before, {}, tenant('emil'))).toEqual([]);
  expect(await list(undefined, {}, tenant('emil'))).toHaveLength(1);
});

it('lists a resource to its owner of then after a correction that changed only its project [INV-13]', async () => {
  const row = (await world.inventory.list(platform, { kind: 'droplet', q: 'late' }, { limit: 1 })).data[0];
  const before = await now();
  const changes = { project_id: { old: null, new: '00000000-0000-4000-8000-00000000000a' }, effective_from: { old: null, new: before } };
  await world.database.query(
    `insert into cloud_resource_events (resource_id, type, source, changes) values ($1, 'attributed', 'admin', $2)`,
    [row?.id, changes],
  );
  expect(await list(before, { q: 'late' }, tenant('emil'))).toHaveLength(1);
  expect(await list(before, { q: 'late' })).toMatchObject([{ tenant_id: 'emil' }]);
});

it('lists nothing, with no time of completeness, before the first sweep', async () => {
  const answer = await world.inventory.list(platform, {}, { limit: 10 }, '2020-01-01T00:00:00.000Z');
  expect(answer.data).toEqual([]);
  expect(answer.as_of).toBeNull();
});

it('omits attributes that change by themselves, because no event records their past values', async () => {
  const { data } = await world.inventory.list(platform, { kind: 'droplet' }, { limit: 200 }, await now());
  expect(data.length).toBeGreaterThan(0);
  for (const { attrs } of data) expect(Object.keys(attrs)).not.toContain('backup_ids');
});

it('refuses a time in the future, and allows for a clock that is a little ahead (C5) [TRU-1]', async () => {
  const ahead = (ms: number) => list(new Date(Date.now() + ms).toISOString());
  expect(await ahead(30_000)).toEqual(await list());
  await expect(ahead(365 * 86_400_000)).rejects.toMatchObject({ code: 'validation_failed', errors: [{ field: 'as_of' }] });
  await expect(ahead(3_600_000)).rejects.toMatchObject({ code: 'validation_failed' });
});

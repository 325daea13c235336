import { KINDS } from '#libs/inventory';
import { newWorld, type World } from '../../support/inventory-world';

const platform = { kind: 'platform' } as const;

describe('the first sweeps of an account', () => {
  let world: World;

  beforeAll(async () => {
    world = await newWorld({}, { seed: 7 });
  });
  afterAll(() => world.close());

  it('writes every listed droplet as an active row with the listed values [INV-1]', async () => {
    const sweep = await world.sweep('droplet');
    expect(sweep).toMatchObject({ status: 'complete', reason: null });
    const truth = await world.simulator.droplets();
    const { data } = await world.inventory.list(platform, { kind: 'droplet' }, { limit: 200 });
    const rows = data.map(({ provider_id, name, region, size_slug, status }) => ({
      id: Number(provider_id),
      name,
      region,
      size_slug,
      status,
    }));
    expect(rows.sort((a, b) => a.id - b.id)).toEqual(
      truth.map(({ id, name, region, size_slug, status }) => ({ id, name, region, size_slug, status })).sort((a, b) => a.id - b.id),
    );
    expect(sweep).toMatchObject({ seen: truth.length, discovered: truth.length, updated: 0, deleted: 0 });
  });

  it('writes no event when a second sweep finds nothing changed [INV-2]', async () => {
    const before = await events(world);
    expect(await world.sweep('droplet')).toMatchObject({ status: 'complete', discovered: 0, updated: 0, restored: 0, struck: 0 });
    expect(await events(world)).toBe(before);
  });

  it('attributes droplets by project and finds the kinds that have no list [INV-11, INV-12]', async () => {
    const sweep = await world.sweep('project');
    expect(sweep).toMatchObject({ status: 'complete', reason: null });
    const own = await world.inventory.list(platform, { tenant_id: 'acme', kind: 'droplet' }, { limit: 200 });
    expect(own.data.length).toBeGreaterThanOrEqual(8);
    expect(new Set(own.data.map((row) => row.attribution.by))).toEqual(new Set(['project']));
    const all = await world.inventory.list(platform, {}, { limit: 200 });
    const kinds = new Set(all.data.map((row) => row.kind));
    expect([...kinds]).toEqual(expect.arrayContaining(['spaces_bucket', 'microdroplet']));
  });

  it('changes nothing with a second project sweep [INV-2]', async () => {
    const before = await events(world);
    expect(await world.sweep('project')).toMatchObject({ status: 'complete', discovered: 0, updated: 0, struck: 0 });
    expect(await events(world)).toBe(before);
  });

  it('creates the fallback project once, and puts no member into it at the provider', async () => {
    const { projects, members } = (await world.simulator.account()) as {
      projects: { id: string; name: string }[];
      members: { project_id: string }[];
    };
    const fallback = projects.filter((project) => project.name === 'skyai-internal');
    expect(fallback).toHaveLength(1);
    expect(members.filter((member) => member.project_id === fallback[0]?.id)).toEqual([]);
  });

  it('gives a list the time at which its data is complete, and no time while a kind was never swept [INV-15]', async () => {
    expect((await world.inventory.list(platform, {}, { limit: 1 })).as_of).toBeNull();
    for (const { kind } of KINDS) await world.sweep(kind);
    const answer = await world.inventory.list(platform, {}, { limit: 1 });
    expect(answer.completeness).toMatchObject({ droplet: { complete: true, reason: null }, project: { complete: true } });
    expect(answer.as_of).toBe(
      Object.values(answer.completeness)
        .map((kind) => String(kind.as_of))
        .sort((a, b) => a.localeCompare(b))[0],
    );
  });
});

async function events(world: World): Promise<number> {
  const [row] = await world.database.query<{ count: number }>('select count(*)::int as count from cloud_resource_events');
  return row?.count ?? 0;
}

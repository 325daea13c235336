import { randomUUID } from 'node:crypto';
import { countOf } from '../../support/factories';
import { until } from '../../support/until';
import { ACME, Agency, BIRD, DEFAULT, droplets } from '../../support/agency';
import { ADMIN, PLATFORM } from '../../support/principals';
import { newWorld, type World } from '../../support/inventory-world';
import type { DescribedTenants } from '#libs/accounts';

/** The sweep asks for the members of each project, so the plain suite has fewer of them. */
const MISSPELT_DESCRIPTIONS = process.env.TEST_LONG ? 500 : 50;

let agency: Agency;
let world: World;
beforeAll(async () => {
  agency = await Agency.open([...droplets(ACME, 100, 101), ...droplets(BIRD, 102)]);
  world = agency.world;
});
afterAll(() => world.close());

interface Described {
  readonly id: string;
  readonly name: string;
  readonly description: string;
}

const projectsAtProvider = async () => ((await world.simulator.account()) as { projects: Described[] }).projects;

/** Gives projects of the provider other descriptions, adds those that do not exist, and sweeps. */
async function describe_(changes: Readonly<Record<string, string>>): Promise<void> {
  const projects = await projectsAtProvider();
  const [first] = projects;
  const kept = projects.map((project) => ({ ...project, description: changes[project.id] ?? project.description }));
  const added = Object.entries(changes)
    .filter(([id]) => !projects.some((project) => project.id === id))
    .map(([id, description]) => ({ ...first, id, name: `p-${id.slice(0, 8)}`, description, is_default: false }));
  await world.simulator.change({ projects: [...kept, ...added] });
  expect(await world.sweep('project')).toMatchObject({ status: 'complete' });
}

const mirrored = async (providerId: string) => {
  const [project] = await world.database.query<{ id: string; name: string; tenant_id: string | null; tenant_set_by: string | null }>(
    'select id, name, tenant_id, tenant_set_by from cloud_projects where provider_id = $1',
    [providerId],
  );
  return project;
};

const ownersOf = () =>
  world.database.query(
    `select p.provider_id, p.tenant_id, p.tenant_set_by from cloud_projects p where p.provider_id = any ($1) union all
     select r.provider_id, r.tenant_id, r.attributed_by from cloud_resources r where r.provider_id in ('100', '101', '102') order by 1`,
    [[ACME, BIRD]],
  );

const registered = async () => (await world.database.query<{ id: string }>('select id from tenants order by id')).map(({ id }) => id);

it('lists each unknown id of a description with its project and the nearest tenant, until it is registered or the project is assigned [TNT-1]', async () => {
  const described = world.described;
  const find = async (id: string) => (await all(described)).filter((finding) => finding.id === id);
  const [first, second] = [randomUUID(), randomUUID()];
  await describe_({ [first]: 'tenant:globexx', [second]: 'tenant:initrode' });
  const project = await mirrored(first);
  expect(await find('globexx')).toEqual([
    { id: 'globexx', reason: 'not_registered', project_id: project?.id, project_name: project?.name, nearest_id: 'globex' },
  ]);
  await world.owners.setProject(project?.id ?? '', { tenant_id: 'globex' }, ADMIN);
  expect(await find('globexx')).toEqual([]);
  expect(await find('initrode')).toHaveLength(1);
  await world.owners.registerTenant({ id: 'initrode' }, ADMIN);
  expect(await find('initrode')).toEqual([]);
  expect(await mirrored(second)).toMatchObject({ tenant_id: 'initrode', tenant_set_by: 'description' });
});

it('follows a later description while no admin has set the owner, and never to a tenant that leaves', async () => {
  await describe_({ [ACME]: 'tenant:birch' });
  expect(await mirrored(ACME)).toMatchObject({ tenant_id: 'birch', tenant_set_by: 'description' });
  expect(await agency.resource('droplet', '101')).toMatchObject({ tenant_id: 'birch' });
  await describe_({ [ACME]: 'birch no more' });
  expect(await mirrored(ACME)).toMatchObject({ tenant_id: 'birch' });
  await world.tenants.update('fern', { status: 'offboarding' }, ADMIN);
  await describe_({ [ACME]: 'tenant:fern' });
  expect(await mirrored(ACME)).toMatchObject({ tenant_id: 'birch' });
  const { id = '' } = (await mirrored(ACME)) ?? {};
  await world.owners.setProject(id, { tenant_id: 'acme' }, ADMIN);
  await describe_({ [ACME]: 'tenant:birch' });
  expect(await mirrored(ACME)).toMatchObject({ tenant_id: 'acme', tenant_set_by: 'admin' });
  await world.owners.setProject(id, { tenant_id: null }, ADMIN);
  expect(await mirrored(ACME)).toMatchObject({ tenant_id: 'birch', tenant_set_by: 'description' });
});

it('registers the ids of descriptions with the first complete mirror of an account and not before or later [TNT-1]', async () => {
  const other = await newWorld();
  try {
    const project = { ...(await projectsAtProvider())[0], purpose: 'x', environment: 'Production', is_default: false };
    const projects = [
      { ...project, id: DEFAULT, name: 'first', description: '', is_default: true },
      { ...project, id: ACME, name: 'Umbra', description: 'tenant:umbra' },
      { ...project, id: BIRD, name: 'Umbra 2', description: 'tenant:Umbra' },
    ];
    await other.simulator.change({
      projects,
      members: [{ project_id: ACME, urn: 'do:droplet:7', assigned_at: '2026-01-01T00:00:00Z', status: 'ok' }],
    });
    await other.simulator.setDroplets([{ id: 7, name: 'web' }]);
    await other.simulator.faults([
      { id: 'broken', match: { path: `/v2/projects/${ACME}/resources` }, effect: { type: 'status', status: 500 } },
    ]);
    await other.sweep('droplet');
    expect(await other.sweep('project')).toMatchObject({ status: 'incomplete' });
    const ids = () => other.database.query(`select id, source from tenants where lower(id) like 'umbr%' order by id`);
    expect(await ids()).toEqual([]);
    await other.simulator.faults([]);
    expect(await other.sweep('project')).toMatchObject({ status: 'complete' });
    expect(await ids()).toEqual([{ id: 'Umbra', source: 'description' }]);
    const twin = { id: 'umbra', reason: 'not_registered', project_name: 'Umbra', nearest_id: 'Umbra' };
    expect(await all(other.described)).toEqual([expect.objectContaining(twin)]);
    await other.simulator.change({
      projects: projects.map((one) => (one.id === DEFAULT ? { ...one, description: 'tenant:umbrella' } : one)),
    });
    await other.sweep('project');
    expect(await ids()).toHaveLength(1);
    const { data } = await other.inventory.list(PLATFORM, { kind: 'droplet' }, { limit: 1 });
    expect(data).toMatchObject([{ tenant_id: null }]);
  } finally {
    await other.close();
  }
});

it('lets an owner count from a past time on, in the list of that time and in the intervals of owners', async () => {
  const { id = '' } = (await agency.resource('droplet', '102')) ?? {};
  const past = async () => {
    const [row] = await world.database.query<{ at: Date }>('select clock_timestamp() as at');
    return new Date((row?.at.getTime() ?? 0) + 1).toISOString();
  };
  const ownerAt = async (at: string) =>
    (await world.inventory.list(PLATFORM, { kind: 'droplet', provider_id: '102' }, { limit: 1 }, at)).data[0]?.tenant_id;
  const passed = (moment: string) => until(async () => (await past()) > moment, { what: 'a later millisecond' });
  const first = await past();
  await passed(first);
  await world.owners.setOwner(id, 'dora', ADMIN);
  const second = await past();
  await passed(second);
  await world.owners.setOwner(id, 'zed', { ...ADMIN, reason: 'was theirs' }, { effectiveFrom: second });
  const third = await past();
  await passed(third);
  expect([await ownerAt(first), await ownerAt(second), await ownerAt(third)]).toEqual(['bird', 'zed', 'zed']);
  await world.owners.setOwner(id, 'zed', { ...ADMIN, reason: 'even earlier' }, { effectiveFrom: first });
  expect([await ownerAt(first), await ownerAt(second), await ownerAt(third)]).toEqual(['zed', 'zed', 'zed']);
  const intervals = await world.database.query<{ tenant_id: string; until: string }>(
    `select tenant_id, owned_until::text as until, owned_from = $2::timestamptz as begins_first from cloud_resource_owners where resource_id = $1 order by owned_until`,
    [id, first],
  );
  expect(intervals).toEqual([
    expect.objectContaining({ tenant_id: 'bird', begins_first: false }), // until it was first seen
    expect.objectContaining({ tenant_id: 'bird', begins_first: false }),
    { tenant_id: 'zed', until: 'infinity', begins_first: true },
  ]);
});

it('changes no owner and registers nobody for 500 misspelt ids, by an admin and by descriptions [TNT-1]', async () => {
  const misspelt = Array.from({ length: 500 }, (_, nr) => `${['acmee', 'Acme', 'brid', 'acme_', 'globx'][nr % 5]}${nr < 5 ? '' : nr}`);
  const state = async () => ({
    owners: await ownersOf(),
    tenants: await registered(),
    changes: await countOf(world.database, 'audit_log'),
  });
  const before = await state();
  const { id: dropletId = '' } = (await agency.resource('droplet', '100')) ?? {};
  const { id: projectId = '' } = (await mirrored(BIRD)) ?? {};
  const codes = new Set<string>();
  for (const [nr, id] of misspelt.entries()) {
    const change =
      nr % 2 === 0
        ? world.owners.setOwner(dropletId, id, ADMIN)
        : world.owners.setProject(projectId, { tenant_id: id, classification: 'x' }, ADMIN);
    codes.add(
      await change.then(
        () => 'changed',
        ({ code }: { code: string }) => code,
      ),
    );
  }
  expect([...codes]).toEqual(['unknown_tenant']);
  await describe_(
    Object.fromEntries([
      [ACME, `tenant:${misspelt[0]}`],
      ...misspelt.slice(0, MISSPELT_DESCRIPTIONS).map((id) => [randomUUID(), `A shop, tenant:${id}`]),
    ]),
  );
  expect(await state()).toEqual(before);
  expect(await world.database.query('select 1 from cloud_projects where tenant_id <> all ($1)', [before.tenants])).toEqual([]);
});

it('gives nothing to a closed tenant, whatever projects and admins have said before [TNT-1]', async () => {
  const { id = '' } = (await agency.resource('droplet', '102')) ?? {};
  await world.owners.setOwner(id, 'zed', ADMIN);
  await world.database.query(`update tenants set status = 'closed', closed_at = clock_timestamp() where id in ('zed', 'bird')`);
  const project = await mirrored(BIRD);
  await world.owners.setProject(project?.id ?? '', { classification: 'of a closed tenant' }, ADMIN);
  expect(await agency.resource('droplet', '102')).toMatchObject({ tenant_id: null });
  await world.owners.setOwner(id, null, ADMIN);
  expect(await agency.resource('droplet', '102')).toMatchObject({ tenant_id: null });
});

async function all(described: DescribedTenants) {
  const found = [];
  for (let cursor: string | undefined; ;) {
    const { items, next_cursor } = await described.listUnknown({ limit: 200, cursor });
    found.push(...items);
    if (next_cursor === null) return found;
    cursor = next_cursor;
  }
}

import { Client } from 'pg';
import { until } from '../../support/until';
import { ACME, Agency, BIRD, DEFAULT, droplets } from '../../support/agency';
import { ADMIN } from '../../support/principals';
import { aResource } from '../../support/factories';
import { newWorld, type World } from '../../support/inventory-world';

let world: World;
let agency: Agency;
afterEach(() => world.close());

async function open(...with_: Parameters<typeof Agency.open>): Promise<void> {
  agency = await Agency.open(...with_);
  world = agency.world;
}

it('attributes a resource to the tenant of its project, and an orphan to no tenant, in the fallback project [INV-12]', async () => {
  await open([...droplets(ACME, 100, 101), ...droplets(DEFAULT, 102)]);
  expect(await agency.resource('droplet', '100')).toMatchObject({ tenant_id: 'acme', attribution: { by: 'project' } });
  expect(await agency.resource('droplet', '102')).toMatchObject({ tenant_id: null, attribution: { by: 'fallback', ref: null } });
  const { data } = await world.projects.list({ limit: 50 });
  const fallback = data.find((project) => project.is_fallback);
  expect(fallback).toMatchObject({ name: 'skyai-internal' });
  expect(await agency.resource('droplet', '109')).toMatchObject({ tenant_id: null, project_id: fallback?.id });
});

it('prefers an explicit owner to every rule, and applies the rules again once it is removed', async () => {
  await open(droplets(ACME, 100));
  const { id = '' } = (await agency.resource('droplet', '100')) ?? {};
  expect((await world.owners.setOwner(id, 'bird', { ...ADMIN, reason: 'sold' })).data).toMatchObject({
    tenant_id: 'bird',
    attribution: { by: 'override' },
  });
  await world.sweep('project');
  expect(await agency.resource('droplet', '100')).toMatchObject({ tenant_id: 'bird' });
  expect((await world.owners.setOwner(id, null, ADMIN)).data).toMatchObject({ tenant_id: 'acme', attribution: { by: 'project' } });
});

it('applies the tenant set for a project at once, keeps it across syncs, and records it [OPS-9]', async () => {
  await open(droplets(ACME, 100));
  const { data } = await world.projects.list({ limit: 50 });
  const acme = data.find((project) => project.provider_id === ACME);
  await world.owners.setProject(acme?.id ?? '', { tenant_id: 'newco', classification: 'hosting' }, { ...ADMIN, reason: 'renamed' });
  expect(await agency.resource('droplet', '100')).toMatchObject({ tenant_id: 'newco' });
  await world.sweep('project');
  expect((await world.projects.list({ limit: 50 })).data.find((project) => project.id === acme?.id)).toMatchObject({
    tenant_id: 'newco',
    tenant_set_by: 'admin',
    classification: 'hosting',
  });
  const audit = await world.database.query('select actor, action, reason from audit_log');
  expect(audit).toEqual([{ actor: 'ada', action: 'project_changed', reason: 'renamed' }]);
});

it('keeps the previous name of a renamed project with its time, and the tenant of a deleted project', async () => {
  await open(droplets(ACME, 100));
  const { projects } = (await world.simulator.account()) as { projects: { id: string; name: string }[] };
  await world.simulator.change({
    projects: projects.map((project) => (project.id === BIRD ? { ...project, name: 'Early Bird' } : project)),
  });
  await world.sweep('project');
  const names = await world.database.query(
    `select n.name, used_until is null as current from cloud_project_names n join cloud_projects p on p.id = n.project_id where p.provider_id = $1 order by used_from`,
    [BIRD],
  );
  expect(names).toEqual([
    { name: 'Bird', current: false },
    { name: 'Early Bird', current: true },
  ]);
  await world.simulator.change({ projects: projects.filter((project) => project.id !== BIRD) });
  for (let walk = 0; walk < 3; walk += 1) await world.sweep('project');
  expect((await world.projects.list({ limit: 50 })).data.find((project) => project.provider_id === BIRD)).toMatchObject({
    tenant_id: 'bird',
    deleted_at: expect.any(String) as string,
  });
});

it('keeps the fallback local when the provider refuses to create a project, and does not retry', async () => {
  world = await newWorld({ FALLBACK_PROJECT: 'orphans' });
  await world.simulator.faults([
    { id: 'refused', match: { method: 'POST', path: '/v2/projects' }, effect: { type: 'status', status: 403 } },
  ]);
  await world.sweep('project');
  await world.sweep('project');
  expect((await world.simulator.fired()).refused).toBe(1);
  expect((await world.projects.list({ limit: 50 })).data.find((project) => project.is_fallback)).toMatchObject({
    name: 'orphans',
    provider_id: null,
  });
});

it('looks up the fallback project after a lost answer and never creates it twice [SAG-19]', async () => {
  world = await newWorld();
  await world.simulator.faults([
    { id: 'lost', match: { method: 'POST', path: '/v2/projects' }, times: 1, effect: { type: 'lose_answer' } },
  ]);
  await world.sweep('project');
  await world.sweep('project');
  expect((await world.simulator.fired()).lost).toBe(1);
  const { projects } = (await world.simulator.account()) as { projects: { id: string; name: string }[] };
  expect(projects.filter((project) => project.name === 'skyai-internal')).toHaveLength(1);
  expect((await world.projects.list({ limit: 50 })).data.filter((project) => project.is_fallback)).toHaveLength(1);
});

it('suspends a sweep in which many projects vanish until an admin releases it [INV-5]', async () => {
  await open(droplets(ACME, 100));
  const { projects } = (await world.simulator.account()) as { projects: { id: string; name: string }[] };
  const extra = Array.from({ length: 8 }, (_, i) => ({
    ...projects[0],
    id: `00000000-0000-4000-8000-00000000010${i}`,
    name: `p-${i}`,
    is_default: false,
  }));
  await world.simulator.change({ projects: [...projects, ...extra] });
  await world.sweep('project');
  await world.simulator.change({ projects });
  const suspect = await world.sweep('project');
  expect(suspect).toMatchObject({ status: 'suspect', reason: 'too_many_missing' });
  await world.sweeps.release(suspect.id, { ...ADMIN, reason: 'tidied up' });
  for (let sweep = 0; sweep < 2; sweep += 1) expect(await world.sweep('project')).toMatchObject({ status: 'complete' });
  const { data } = await world.projects.list({ limit: 50 });
  expect(data.filter((project) => project.name.startsWith('p-') && project.deleted_at !== null)).toHaveLength(8);
});

it('attributes the resources of other projects when one project cannot be read [INV-12]', async () => {
  await open([...droplets(ACME, 100, 101), ...droplets(BIRD, 102)]);
  const { projects } = (await world.simulator.account()) as { projects: { id: string }[] };
  await world.simulator.change({ projects: projects.filter((project) => project.id !== BIRD) });
  await world.simulator.faults([{ id: 'forbidden', match: { path: `/v2/projects/${BIRD}` }, effect: { type: 'status', status: 403 } }]);
  for (let sweep = 0; sweep < 4; sweep += 1) expect(await world.sweep('project')).toMatchObject({ status: 'complete' });
  expect((await world.simulator.fired()).forbidden).toBeGreaterThan(0);
  expect(await agency.resource('droplet', '102')).toMatchObject({ tenant_id: 'bird' });
  await agency.membership(droplets(ACME, 100, 101, 103));
  await world.sweep('project');
  expect(await agency.resource('droplet', '103')).toMatchObject({ tenant_id: 'acme' });
});

it('keeps an owner that was set while a sweep concludes [INV-13]', async () => {
  await open(droplets(ACME, 100));
  const { id = '' } = (await agency.resource('droplet', '100')) ?? {};
  await agency.membership(droplets(BIRD, 100));
  const owner = new Client({ connectionString: world.owner.ownerUrl });
  await owner.connect();
  try {
    await owner.query(`
      select pg_advisory_lock(4711);
      create function hold_audit() returns trigger language plpgsql as $$ begin perform pg_advisory_xact_lock_shared(4711); return new; end $$;
      create trigger hold_audit before insert on audit_log for each row execute function hold_audit();`);
    const waiting = async () => (await owner.query('select 1 from pg_locks where not granted')).rowCount ?? 0;
    const patched = world.owners.setOwner(id, 'zed', ADMIN);
    await until(async () => (await waiting()) === 1, { what: 'that the change waits before its end' });
    const swept = world.sweep('project');
    await until(async () => (await waiting()) === 2, { what: 'that the sweep waits for the change' });
    await owner.query('select pg_advisory_unlock(4711)');
    await patched;
    expect(await swept).toMatchObject({ status: 'complete' });
  } finally {
    await owner.end();
  }
  expect(await agency.resource('droplet', '100')).toMatchObject({ tenant_id: 'zed', attribution: { by: 'override' } });
});

it('asks only once when the provider returns another project than the requested fallback', async () => {
  world = await newWorld();
  const project = {
    id: '00000000-0000-4000-8000-0000000000aa',
    name: 'something-else',
    description: '',
    purpose: '',
    environment: 'Production',
  };
  const rule = { match: { method: 'POST', path: '/v2/projects' }, effect: { type: 'status', status: 201, body: { project } } };
  await world.simulator.faults([{ id: 'other', ...rule }]);
  await world.sweep('project');
  await world.sweep('project');
  expect((await world.simulator.fired()).other).toBe(1);
  expect((await world.projects.list({ limit: 50 })).data.find((one) => one.is_fallback)).toMatchObject({
    name: 'skyai-internal',
    provider_id: null,
  });
});

it('writes no project that a sweep with a lapsed lease still reads', async () => {
  await open(droplets(ACME, 100), { SWEEP_LEASE_MS: '60000' });
  const projects = () => world.projects.list({ limit: 50 }).then(({ data }) => data);
  const account = (await world.simulator.account()) as { projects: { id: string; name: string }[] };
  await world.simulator.faults([{ id: 'paused', match: { path: '/v2/projects' }, times: 1, effect: { type: 'hold' } }]);
  const paused = world.sweep('project');
  await until(async () => (await world.simulator.held()) > 0);
  await world.database.query(`update cloud_sweeps set lease_until = clock_timestamp() - interval '1 second' where status = 'running'`);
  const other = await world.another();
  expect(await other.sweeps.run('project', { trigger: 'schedule' })).toMatchObject({ status: 'complete' });
  const before = await projects();
  const renamed = account.projects.map((project) => (project.id === BIRD ? { ...project, name: 'Late Bird' } : project));
  await world.simulator.change({ projects: renamed });
  await world.simulator.faults([]);
  expect(await paused).toMatchObject({ status: 'incomplete', reason: 'lease_lapsed' });
  expect(await projects()).toEqual(before);
});

/** The tenant that each resource belonged to at a time, by the provider's id, as bills read it; none where the owner never changed. */
async function ownersAt(moment: string, ids: readonly string[]): Promise<Record<string, string | null>> {
  const rows = await world.database.query<{ provider_id: string; tenant_id: string | null }>(
    `select r.provider_id, o.tenant_id from cloud_resource_owners o join cloud_resources r on r.id = o.resource_id
      where r.provider_id = any ($2) and $1::timestamptz >= o.owned_from and $1::timestamptz < o.owned_until order by 1`,
    [moment, ids],
  );
  return Object.fromEntries(rows.map(({ provider_id, tenant_id }) => [provider_id, tenant_id]));
}

describe('a resource that has ended', () => {
  const EARLIER = '2026-01-01T00:00:00Z';
  const BEFORE = '2026-01-02T00:00:00Z';
  const FROM = '2026-01-03T00:00:00Z';
  const SINCE = '2026-01-04T00:00:00Z';
  const reason = { ...ADMIN, reason: 'was theirs' };

  /** A droplet of acme with a snapshot that ended with it and one that outlived it, and a droplet that lives. */
  async function openEnded(): Promise<string> {
    await open(droplets(ACME, 100, 101));
    const { id = '' } = (await agency.resource('droplet', '100')) ?? {};
    const follower = { kind: 'snapshot', parents: ['droplet/100'], tenant_id: 'acme', attributed_by: 'parent', attributed_ref: id };
    await aResource(world.database, { ...follower, provider_id: '7001', status: 'deleted', deleted_at: new Date() });
    await aResource(world.database, { ...follower, provider_id: '7002' });
    await world.register.markDeleted('droplet', '100');
    await agency.membership(droplets(ACME, 101));
    for (let walk = 0; walk < 3; walk += 1) await world.sweep('project'); // it is a member no more
    return id;
  }

  it('gets another owner from a past time on, with all that followed it [TBL-9]', async () => {
    const id = await openEnded();
    const { data } = await world.owners.setOwner(id, 'bird', reason, { effectiveFrom: FROM });
    expect(data).toMatchObject({ tenant_id: 'bird', status: 'deleted' });
    const all = ['100', '7001', '7002'];
    expect(await ownersAt(BEFORE, all)).toEqual({ '100': 'acme', '7001': 'acme', '7002': 'acme' });
    expect(await ownersAt(SINCE, all)).toEqual({ '100': 'bird', '7001': 'bird', '7002': 'bird' });
    await world.owners.setOwner(id, null, reason, { effectiveFrom: FROM });
    expect(await ownersAt(SINCE, all)).toEqual({ '100': 'acme', '7001': 'acme', '7002': 'acme' }); // its last project decides
  });

  it('is named to each tenant that loses a part of its past, in the audit log and the feed, with the followers [EVT-2, OPS-9]', async () => {
    const id = await openEnded();
    await world.owners.setOwner(id, 'bird', reason, { effectiveFrom: FROM });
    await world.owners.setOwner(id, 'birch', reason, { effectiveFrom: BEFORE });
    await world.owners.setOwner(id, 'birch', reason, { effectiveFrom: EARLIER });
    await world.owners.setOwner(id, 'birch', reason, { effectiveFrom: EARLIER });
    const entries = await world.database.query<{ concerned_tenants: string[] }>(
      `select concerned_tenants from audit_log where action = 'owner_set' order by seq`,
    );
    expect(entries.map(({ concerned_tenants }) => concerned_tenants)).toEqual([
      ['acme', 'bird'],
      ['acme', 'birch', 'bird'],
      ['acme'],
      null,
    ]);
    const lost = await world.database.query<{ kind: string; tenant_id: string; since: string }>(
      `select subject_kind as kind, tenant_id, data ->> 'effective_from' as since from events where type = 'resource.moved_out' order by seq`,
    );
    const of = (tenant_id: string, since: string) => ['droplet', 'snapshot', 'snapshot'].map((kind) => ({ kind, tenant_id, since }));
    expect(lost.filter(({ since }) => Date.parse(since) === Date.parse(FROM)).map(({ tenant_id }) => tenant_id)).toEqual([
      'acme',
      'acme',
      'acme',
    ]);
    expect(lost.filter(({ since }) => since === EARLIER)).toEqual(of('acme', EARLIER));
    const [out, past] = ['bird', 'acme'].map(
      (tenant) => lost.filter((one) => one.tenant_id === tenant && Date.parse(one.since) === Date.parse(BEFORE)).length,
    );
    expect({ out, past }).toEqual({ out: 3, past: 3 });
  });

  it('is corrected with its project, like the resources that live', async () => {
    await openEnded();
    const project = (await world.projects.list({ limit: 50 })).data.find((one) => one.provider_id === ACME);
    await world.owners.setProject(project?.id ?? '', { tenant_id: 'bird' }, reason, { effectiveFrom: FROM });
    const all = ['100', '101', '7001', '7002'];
    expect(await ownersAt(BEFORE, all)).toEqual({ '100': 'acme', '101': 'acme', '7001': 'acme', '7002': 'acme' });
    expect(await ownersAt(SINCE, all)).toEqual({ '100': 'bird', '101': 'bird', '7001': 'bird', '7002': 'bird' });
  });

  it('keeps its owner and refuses one that would count only after its end, or from now on', async () => {
    const id = await openEnded();
    const now = new Date().toISOString();
    for (const options of [{}, { effectiveFrom: now }])
      await expect(world.owners.setOwner(id, 'bird', reason, options)).rejects.toMatchObject({ code: 'resource_gone' });
    const found = await world.database.query('select tenant_id, owner_override from cloud_resources where id = $1', [id]);
    expect(found).toEqual([{ tenant_id: 'acme', owner_override: null }]);
  });
});

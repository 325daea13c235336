import { newTestWorld, type TestWorld } from '../../support/simulator-world';

const SPEC = { name: 'web-01', size: 's-1vcpu-1gb', image: 'debian-12-x64', region: 'fra1' };

describe('projects and their members', () => {
  let world: TestWorld;
  beforeEach(async () => void (world = await newTestWorld({ empty: true })));
  afterEach(() => world.close());

  const newProject = async (name: string): Promise<string> =>
    (await world.call('POST', '/v2/projects', { name, purpose: 'IoT', environment: 'Production' })).body.project.id;
  const urns = async (project: string): Promise<string[]> =>
    (await world.call('GET', `/v2/projects/${project}/resources`)).body.resources.map(({ urn }) => urn);
  const newDroplet = async (): Promise<number> => (await world.call('POST', '/v2/droplets', SPEC)).body.droplet.id;
  const assign = async (project: string, ...resources: string[]) =>
    (await world.call('POST', `/v2/projects/${project}/resources`, { resources })).body.resources;

  it('adds a new droplet to the default project after a delay', async () => {
    const id = await newDroplet();
    expect(await urns('default')).toEqual([]);
    await world.control.advance(60_000);
    expect(await urns('default')).toEqual([`do:droplet:${id}`]);
  });

  it('moves asynchronously: the previous project still lists the resource, and its delete is still refused', async () => {
    const [from, to] = [await newProject('from'), await newProject('to')];
    const urn = `do:droplet:${await newDroplet()}`;
    await world.control.advance(60_000);
    await assign(from, urn);
    await world.control.advance(60_000);
    expect(await assign(to, urn)).toMatchObject([{ urn, status: 'assigned' }]);
    expect(await assign(to, urn)).toMatchObject([{ urn, status: 'already_assigned' }]);
    expect({ from: await urns(from), to: await urns(to) }).toEqual({ from: [urn], to: [] });
    expect((await world.call('DELETE', `/v2/projects/${from}`)).status).toBe(412);
    await world.control.advance(2_000);
    expect({ from: await urns(from), to: await urns(to) }).toEqual({ from: [], to: [urn] });
    expect((await world.call('DELETE', `/v2/projects/${from}`)).status).toBe(204);
    expect((await world.call('GET', `/v2/projects/${from}`)).status).toBe(404);
  });

  it('returns not_found for a missing resource, and 400 for an invalid or unassignable URN', async () => {
    const project = await newProject('acme');
    expect(await assign(project, 'do:droplet:1', 'do:Volume:5d2b')).toMatchObject([
      { urn: 'do:droplet:1', status: 'not_found' },
      { urn: 'do:volume:5d2b', status: 'not_found' },
    ]);
    for (const urn of ['droplet:1', 'do:droplet', 'do:reservedip:1.2.3.4', 7]) {
      const answer = await world.call('POST', `/v2/projects/${project}/resources`, { resources: [urn] });
      expect(answer).toMatchObject({ status: 400, body: { id: 'bad_request' } });
    }
  });

  it('marks the membership of a destroyed droplet as not_found before it removes it', async () => {
    const id = await newDroplet();
    await world.control.advance(60_000);
    await world.call('DELETE', `/v2/droplets/${id}`);
    await world.control.advance(3_000);
    expect((await world.call('GET', '/v2/projects/default/resources')).body.resources).toMatchObject([{ status: 'not_found' }]);
    await world.control.advance(60_000);
    expect(await urns('default')).toEqual([]);
  });

  it('keeps names unique and exactly one default project', async () => {
    const id = await newProject('acme');
    expect((await world.call('POST', '/v2/projects', { name: 'acme', purpose: 'IoT' })).status).toBe(409);
    expect((await world.call('DELETE', '/v2/projects/default')).status).toBe(412);
    const fields = { name: 'acme', description: 'd', purpose: 'Own words', environment: 'Staging', is_default: true };
    expect((await world.call('PUT', `/v2/projects/${id}`, fields)).body.project).toMatchObject({
      purpose: 'Other: Own words',
      is_default: true,
    });
    expect((await world.call('GET', '/v2/projects/default')).body.project.id).toBe(id);
    expect((await world.call('GET', '/v2/projects')).body.projects.filter(({ is_default }) => is_default)).toHaveLength(1);
    expect((await world.call('PUT', `/v2/projects/${id}`, { name: 'acme' })).status).toBe(400);
  });

  it('pages the members of a project, but not those of the path default', async () => {
    const { projects } = await world.control.account();
    const project_id = projects[0]?.id;
    await world.control.change({ members: Array.from({ length: 30 }, (_, n) => ({ project_id, urn: `do:domain:d${n}.example` })) });
    const paged = (await world.call('GET', `/v2/projects/${project_id}/resources?page=2`)).body;
    expect({ count: paged.resources.length, total: paged.meta.total }).toEqual({ count: 10, total: 30 });
    expect((await world.call('GET', '/v2/projects/default/resources')).body.resources).toHaveLength(30);
  });
});

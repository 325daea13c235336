import { newTestWorld, type TestWorld } from '../../support/simulator-world';

describe('the control API', () => {
  let world: TestWorld;
  beforeAll(async () => void (world = await newTestWorld()));
  afterAll(() => world.close());
  beforeEach(() => world.control.reset());

  const droplet = async (id: number) => (await world.call('GET', `/v2/droplets/${id}`)).body.droplet;

  it('accepts the whole account that it returned', async () => {
    const account = await world.control.account();
    await world.control.change(JSON.parse(JSON.stringify(account)) as Record<string, unknown>);
    expect(await world.control.account()).toEqual(account);
  });

  it('edits the stored account directly: change, removal, addition', async () => {
    const { droplets } = await world.control.account();
    const [changed, removed, ...rest] = droplets;
    if (changed === undefined || removed === undefined) throw new Error('The demo account has no droplets');
    await world.control.change({
      droplets: [{ ...changed, size_slug: 's-8vcpu-16gb', name: 'renamed' }, ...rest, { name: 'sneaked-in', tags: ['sneaky'] }],
    });
    expect(await droplet(changed.id)).toMatchObject({ name: 'renamed', size_slug: 's-8vcpu-16gb', size: { slug: 's-8vcpu-16gb' } });
    expect((await world.call('GET', `/v2/droplets/${removed.id}`)).status).toBe(404);
    const [added] = (await world.call('GET', '/v2/droplets?tag_name=sneaky')).body.droplets;
    expect(added).toMatchObject({ name: 'sneaked-in', status: 'active' });
    const { resources } = (await world.call('GET', '/v2/projects/default/resources')).body;
    expect(resources.map(({ urn }) => urn)).toContain(`do:droplet:${added?.id}`);
  });

  it('returns not_found for the membership of a droplet that was removed directly', async () => {
    const { droplets, members } = await world.control.account();
    const member = members.find(({ urn }) => urn === `do:droplet:${droplets[0]?.id}`);
    await world.control.change({ droplets: droplets.slice(1) });
    const { resources } = (await world.call('GET', `/v2/projects/${member?.project_id}/resources?per_page=200`)).body;
    expect(resources.find(({ urn }) => urn === member?.urn)).toMatchObject({ status: 'not_found' });
  });

  it('replaces only the keys given, and lags and limits name by name', async () => {
    const before = await world.control.account();
    await world.control.change({ lags: { droplet_listed_ms: 7 }, tokens: ['dop_v1_rotated'] });
    expect(await world.control.account()).toEqual({
      ...before,
      lags: { ...before.lags, droplet_listed_ms: 7 },
      tokens: ['dop_v1_rotated'],
    });
    expect((await world.call('GET', '/v2/account')).status).toBe(401);
    expect((await world.call('GET', '/v2/account', undefined, 'dop_v1_rotated')).status).toBe(200);
  });

  it.each([
    [{ dropletz: [] }, 'dropletz'],
    [{ lags: { no_such_lag: 1 } }, 'no_such_lag'],
    [{ lags: { droplet_listed_ms: -1 } }, 'droplet_listed_ms'],
    [{ droplets: {} }, 'list'],
    [{ droplets: [{ name: 'a', size_slug: 'huge' }] }, 'huge'],
    [
      {
        droplets: [
          { id: 1, name: 'a' },
          { id: 1, name: 'b' },
        ],
      },
      'same id',
    ],
    [{ members: [{ urn: 'do:domain:a.example', project_id: 'none' }] }, 'project_id'],
  ])('refuses %j with a message and changes nothing', async (change, word) => {
    const before = await world.control.account();
    await expect(world.control.change(change)).rejects.toThrow(word);
    expect(await world.control.account()).toEqual(before);
  });

  it('seeds the same account from the same seed, and another one from another seed', async () => {
    const demo = async (seed: number): Promise<string> => {
      await world.control.reset({ seed });
      return JSON.stringify((await world.control.account()).droplets);
    };
    const first = await demo(3);
    expect(await demo(3)).toBe(first);
    expect(await demo(4)).not.toBe(first);
  });

  it('assigns the same ids to the same requests under the same seed', async () => {
    const run = async (): Promise<number[]> => {
      await world.control.reset({ seed: 5 });
      const body = { name: 'a', size: 's-1vcpu-1gb', image: 'debian-12-x64' };
      const created = (await world.call('POST', '/v2/droplets', body)).body;
      return [created.droplet.id, created.links.actions[0]?.id ?? 0];
    };
    expect(await run()).toEqual(await run());
  });

  it('seeds a realistic agency: 12 clients, 60 droplets, acme with eight or more, GPUs, awkward members', async () => {
    const { projects, droplets, members } = await world.control.account();
    const tenants = projects.flatMap(({ description, id }) =>
      /tenant:(\S+)/.exec(description)?.[1] === undefined ? [] : [{ id, description }],
    );
    expect(tenants).toHaveLength(12);
    const acme = tenants.find(({ description }) => description.includes('tenant:acme'));
    expect(members.filter(({ project_id, urn }) => project_id === acme?.id && urn.startsWith('do:droplet:')).length).toBeGreaterThanOrEqual(
      8,
    );
    expect((await world.call('GET', '/v2/droplets')).body.meta.total).toBe(60);
    expect((await world.call('GET', '/v2/droplets?type=gpus')).body.meta.total).toBe(2);
    expect(droplets.filter(({ status }) => status === 'off').length).toBeGreaterThan(0);
    expect([...new Set(members.map(({ status }) => status))].sort()).toEqual(['not_found', 'ok', 'service_down']);
    const kinds = new Set(members.map(({ urn }) => urn.split(':')[1]));
    for (const kind of [
      'volume',
      'domain',
      'space',
      'kubernetes',
      'dbaas',
      'app',
      'loadbalancer',
      'floatingip',
      'reservedipv6',
      'microdroplet',
    ]) {
      expect(kinds).toContain(kind);
    }
  });

  it('multiplies the droplets by the scale and empties the account on request', async () => {
    await world.control.reset({ scale: 2.5 });
    expect((await world.call('GET', '/v2/droplets')).body.meta.total).toBe(150);
    await world.control.reset({ empty: true });
    expect(await world.control.account()).toMatchObject({ droplets: [], members: [], projects: [{ is_default: true }] });
    expect((await world.call('GET', '/v2/sizes')).body.meta.total).toBeGreaterThan(10);
  });

  it('moves the clock forward only', async () => {
    await world.control.advance(1_000);
    await expect(world.control.advance(-1)).rejects.toThrow('backwards');
    const clock = (await (await fetch(`${world.simulator.url}/_simulator/clock`)).json()) as { offset_ms: number };
    expect(clock.offset_ms).toBe(1_000);
  });
});

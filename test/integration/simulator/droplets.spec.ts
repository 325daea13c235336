import { newTestWorld, type TestWorld } from '../../support/simulator-world';

const SPEC = { name: 'web-01', size: 's-1vcpu-1gb', image: 'ubuntu-24-04-x64', region: 'fra1', tags: ['blue', 'arcadia-saga-1'] };

describe('droplets', () => {
  let world: TestWorld;
  beforeEach(async () => void (world = await newTestWorld({ empty: true })));
  afterEach(() => world.close());

  const create = async (change: object = {}): Promise<number> =>
    (await world.call('POST', '/v2/droplets', { ...SPEC, ...change })).body.droplet.id;
  const ids = async (query = ''): Promise<number[]> => (await world.call('GET', `/v2/droplets${query}`)).body.droplets.map(({ id }) => id);
  const advance = (ms: number): Promise<unknown> => world.control.advance(ms);

  it('follows a create with delays: 404 first, then the list, then the tag, then active, then an address', async () => {
    await world.control.delay({
      droplet_readable_ms: 1_000,
      droplet_listed_ms: 2_000,
      tag_listed_ms: 3_000,
      droplet_active_ms: 4_000,
      droplet_networks_ms: 1_000,
    });
    const { body, status } = await world.call('POST', '/v2/droplets', SPEC);
    const { id } = body.droplet;
    expect({ status, droplet: body.droplet }).toMatchObject({ status: 202, droplet: { status: 'new', networks: { v4: [], v6: [] } } });
    expect(body.links.actions).toMatchObject([{ rel: 'create' }]);
    expect((await world.call('GET', `/v2/droplets/${id}`)).status).toBe(404);
    await advance(1_000);
    expect((await world.call('GET', `/v2/droplets/${id}`)).body.droplet.status).toBe('new');
    expect(await ids()).toEqual([]);
    await advance(1_000);
    expect(await ids()).toEqual([id]);
    expect(await ids('?tag_name=blue')).toEqual([]);
    await advance(1_000);
    expect(await ids('?tag_name=blue')).toEqual([id]);
    await advance(1_000);
    const active = (await world.call('GET', `/v2/droplets/${id}`)).body.droplet;
    expect({ status: active.status, addresses: active.networks.v4.map(({ type }) => type) }).toEqual({
      status: 'active',
      addresses: ['private'],
    });
    await advance(1_000);
    const { networks } = (await world.call('GET', `/v2/droplets/${id}`)).body.droplet;
    expect(networks.v4.map(({ type }) => type).sort()).toEqual(['private', 'public']);
  });

  it('measures delays by the simulator clock: nothing changes while it stands still', async () => {
    await world.control.delay({ droplet_readable_ms: 3_600_000 });
    const id = await create();
    expect((await world.call('GET', `/v2/droplets/${id}`)).status).toBe(404);
    await advance(3_600_000);
    expect((await world.call('GET', `/v2/droplets/${id}`)).status).toBe(200);
  });

  it('refuses a destroy while the droplet is new, with 422 and not with 404', async () => {
    const id = await create();
    expect(await world.call('DELETE', `/v2/droplets/${id}`)).toMatchObject({ status: 422, body: { id: 'unprocessable_entity' } });
    await advance(60_000);
    expect((await world.call('DELETE', `/v2/droplets/${id}`)).status).toBe(204);
  });

  it.each([
    { read: 1_000, list: 5_000, first: 'GET forgets it before the list' },
    { read: 5_000, list: 1_000, first: 'the list forgets it before GET' },
  ])('returns a destroyed droplet for a delay: $first', async ({ read, list }) => {
    const id = await create();
    await advance(60_000);
    await world.control.delay({ droplet_delete_read_ms: read, droplet_delete_list_ms: list });
    expect((await world.call('DELETE', `/v2/droplets/${id}`)).status).toBe(204);
    expect((await world.call('GET', `/v2/droplets/${id}`)).status).toBe(200);
    await advance(1_000);
    expect({ get: (await world.call('GET', `/v2/droplets/${id}`)).status, listed: (await ids()).includes(id) }).toEqual({
      get: read === 1_000 ? 404 : 200,
      listed: list !== 1_000,
    });
    await advance(4_000);
    expect(await ids()).toEqual([]);
    expect((await world.call('DELETE', `/v2/droplets/${id}`)).status).toBe(404);
  });

  it('keeps the tag object when its last droplet is deleted', async () => {
    const id = await create();
    await advance(60_000);
    await world.call('DELETE', `/v2/droplets/${id}`);
    await advance(60_000);
    expect((await world.call('GET', '/v2/tags/blue')).body.tag).toMatchObject({ name: 'blue', resources: { count: 0 } });
  });

  it('never returns user_data', async () => {
    const id = await create({ user_data: 'a-secret-of-the-boot' });
    await advance(60_000);
    expect((await world.call('GET', `/v2/droplets/${id}`)).text).not.toContain('a-secret-of-the-boot');
    expect(JSON.stringify(await world.control.account())).not.toContain('a-secret-of-the-boot');
  });

  it('accepts several names at once and the same name twice', async () => {
    const { body } = await world.call('POST', '/v2/droplets', { ...SPEC, name: undefined, names: ['web-01', 'web-01'] });
    expect(body.droplets.map(({ name }) => name)).toEqual(['web-01', 'web-01']);
    await advance(60_000);
    expect(await ids('?name=WEB-01')).toHaveLength(2);
  });

  it('lists GPU droplets on request only', async () => {
    const gpu = await create({ size: 'gpu-h100x1-80gb', image: 'gpu-h100x1-base', region: 'tor1' });
    const plain = await create();
    await advance(60_000);
    expect({ plain: await ids(), gpus: await ids('?type=gpus'), tagged: await ids('?tag_name=blue') }).toEqual({
      plain: [plain],
      gpus: [gpu],
      tagged: [plain],
    });
  });

  it('destroys all droplets of a tag, and none for an empty tag', async () => {
    await create();
    await create({ tags: [] });
    await advance(60_000);
    expect((await world.call('DELETE', '/v2/droplets?tag_name=')).status).toBe(422);
    expect((await world.call('DELETE', '/v2/droplets')).status).toBe(422);
    expect((await world.call('DELETE', '/v2/droplets?tag_name=blue')).status).toBe(204);
    await advance(60_000);
    expect(await ids()).toHaveLength(1);
  });

  it.each([
    [{ name: '-' }, 'hostname'],
    [{ size: 'nope' }, 'size'],
    [{ image: 'nope' }, 'image'],
    [{ region: 'mars1' }, 'region'],
    [{ size: 'c-2', region: 'blr1' }, 'region'],
    [{ tags: ['with space'] }, 'Tag'],
    [{ user_data: 'x'.repeat(65_537) }, 'User data'],
  ])('refuses %j permanently with 422', async (change, word) => {
    const answer = await world.call('POST', '/v2/droplets', { ...SPEC, ...change });
    expect(answer).toMatchObject({ status: 422, body: { id: 'unprocessable_entity', message: expect.stringContaining(word) } });
  });

  it('refuses a create above the droplet limit', async () => {
    const { account } = await world.control.account();
    await world.control.change({ account: { ...account, droplet_limit: 0 } });
    expect(await world.call('POST', '/v2/droplets', SPEC)).toMatchObject({ status: 422 });
  });
});

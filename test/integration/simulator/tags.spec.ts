import { newTestWorld, type TestWorld } from '../../support/simulator-world';

describe('tags', () => {
  let world: TestWorld;
  let id: number;
  beforeEach(async () => {
    world = await newTestWorld({ empty: true });
    id = (await world.call('POST', '/v2/droplets', { name: 'a', size: 's-1vcpu-1gb', image: 'debian-12-x64' })).body.droplet.id;
    await world.control.advance(60_000);
  });
  afterEach(() => world.close());

  const tagged = async (name: string): Promise<number> => (await world.call('GET', `/v2/droplets?tag_name=${name}`)).body.droplets.length;
  const resources = (): object => ({ resources: [{ resource_id: String(id), resource_type: 'droplet' }] });

  it('returns a new tag with the droplet at once, in its list and count after a delay', async () => {
    await world.call('POST', '/v2/tags', { name: 'blue' });
    expect((await world.call('POST', '/v2/tags/blue/resources', resources())).status).toBe(204);
    expect((await world.call('GET', `/v2/droplets/${id}`)).body.droplet.tags).toEqual(['blue']);
    expect({ listed: await tagged('blue'), count: (await world.call('GET', '/v2/tags/blue')).body.tag.resources.count }).toEqual({
      listed: 0,
      count: 0,
    });
    await world.control.advance(3_000);
    expect({ listed: await tagged('blue'), count: (await world.call('GET', '/v2/tags/blue')).body.tag.resources.count }).toEqual({
      listed: 1,
      count: 1,
    });
    expect((await world.call('DELETE', '/v2/tags/blue')).status).toBe(204);
    expect((await world.call('GET', `/v2/droplets/${id}`)).body.droplet.tags).toEqual([]);
  });

  it('tags no resource with a tag that does not exist', async () => {
    expect((await world.call('POST', '/v2/tags/none/resources', resources())).status).toBe(404);
  });

  it('keeps the first spelling of a tag', async () => {
    await world.call('POST', '/v2/tags', { name: 'Blue' });
    expect((await world.call('POST', '/v2/tags', { name: 'BLUE' })).body.tag.name).toBe('Blue');
    expect((await world.call('GET', '/v2/tags/blue')).body.tag.name).toBe('Blue');
  });
});

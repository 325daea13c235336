import { newTestWorld, type TestWorld } from '../../support/simulator-world';

describe('volumes', () => {
  let world: TestWorld;
  let first: number;
  let second: number;
  let id: string;
  beforeEach(async () => {
    world = await newTestWorld({ empty: true });
    [first, second] = [await droplet('first'), await droplet('second')];
    await world.call('POST', '/v2/volumes', { name: 'data', region: 'fra1', size_gigabytes: 10 });
    await world.control.advance(60_000);
    id = (await world.control.account()).volumes[0]?.id ?? '';
  });
  afterEach(() => world.close());

  async function droplet(name: string): Promise<number> {
    const spec = { name, size: 's-1vcpu-1gb', image: 'debian-12-x64', region: 'fra1' };
    return (await world.call('POST', '/v2/droplets', spec)).body.droplet.id;
  }
  const act = (type: string, droplet_id: number) => world.call('POST', `/v2/volumes/${id}/actions`, { type, droplet_id });
  const holders = async () => (await world.control.account()).volumes[0]?.droplet_ids;

  it('stays attached for a delay when its droplet is deleted, and cannot be deleted meanwhile', async () => {
    await act('attach', first);
    await world.control.advance(3_000);
    await world.call('DELETE', `/v2/droplets/${first}`);
    await world.control.advance(3_000);
    expect((await world.call('GET', `/v2/droplets/${first}`)).status).toBe(404);
    expect((await world.call('DELETE', `/v2/volumes/${id}`)).status).toBe(409);
    await world.control.advance(60_000);
    expect((await world.call('DELETE', `/v2/volumes/${id}`)).status).toBe(204);
  });

  it('stays on its new droplet when it was moved before the old one released it', async () => {
    await world.control.delay({ volume_detach_ms: 60_000 });
    await act('attach', first);
    await world.control.advance(3_000);
    await world.call('DELETE', `/v2/droplets/${first}`);
    await world.control.advance(10_000);
    await act('detach', first);
    await world.control.advance(3_000);
    expect((await act('attach', second)).status).toBe(202);
    await world.control.advance(120_000);
    expect(await holders()).toEqual([second]);
  });

  it('is attached to one droplet at most', async () => {
    await act('attach', first);
    await world.control.advance(3_000);
    expect((await act('attach', second)).status).toBe(422);
    expect(await holders()).toEqual([first]);
  });

  it('may share its name with a volume in another region only', async () => {
    const named = (region: string) => world.call('POST', '/v2/volumes', { name: 'data', region, size_gigabytes: 10 });
    expect([(await named('fra1')).status, (await named('nyc3')).status]).toEqual([409, 201]);
  });
});

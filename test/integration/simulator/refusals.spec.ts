import { newTestWorld, type TestWorld } from '../../support/simulator-world';

const ORDER = { name: 'web-01', size: 's-1vcpu-1gb', image: 'debian-12-x64', region: 'fra1' };

let world: TestWorld;
beforeEach(async () => void (world = await newTestWorld({ empty: true })));
afterEach(() => world.close());

const post = (path: string, body: object) => world.call('POST', path, body);
const settle = () => world.control.advance(60_000);
const newDroplet = async (): Promise<number> => (await post('/v2/droplets', ORDER)).body.droplet.id;
const newProject = async (name: string): Promise<string> => (await post('/v2/projects', { name, purpose: 'IoT' })).body.project.id;
const newAddress = async (of: object): Promise<string> => {
  const { text } = await post('/v2/reserved_ips', of);
  return (JSON.parse(text) as { reserved_ip: { ip: string } }).reserved_ip.ip;
};
const members = async (project: string): Promise<string[]> =>
  (await world.call('GET', `/v2/projects/${project}/resources`)).body.resources.map(({ urn }) => urn).sort();

/** The refusals that docs/digitalocean-facts.md names and no walk through a product meets. */
describe('the simulator refuses what the provider is known to refuse (A6)', () => {
  it('moves no assigned address to another project: it follows its droplet (docs/digitalocean-facts.md 3.3)', async () => {
    const [from, to] = [await newProject('from'), await newProject('to')];
    const droplet = await newDroplet();
    await settle();
    const [free, assigned] = [await newAddress({ region: 'fra1', project_id: from }), await newAddress({ droplet_id: droplet })];
    await post(`/v2/projects/${from}/resources`, { resources: [`do:droplet:${droplet}`] });
    await settle();
    expect(await members(from)).toEqual([`do:droplet:${droplet}`, `do:floatingip:${assigned}`, `do:floatingip:${free}`].sort());
    expect(await post(`/v2/projects/${to}/resources`, { resources: [`do:floatingip:${assigned}`] })).toMatchObject({
      status: 412,
      body: { id: 'precondition_failed', message: 'Cannot move a Reserved IP with an associated Droplet. Move the Droplet instead' },
    });
    expect((await post(`/v2/projects/${to}/resources`, { resources: [`do:floatingip:${free}`] })).status).toBe(200);
    expect((await post(`/v2/projects/${to}/resources`, { resources: [`do:droplet:${droplet}`] })).status).toBe(200);
    await settle();
    expect(await members(from)).toEqual([]);
    expect(await members(to)).toHaveLength(3);
  });

  it('lists SSH keys ten times a minute, and content deliveries five times in ten seconds (docs/digitalocean-facts.md 2.5)', async () => {
    const statuses = async (times: number, method: string, path: string) => {
      const found: number[] = [];
      for (let n = 0; n < times; n += 1) found.push((await world.call(method, path)).status);
      return found;
    };
    expect(await statuses(10, 'GET', '/v2/account/keys')).toEqual(Array(10).fill(200));
    const refused = await world.call('GET', '/v2/account/keys?page=2');
    expect(refused).toMatchObject({ status: 429, body: { id: 'too_many_requests' } });
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(50);
    expect((await world.call('GET', '/v2/account/keys/512189')).status).toBe(200); // one key is no list
    expect(await statuses(3, 'GET', '/v2/cdn/endpoints')).toEqual([200, 200, 200]);
    expect(await statuses(3, 'DELETE', '/v2/cdn/endpoints/none')).toEqual([404, 404, 429]);
    await world.control.advance(10_000);
    expect(await statuses(1, 'GET', '/v2/cdn/endpoints')).toEqual([200]);
    expect(await statuses(1, 'GET', '/v2/account/keys')).toEqual([429]);
    await settle();
    expect(await statuses(1, 'GET', '/v2/account/keys')).toEqual([200]);
  });

  it('assigns no address while the droplet or the address has another event (docs/digitalocean-facts.md 7.1)', async () => {
    const droplet = await newDroplet();
    const address = await newAddress({ region: 'fra1' });
    const assign = () => post(`/v2/reserved_ips/${address}/actions`, { type: 'assign', droplet_id: droplet });
    expect(await assign()).toMatchObject({ status: 422, body: { message: 'Droplet already has a pending event.' } });
    await settle();
    expect((await assign()).status).toBe(201);
    expect(await assign()).toMatchObject({ status: 422, body: { message: 'The address already has a pending event.' } });
    await settle();
    expect((await post(`/v2/reserved_ips/${address}/actions`, { type: 'unassign' })).status).toBe(201);
    await settle();
    expect((await post(`/v2/reserved_ips/${address}/actions`, { type: 'unassign' })).status).toBe(422);
  });

  it('attaches no volume while the droplet has another event, and detaches none that is not attached (docs/digitalocean-facts.md 6.2)', async () => {
    const { text } = await post('/v2/volumes', { name: 'data', region: 'fra1', size_gigabytes: 10 });
    const { id } = (JSON.parse(text) as { volume: { id: string } }).volume;
    const droplet = await newDroplet();
    const act = (type: string, more: object = {}) => post(`/v2/volumes/${id}/actions`, { type, ...more });
    expect(await act('attach', { droplet_id: droplet })).toMatchObject({ status: 422, body: { id: 'unprocessable_entity' } });
    expect(await act('detach', { droplet_id: droplet })).toMatchObject({ status: 422, body: { message: 'Attachment not found' } });
    expect(await act('detach')).toMatchObject({ status: 422, body: { message: 'Attachment not found' } });
    expect((await act('resize', { size_gigabytes: 5 })).status).toBe(422);
    const snapshot = () => post(`/v2/volumes/${id}/snapshots`, { name: 'before' });
    expect([(await snapshot()).status, (await snapshot()).status]).toEqual([201, 409]);
  });

  it.each([
    [{ names: Array.from({ length: 11 }, (_, nr) => `web-${nr}`), name: undefined }, '10 Droplets'],
    [{ image: 7 }, 'image'],
    [{ ssh_keys: [7] }, '7'],
  ])('creates no droplets by %j (docs/digitalocean-facts.md 4.3)', async (change, word) => {
    const refused = { status: 422, body: { message: expect.stringContaining(word) as string } };
    expect(await post('/v2/droplets', { ...ORDER, ...change })).toMatchObject(refused);
    expect(await world.control.droplets()).toEqual([]);
  });

  it('makes no firewall without a rule (docs/digitalocean-facts.md 8.1)', async () => {
    expect((await post('/v2/firewalls', { name: 'fern-web', inbound_rules: [], outbound_rules: [] })).status).toBe(422);
  });

  it('tries no destroy again that still runs (docs/digitalocean-facts.md 4.5)', async () => {
    const droplet = await newDroplet();
    await settle();
    const path = `/v2/droplets/${droplet}/destroy_with_associated_resources`;
    expect((await world.call('DELETE', `${path}/selective`, {})).status).toBe(202);
    expect((await world.call('DELETE', `${path}/selective`, {})).status).toBe(409);
    expect((await post(`${path}/retry`, {})).status).toBe(409);
    await settle();
    expect((await post(`${path}/retry`, {})).status).toBe(202);
  });
});

import { newTestWorld, type TestWorld } from '../../support/simulator-world';

const ORDER = { name: 'web-01', size: 's-1vcpu-1gb', image: 'ubuntu-24-04-x64', region: 'fra1' };
const RULES = [{ entry_protocol: 'http', entry_port: 80, target_protocol: 'http', target_port: 80 }];
const UNKNOWN_ID = '760e09ef-dc84-11e8-981e-3cfdfeaae000';

let world: TestWorld;
beforeEach(async () => {
  world = await newTestWorld({ empty: true });
  const { lags } = await world.control.account();
  await world.control.change({ lags: Object.fromEntries(Object.keys(lags).map((name) => [name, 0])) });
});
afterEach(() => world.close());

const order = (more: object) => world.call('POST', '/v2/droplets', { ...ORDER, ...more });

describe('the simulator refuses what the provider refuses (A6)', () => {
  it('refuses an order with unknown SSH keys by 422 that names them, and accepts ids, texts of ids and fingerprints', async () => {
    const refused = await order({ ssh_keys: [512_189, 999_999_999, 'aa:bb'] });
    expect(refused).toMatchObject({ status: 422, body: { id: 'unprocessable_entity' } });
    expect(refused.body.message).toContain('999999999, aa:bb');
    expect(refused.body.message).not.toContain('512189');
    expect((await order({ ssh_keys: 'ops' })).status).toBe(422);
    const accepted = [512_189, '512190', '3B:16:BF:E4:8B:00:8B:B8:59:8C:A9:D3:F0:19:45:FA'];
    expect((await order({ ssh_keys: accepted })).status).toBe(202);
    expect(await world.control.droplets()).toHaveLength(1);
  });

  it.each([UNKNOWN_ID, 'my-vpc', 7])('refuses an order into the network %j by 404', async (vpc) => {
    expect((await order({ vpc_uuid: vpc })).status).toBe(404);
    expect(await world.control.droplets()).toEqual([]);
  });

  it.each([undefined, null, ''])('puts an order with the network %j into the default network of its region', async (vpc) => {
    const { vpcs } = await world.control.account();
    const { body } = await order({ vpc_uuid: vpc });
    expect(body.droplet).toMatchObject({ vpc_uuid: vpcs.find(({ region }) => region === 'fra1')?.id });
  });

  it('knows each of the sixteen documented droplet actions, change_kernel too', async () => {
    const { body } = await order({});
    const act = (action: object) => world.call('POST', `/v2/droplets/${body.droplet.id}/actions`, action);
    await world.control.advance(60_000);
    expect(await act({ type: 'change_kernel' })).toMatchObject({ status: 422, body: { message: 'You specified an invalid kernel.' } });
    expect((await act({ type: 'change_kernel', kernel: 991 })).status).toBe(201);
    expect((await act({ type: 'defragment' })).body.message).toContain('is invalid');
  });

  it('refuses ids of droplets and networks that do not exist in firewalls and load balancers', async () => {
    const rule = { protocol: 'tcp', ports: '443', sources: { addresses: ['0.0.0.0/0'] } };
    const firewall = await world.call('POST', '/v2/firewalls', { name: 'fern-web', inbound_rules: [rule], droplet_ids: [7] });
    expect(firewall.status).toBe(422);
    const balancer = { name: 'fern-lb', region: 'fra1', forwarding_rules: RULES };
    for (const [more, status] of [
      [{ droplet_ids: [7] }, 422],
      [{ droplet_ids: [(await order({})).body.droplet.id], tag: 'web' }, 422],
      [{ tag: 'web', size: 'lb-huge' }, 422],
      [{ tag: 'web', vpc_uuid: 'my-vpc' }, 404],
      [{ tag: 'web' }, 202],
    ] as const)
      expect((await world.call('POST', '/v2/load_balancers', { ...balancer, ...more })).status).toBe(status);
  });
});

describe('the simulator returns what the provider returns (A6)', () => {
  it('shows every documented field of a load balancer, with its default or the value sent', async () => {
    const balancer = { name: 'fern-lb', region: 'fra1', forwarding_rules: RULES, tag: 'web' };
    const sent = {
      ...balancer,
      size: 'lb-medium',
      network_stack: 'DUALSTACK',
      http_idle_timeout_seconds: 90,
      firewall: { deny: ['ip:1.2.3.4'], allow: [] },
    };
    await world.call('POST', '/v2/load_balancers', sent);
    await world.call('POST', '/v2/load_balancers', { ...balancer, name: 'plain' });
    await world.call('POST', '/v2/load_balancers', { ...balancer, name: 'global', type: 'GLOBAL', region: undefined });
    await world.control.advance(60_000);
    const { text } = await world.call('GET', '/v2/load_balancers');
    const [full, plain, global] = (JSON.parse(text) as { load_balancers: Record<string, unknown>[] }).load_balancers;
    expect(full).toMatchObject({
      size: 'lb-medium',
      size_unit: 3,
      ipv6: expect.stringContaining(':') as string,
      http_idle_timeout_seconds: 90,
      firewall: sent.firewall,
    });
    expect(plain).toMatchObject({
      size: 'lb-small',
      ipv6: '',
      enable_proxy_protocol: false,
      enable_backend_keepalive: false,
      http_idle_timeout_seconds: 60,
      disable_lets_encrypt_dns_records: false,
      firewall: { deny: [], allow: [] },
      network: 'EXTERNAL',
      network_stack: 'IPV4',
      tls_cipher_policy: 'DEFAULT',
    });
    expect(Object.keys(plain ?? {})).not.toContain('glb_settings');
    expect(global).toMatchObject({ domains: [], target_load_balancer_ids: [], glb_settings: { target_port: 80 } });
  });

  it('answers HEAD like GET, without the body', async () => {
    for (const [path, status] of [
      ['/v2/account', 200],
      ['/v2/droplets/7', 404],
      ['/v2/nowhere', 404],
    ] as const) {
      const [head, get] = [await world.call('HEAD', path), await world.call('GET', path)];
      expect([head.status, get.status]).toEqual([status, status]);
      expect(head.text).toBe('');
      expect(head.headers.get('content-type')).toBe(get.headers.get('content-type'));
    }
  });

  it.each([
    { type: 'CNAME', name: 'shop1', data: 'fern-bakery.example.', read: '@' },
    { type: 'CNAME', name: 'shop2', data: 'Fern-Bakery.Example.', read: '@' },
    { type: 'CNAME', name: 'shop3', data: 'www.fern-bakery.example.', read: 'www.fern-bakery.example' },
    { type: 'MX', name: '@', data: 'fern-bakery.example.', priority: 10, read: '@' },
    { type: 'NS', name: 'sub', data: 'fern-bakery.example.', read: '@' },
    { type: 'CAA', name: '@', data: 'fern-bakery.example.', flags: 0, tag: 'issue', read: 'fern-bakery.example' },
  ])('reads the data of a $type record back as $read when it was sent as $data', async ({ read, ...sent }) => {
    await world.call('POST', '/v2/domains', { name: 'fern-bakery.example' });
    const { body } = await world.call('POST', '/v2/domains/fern-bakery.example/records', sent);
    expect(body.domain_record).toMatchObject({ data: read });
    const path = `/v2/domains/fern-bakery.example/records/${body.domain_record.id}`;
    expect((await world.call('PATCH', path, { type: sent.type, ttl: 60 })).body.domain_record).toMatchObject({ data: read, ttl: 60 });
  });

  it('writes the same values in other notations under the fault respell', async () => {
    const rule = { protocol: 'tcp', ports: '443', sources: { addresses: ['0.0.0.0/0', '::/0', '2001:db8::/32'], tags: [] } };
    await world.call('POST', '/v2/firewalls', { name: 'fern-web', inbound_rules: [rule] });
    const droplet = (await order({ ipv6: true })).body.droplet;
    await world.control.advance(60_000);
    const plain = (await world.call('GET', '/v2/firewalls')).text;
    await world.control.faults([{ id: 'respell', match: { method: 'GET' }, effect: { type: 'respell' } }]);
    const spellings = new Set<string>();
    for (let n = 0; n < 20; n += 1) spellings.add((await world.call('GET', '/v2/firewalls')).text);
    expect(spellings.size).toBeGreaterThan(3);
    expect([...spellings].some((text) => text.includes('2001:0db8:0000:0000:0000:0000:0000:0000/32'))).toBe(true);
    for (const text of spellings) expect(text.replaceAll(/\s/g, '').length).toBeGreaterThan(plain.length / 2);
    const read = (await world.call('GET', `/v2/droplets/${droplet.id}`)).text;
    expect(read).not.toContain('"2604:a880:400:d0::1"');
  });
});

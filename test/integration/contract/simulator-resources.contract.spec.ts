import { type RunningSimulator, startSimulator } from '../../../apps/simulator/src';
import { HOW_TO_GET, loadOpenApiDocument } from './openapi-document';
import { checkedCalls, undriven } from './simulator-calls';
import { RESOURCE_GROUPS } from './simulator-resources';

const document = loadOpenApiDocument();
const suite = document === undefined ? describe.skip : describe;
if (document === undefined) {
  console.warn(HOW_TO_GET);
  it(`SKIPPED: ${HOW_TO_GET}`, () => {
    expect(document).toBeUndefined();
  });
}

suite('volumes, snapshots, addresses, firewalls, load balancers and domains against the official document', () => {
  let simulator: RunningSimulator;
  const call = checkedCalls(() => simulator);
  const control = (method: string, path: string, body: unknown) =>
    fetch(`${simulator.url}/_simulator/${path}`, { method, body: JSON.stringify(body) });
  const settle = () => control('POST', 'clock', { advance_ms: 60_000 });
  const textOf = (value: unknown, field: string) => String((value as Record<string, unknown>)[field]);

  beforeAll(async () => {
    simulator = await startSimulator();
    await control('PUT', 'account', { limits: { per_minute: 100_000, per_hour: 100_000 } });
  });
  afterAll(() => simulator.close());

  async function aDroplet(): Promise<number> {
    const made = await call('POST', '/v2/droplets', {
      body: { name: 'host-1', size: 's-1vcpu-1gb', image: 'debian-12-x64', region: 'fra1' },
    });
    await settle();
    return made.body.droplet.id;
  }

  it.each([
    '/v2/volumes?per_page=200',
    '/v2/volumes?name=acme-data-01&region=syd1',
    '/v2/snapshots?per_page=200',
    '/v2/snapshots?resource_type=droplet',
    '/v2/snapshots?resource_type=volume',
    '/v2/reserved_ips?per_page=200',
    '/v2/floating_ips?per_page=2&page=2',
    '/v2/firewalls?per_page=200',
    '/v2/load_balancers?per_page=200',
    '/v2/domains?per_page=200',
  ])('returns a documented list that is not empty to GET %s of the demo account', async (path) => {
    const { status, body } = await call('GET', path);
    expect(status).toBe(200);
    const [items] = Object.values(body).filter((value) => Array.isArray(value));
    expect(items).not.toEqual([]);
  });

  it('returns documented records of every usual type for each demo domain', async () => {
    const { domains } = (await call('GET', '/v2/domains?per_page=200')).body as unknown as { domains: { name: string }[] };
    for (const { name } of domains) {
      const { status, body } = await call('GET', `/v2/domains/${name}/records?per_page=200`);
      expect(status).toBe(200);
      const types = (body.domain_records as { type: string }[]).map(({ type }) => type);
      expect([...new Set(types)].sort((one, other) => one.localeCompare(other))).toEqual(['A', 'CAA', 'CNAME', 'MX', 'NS', 'SOA', 'TXT']);
    }
    expect(domains.length).toBeGreaterThan(10);
  });

  it('follows the documented lifecycle of a volume and its snapshot', async () => {
    const dropletId = await aDroplet();
    const spec = { name: 'walk-data', size_gigabytes: 10, region: 'fra1', filesystem_type: 'ext4' };
    const { body, status } = await call('POST', '/v2/volumes', { body: spec });
    expect(status).toBe(201);
    const id = textOf(body.volume, 'id');
    expect(await call('POST', '/v2/volumes', { body: spec, refused: true })).toMatchObject({ status: 409 });
    const act = async (action: object) => (await call('POST', `/v2/volumes/${id}/actions`, { body: action })).body.action;
    const attached = await act({ type: 'attach', droplet_id: dropletId, region: 'fra1' });
    expect(attached).toMatchObject({ type: 'attach_volume', resource_id: null });
    await settle();
    expect((await call('GET', `/v2/volumes/${id}/actions/${attached.id}`)).body.action).toMatchObject({ status: 'completed' });
    expect((await call('GET', `/v2/volumes/${id}`)).body.volume).toMatchObject({ droplet_ids: [dropletId] });
    expect((await call('GET', `/v2/droplets/${dropletId}`)).body.droplet).toMatchObject({ volume_ids: [id] });
    expect(await call('DELETE', `/v2/volumes/${id}`, { refused: true })).toMatchObject({ status: 409 });
    const wrong = { type: 'detach', droplet_id: 1, region: 'fra1' };
    expect(await call('POST', `/v2/volumes/${id}/actions`, { body: wrong, refused: true })).toMatchObject({ status: 422 });
    await call('DELETE', `/v2/droplets/${dropletId}`);
    await settle();
    await settle();
    expect((await call('GET', `/v2/volumes/${id}`)).body.volume).toMatchObject({ droplet_ids: [] });
    expect((await call('GET', `/v2/volumes/${id}/actions`)).body.actions).toHaveLength(1);
    const snapshot = (await call('POST', `/v2/volumes/${id}/snapshots`, { body: { name: 'walk-snapshot' } })).body.snapshot;
    expect((await call('GET', `/v2/volumes/${id}/snapshots`)).body.snapshots).toHaveLength(1);
    const path = `/v2/snapshots/${textOf(snapshot, 'id')}`;
    expect((await call('GET', path)).status).toBe(200);
    expect((await call('DELETE', path)).status).toBe(204);
    expect((await call('GET', path)).status).toBe(404);
    expect((await call('GET', '/v2/snapshots?resource_type=volume&per_page=200')).body.snapshots).toContainEqual(
      expect.objectContaining({ name: 'walk-snapshot' }), // The list still contains it for a while.
    );
    await settle();
    expect((await call('GET', '/v2/snapshots?resource_type=volume&per_page=200')).body.snapshots).not.toContainEqual(
      expect.objectContaining({ name: 'walk-snapshot' }),
    );
    expect((await call('DELETE', `/v2/volumes/${id}`)).status).toBe(204);
  });

  it('serves neither backups nor base images as snapshots', async () => {
    const { images } = (await call('GET', '/v2/images?private=true&per_page=200')).body;
    const backup = (images as { id: number; type: string }[]).find(({ type }) => type === 'backup');
    expect(await call('GET', `/v2/snapshots/${backup?.id}`, { refused: true })).toMatchObject({ status: 400 });
    expect((await call('GET', '/v2/snapshots/1')).status).toBe(404);
  });

  it.each(['reserved_ip', 'floating_ip'])('follows the documented lifecycle of an address as a %s', async (word) => {
    const dropletId = await aDroplet();
    const made = await call('POST', `/v2/${word}s`, { body: { region: 'fra1' } });
    expect(made.status).toBe(202);
    const path = `/v2/${word}s/${textOf(made.body[word], 'ip')}`;
    expect((await call('GET', path)).body[word]).toMatchObject({ droplet: null });
    const assigned = await call('POST', `${path}/actions`, { body: { type: 'assign', droplet_id: dropletId } });
    expect(assigned).toMatchObject({ status: 201, body: { action: { type: 'assign_ip', resource_type: word } } });
    await settle();
    expect((await call('GET', `${path}/actions/${assigned.body.action.id}`)).body.action).toMatchObject({ status: 'completed' });
    expect((await call('GET', path)).body[word]).toMatchObject({ droplet: { id: dropletId } });
    await call('POST', `${path}/actions`, { body: { type: 'unassign' } });
    await settle();
    expect((await call('GET', `${path}/actions`)).body.actions).toHaveLength(2);
    expect((await call('DELETE', path)).status).toBe(204);
    expect((await call('GET', path)).status).toBe(404);
    const withDroplet = await call('POST', `/v2/${word}s`, { body: { droplet_id: dropletId } });
    await settle();
    await call('DELETE', `/v2/droplets/${dropletId}`);
    await settle();
    const left = `/v2/${word}s/${textOf(withDroplet.body[word], 'ip')}`;
    expect((await call('GET', left)).body[word]).toMatchObject({ droplet: null });
  });

  it('follows the documented lifecycle of a firewall', async () => {
    const dropletId = await aDroplet();
    const rule = { protocol: 'tcp', ports: '443', sources: { addresses: ['0.0.0.0/0'] } };
    const spec = { name: 'walk-fw', inbound_rules: [rule], droplet_ids: [dropletId] };
    const made = await call('POST', '/v2/firewalls', { body: spec });
    expect(made).toMatchObject({ status: 202, body: { firewall: { status: 'waiting' } } });
    const path = `/v2/firewalls/${textOf(made.body.firewall, 'id')}`;
    expect(await call('POST', '/v2/firewalls', { body: spec, refused: true })).toMatchObject({ status: 409 });
    await settle();
    expect((await call('GET', path)).body.firewall).toMatchObject({ status: 'succeeded', tags: null });
    expect((await call('DELETE', `${path}/droplets`, { body: { droplet_ids: [dropletId] } })).status).toBe(204);
    expect((await call('POST', `${path}/droplets`, { body: { droplet_ids: [dropletId] } })).status).toBe(204);
    const replaced = await call('PUT', path, { body: { name: 'walk-fw', inbound_rules: [rule] } });
    expect(replaced.body.firewall).toMatchObject({ droplet_ids: [] });
    expect((await call('DELETE', path)).status).toBe(204);
  });

  it('follows the documented lifecycle of a load balancer', async () => {
    const droplet_ids = [await aDroplet()];
    const rules = [{ entry_protocol: 'http', entry_port: 80, target_protocol: 'http', target_port: 80 }];
    const made = await call('POST', '/v2/load_balancers', {
      body: { name: 'walk-lb', region: 'fra1', forwarding_rules: rules, droplet_ids },
    });
    expect(made).toMatchObject({ status: 202, body: { load_balancer: { status: 'new', ip: '' } } });
    const path = `/v2/load_balancers/${textOf(made.body.load_balancer, 'id')}`;
    await settle();
    expect((await call('GET', path)).body.load_balancer).toMatchObject({ status: 'active' });
    const replaced = await call('PUT', path, { body: { name: 'walk-lb-2', region: 'fra1', forwarding_rules: rules, droplet_ids } });
    expect(replaced.body.load_balancer).toMatchObject({ name: 'walk-lb-2' });
    expect((await call('DELETE', path)).status).toBe(204);
    expect((await call('GET', path)).status).toBe(404);
  });

  it('follows the documented lifecycle of a domain', async () => {
    const made = await call('POST', '/v2/domains', { body: { name: 'walk.example' } });
    expect(made).toMatchObject({ status: 201, body: { domain: { zone_file: null } } });
    await settle();
    expect(textOf((await call('GET', '/v2/domains/walk.example')).body.domain, 'zone_file')).toContain('ns3.digitalocean.com');
    expect((await call('DELETE', '/v2/domains/walk.example')).status).toBe(204);
    expect((await call('GET', '/v2/domains/walk.example')).status).toBe(404);
  });

  it('follows the documented lifecycle of DNS records', async () => {
    await call('POST', '/v2/domains', { body: { name: 'records.example', ip_address: '203.0.113.9' } });
    const path = '/v2/domains/records.example/records';
    expect((await call('GET', `${path}?name=records.example&type=A`)).body.domain_records).toHaveLength(1);
    const records = [
      { type: 'AAAA', name: 'www', data: '2001:db8::1', ttl: 300 },
      { type: 'MX', name: '@', data: 'mail.example.', priority: 10 },
      { type: 'SRV', name: '_sip._tcp', data: 'sip.example.', priority: 1, port: 5060, weight: 5, flags: null, tag: null },
      { type: 'CAA', name: '@', data: 'letsencrypt.org.', flags: 0, tag: 'issue' },
      { type: 'CNAME', name: 'shop', data: '@', ttl: 30 },
      { type: 'NS', name: 'sub', data: 'ns1.sub.example.', flags: null, tag: null },
      { type: 'TXT', name: '@', data: 'v=spf1 -all', flags: null, tag: null },
    ];
    for (const body of records) expect((await call('POST', path, { body })).status).toBe(201);
    expect((await call('GET', `${path}?per_page=5&page=2`)).body.domain_records).toHaveLength(5);
    expect((await call('GET', `${path}?name=shop.records.example`)).body.domain_records).toMatchObject([{ type: 'CNAME', data: '@' }]);
    const dotless = { type: 'MX', name: '@', data: 'mail.example', priority: 10 };
    expect(await call('POST', path, { body: dotless, refused: true })).toMatchObject({ status: 422, body: { id: 'unprocessable_entity' } });
    const made = await call('POST', path, { body: { type: 'A', name: 'api', data: '203.0.113.1' } });
    const { id } = made.body.domain_record as { id: number };
    expect((await call('PATCH', `${path}/${id}`, { body: { type: 'A', ttl: 60 } })).body.domain_record).toMatchObject({ ttl: 60 });
    expect(
      (await call('PUT', `${path}/${id}`, { body: { type: 'A', name: 'api', data: '203.0.113.2' } })).body.domain_record,
    ).toMatchObject({ ttl: 1800 });
    expect((await call('GET', `${path}/${id}`)).status).toBe(200);
    expect((await call('POST', path, { body: { type: 'CNAME', name: 'api', data: 'x.example.' }, refused: true })).status).toBe(422);
    expect((await call('DELETE', `${path}/${id}`)).status).toBe(204);
    expect((await call('GET', `${path}/${id}`)).status).toBe(404);
  });

  it('has called every endpoint of these groups', () => {
    expect(undriven(RESOURCE_GROUPS)).toEqual([]);
  });
});

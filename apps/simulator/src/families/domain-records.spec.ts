import { newTestWorld, type TestWorld } from '../testing/test-world';

describe('domain records', () => {
  let world: TestWorld;
  beforeEach(async () => {
    world = await newTestWorld({ empty: true });
    await world.call('POST', '/v2/domains', { name: 'zone.example', ip_address: '203.0.113.7' });
  });
  afterEach(() => world.close());

  const path = '/v2/domains/zone.example/records';
  const post = async (record: Record<string, unknown>) => {
    const { status, body } = await world.call('POST', path, record);
    return { status, record: body.domain_record, message: body.message };
  };
  const listed = async (query = '') => (await world.call('GET', `${path}${query}`)).body.domain_records;

  it('a new domain has a SOA, three servers, and the address it was given', async () => {
    expect((await listed()).map(({ type, name }) => `${type} ${name}`)).toEqual(['SOA @', 'NS @', 'NS @', 'NS @', 'A @']);
  });

  it('data that names a host is written with a dot at its end and read without', async () => {
    expect(await post({ type: 'CNAME', name: 'www', data: 'other.example' })).toMatchObject({
      status: 422,
      message: 'Data needs to end with a dot (.)',
    });
    const { record } = await post({ type: 'CNAME', name: 'www', data: 'Other.example.' });
    expect(record).toMatchObject({ data: 'other.example', ttl: 1800 });
    expect((await world.call('PUT', `${path}/${record.id}`, { data: 'other.example', ttl: 60 })).status).toBe(422);
    expect((await world.call('PATCH', `${path}/${record.id}`, { ttl: 60 })).status).toBe(200);
    expect((await post({ type: 'CNAME', name: 'self', data: '@' })).status).toBe(201);
    expect((await post({ type: 'CAA', name: '@', data: 'mailto:x@zone.example', flags: 0, tag: 'iodef' })).status).toBe(201);
    expect((await post({ type: 'CAA', name: '@', data: 'letsencrypt.org', flags: 0, tag: 'issue' })).status).toBe(422);
  });

  it('records of one name and type share the TTL that was written last; a PUT without one sets it back', async () => {
    await post({ type: 'A', name: 'api', data: '203.0.113.1', ttl: 300 });
    const { record } = await post({ type: 'A', name: 'api', data: '203.0.113.2', ttl: 60 });
    expect((await listed('?name=api.zone.example&type=A')).map(({ ttl }) => ttl)).toEqual([60, 60]);
    await world.call('PUT', `${path}/${record.id}`, { data: '203.0.113.3' });
    expect((await listed('?name=api.zone.example')).map(({ ttl }) => ttl)).toEqual([1800, 1800]);
    expect((await post({ type: 'A', name: 'x', data: '203.0.113.1', ttl: 29 })).status).toBe(422);
  });

  it('a CNAME shares its name with nothing; other records may be doubles', async () => {
    await post({ type: 'CNAME', name: 'www', data: '@' });
    expect((await post({ type: 'TXT', name: 'www', data: 'x' })).message).toBe('CNAME records cannot share a name with other records');
    expect((await post({ type: 'CNAME', name: 'www', data: '@' })).status).toBe(422);
    expect((await post({ type: 'TXT', name: '@', data: 'x' })).status).toBe(201);
    expect((await post({ type: 'TXT', name: '@', data: 'x' })).status).toBe(201);
  });

  it('names are relative, the filter takes whole ones, and what is made again has another id', async () => {
    const { record } = await post({ type: 'A', name: 'deep.sub.zone.example.', data: '203.0.113.1' });
    expect(record.name).toBe('deep.sub');
    expect(record.id).toBeGreaterThan(1_700_000_000);
    expect(await listed('?name=deep.sub')).toEqual([]);
    expect(await listed('?name=deep.sub.zone.example')).toHaveLength(1);
    expect((await world.call('DELETE', `${path}/${record.id}`)).status).toBe(204);
    expect((await world.call('GET', `${path}/${record.id}`)).status).toBe(404);
    const again = await post({ type: 'A', name: 'deep.sub', data: '203.0.113.1' });
    expect(again.record.id).toBeGreaterThan(record.id);
  });

  it('a SOA changes its TTL only, and types have fields that they need', async () => {
    const [soa] = await listed('?type=SOA');
    expect((await world.call('DELETE', `${path}/${soa?.id}`)).status).toBe(422);
    expect((await world.call('PATCH', `${path}/${soa?.id}`, { ttl: 600 })).body.domain_record).toMatchObject({ ttl: 600 });
    expect((await post({ type: 'MX', name: '@', data: 'mail.example.' })).status).toBe(422);
    expect((await post({ type: 'SRV', name: '_sip._tcp', data: 'sip.example.', priority: 1, port: 0 })).status).toBe(422);
    expect((await post({ type: 'SRV', name: '_sip._tcp', data: 'sip.example.', priority: 1, port: 0, weight: 5 })).status).toBe(201);
    expect((await post({ type: 'A', name: 'x', data: 'nowhere' })).status).toBe(422);
  });

  it('go with their domain', async () => {
    await world.call('DELETE', '/v2/domains/zone.example');
    expect((await world.call('GET', path)).status).toBe(404);
    expect((await world.control.account()).domain_records).toEqual([]);
  });
});

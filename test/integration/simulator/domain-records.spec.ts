import { newTestWorld, type TestWorld } from '../../support/simulator-world';

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

  it('a new domain has a SOA, three name servers, and the given address', async () => {
    expect((await listed()).map(({ type, name }) => `${type} ${name}`)).toEqual(['SOA @', 'NS @', 'NS @', 'NS @', 'A @']);
  });

  it('a host name as data is sent with a trailing dot and returned without it', async () => {
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

  it('records of one name and type share the TTL of the last write; a PUT without a TTL resets it', async () => {
    await post({ type: 'A', name: 'api', data: '203.0.113.1', ttl: 300 });
    const { record } = await post({ type: 'A', name: 'api', data: '203.0.113.2', ttl: 60 });
    expect((await listed('?name=api.zone.example&type=A')).map(({ ttl }) => ttl)).toEqual([60, 60]);
    await world.call('PUT', `${path}/${record.id}`, { data: '203.0.113.3' });
    expect((await listed('?name=api.zone.example')).map(({ ttl }) => ttl)).toEqual([1800, 1800]);
    expect((await post({ type: 'A', name: 'x', data: '203.0.113.1', ttl: 29 })).status).toBe(422);
  });

  it('a CNAME shares its name with no other record; other records may be duplicates', async () => {
    await post({ type: 'CNAME', name: 'www', data: '@' });
    expect((await post({ type: 'TXT', name: 'www', data: 'x' })).message).toBe('CNAME records cannot share a name with other records');
    expect((await post({ type: 'CNAME', name: 'www', data: '@' })).status).toBe(422);
    expect((await post({ type: 'TXT', name: '@', data: 'x' })).status).toBe(201);
    expect((await post({ type: 'TXT', name: '@', data: 'x' })).status).toBe(201);
  });

  it('names are relative, the filter takes full names, and a recreated record has another id', async () => {
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

  it('only the TTL of a SOA may change, and types have required fields', async () => {
    const [soa] = await listed('?type=SOA');
    expect((await world.call('DELETE', `${path}/${soa?.id}`)).status).toBe(422);
    expect((await world.call('PATCH', `${path}/${soa?.id}`, { ttl: 600 })).body.domain_record).toMatchObject({ ttl: 600 });
    expect((await post({ type: 'MX', name: '@', data: 'mail.example.' })).status).toBe(422);
    expect((await post({ type: 'SRV', name: '_sip._tcp', data: 'sip.example.', priority: 1, port: 0 })).status).toBe(422);
    expect((await post({ type: 'SRV', name: '_sip._tcp', data: 'sip.example.', priority: 1, port: 0, weight: 5 })).status).toBe(201);
    for (const data of ['nowhere', '203.0.113.256', '2001:db8::1']) expect((await post({ type: 'A', name: 'x', data })).status).toBe(422);
    expect((await post({ type: 'AAAA', name: 'x', data: '203.0.113.1' })).status).toBe(422);
    const caa = { type: 'CAA', name: '@', data: 'letsencrypt.org.', tag: 'issue' };
    expect((await post(caa)).status).toBe(422);
    expect((await post({ ...caa, flags: 256 })).status).toBe(422);
    expect((await post({ ...caa, flags: 255 })).status).toBe(201);
    expect((await post({ ...caa, flags: 0, tag: 'other' })).status).toBe(422);
    expect((await post({ type: 'PTR', name: 'x', data: 'y.' })).status).toBe(422);
  });

  it('are listed in pages and under one domain only, in any case of its name', async () => {
    await world.call('POST', '/v2/domains', { name: 'Other.Example' });
    const { body } = await world.call('GET', `${path}?per_page=2&page=2`);
    expect(body).toMatchObject({ domain_records: [{ type: 'NS' }, { type: 'NS' }], meta: { total: 5 } });
    expect((await world.call('GET', '/v2/domains/OTHER.example/records')).body.meta.total).toBe(4);
    expect((await world.call('GET', `/v2/domains/other.example/records/${body.domain_records[0]?.id}`)).status).toBe(404);
    expect(await world.call('GET', '/v2/domains/nowhere.example/records')).toMatchObject({ status: 404, body: { id: 'not_found' } });
  });

  it('are deleted with their domain, by a DELETE or by a list of domains without it', async () => {
    await world.call('POST', '/v2/domains', { name: 'other.example' });
    await world.call('DELETE', '/v2/domains/zone.example');
    expect((await world.call('GET', path)).status).toBe(404);
    expect(new Set((await world.control.account()).domain_records.map(({ domain }) => domain))).toEqual(new Set(['other.example']));
    await world.control.change({ domains: [{ name: 'third.example' }] });
    expect((await world.control.account()).domain_records).toEqual([]);
  });

  it('may be given with few fields; new ids are above theirs', async () => {
    await world.control.change({ domain_records: [{}, { name: 'mail', id: 1_900_000_000 }, { domain: 'elsewhere.example' }] });
    expect(await listed()).toMatchObject([
      { type: 'A', name: 'host-0', ttl: 1800 },
      { type: 'A', name: 'mail', ttl: 1800 },
    ]);
    expect((await post({ type: 'A', name: 'x', data: '203.0.113.1' })).record.id).toBeGreaterThan(1_900_000_000);
  });

  it('appear in the zone file a delay after they were created, changed or deleted', async () => {
    const zone = async () => (await world.control.account()).domains[0]?.zone_file;
    await world.control.advance(60_000);
    await world.control.delay({ zone_file_ms: 3_600_000 });
    const { record } = await post({ type: 'MX', name: '@', data: 'mail.example.', priority: 10 });
    await post({ type: 'CNAME', name: 'www', data: '@' });
    await world.call('GET', path);
    expect(await zone()).not.toContain('MX');
    await world.control.advance(3_600_000);
    await world.call('GET', path);
    expect(await zone()).toContain('zone.example. 1800 IN A 203.0.113.7\nzone.example. 1800 IN MX 10 mail.example.\n');
    expect(await zone()).toContain('www.zone.example. 1800 IN CNAME zone.example.\n');
    await world.call('PATCH', `${path}/${record.id}`, { ttl: 60 });
    await world.control.advance(3_600_000);
    await world.call('GET', path);
    expect(await zone()).toContain('zone.example. 60 IN MX 10 mail.example.\n');
    await world.call('DELETE', `${path}/${record.id}`);
    await world.control.advance(3_600_000);
    await world.call('GET', path);
    expect(await zone()).not.toContain('MX');
  });

  describe('with a lost response or a late effect', () => {
    let id: number;
    beforeEach(async () => void (id = (await post({ type: 'A', name: 'api', data: '203.0.113.1' })).record.id));

    const stored = async () =>
      (await world.control.account()).domain_records.filter(({ name }) => name === 'api').map(({ data, ttl }) => `${data} ${ttl}`);
    const untouched = ['203.0.113.1 1800'];
    const writes = [
      { method: 'POST', body: { type: 'A', name: 'api', data: '203.0.113.2', ttl: 60 }, result: ['203.0.113.1 60', '203.0.113.2 60'] },
      { method: 'PUT', body: { type: 'A', data: '203.0.113.3', ttl: 90 }, result: ['203.0.113.3 90'] },
      { method: 'PATCH', body: { type: 'A', ttl: 120 }, result: ['203.0.113.1 120'] },
      { method: 'DELETE', body: undefined, result: [] },
    ];
    const send = (method: string, body: unknown) => world.call(method, method === 'POST' ? path : `${path}/${id}`, body);

    it.each(writes)('a $method with a lost response has taken effect', async ({ method, body, result }) => {
      await world.control.faults([{ match: { method, path: `${path}*` }, effect: { type: 'lose_answer' } }]);
      await expect(send(method, body)).rejects.toThrow('fetch failed');
      expect((await world.control.faultReport())[0]?.fired).toBe(1);
      expect(await stored()).toEqual(result);
    });

    it.each(writes)('a $method with a late effect takes effect after the connection is closed', async ({ method, body, result }) => {
      await world.control.faults([{ match: { method, path: `${path}*` }, times: 1, effect: { type: 'late_commit', ms: 3_600_000 } }]);
      await expect(send(method, body)).rejects.toThrow('fetch failed');
      expect((await world.control.faultReport())[0]?.fired).toBe(1);
      await listed();
      expect(await stored()).toEqual(untouched);
      await world.control.advance(3_600_000);
      await listed();
      expect(await stored()).toEqual(result);
    });
  });
});

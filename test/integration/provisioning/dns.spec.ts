import { ResourceProtection } from '#libs/provisioning';
import { until } from '../../support/until';
import { PLATFORM } from '../../support/principals';
import { ACME, newProvisioningWorld, type ProvisioningWorld } from '../../support/provisioning-world';

interface StoredRecord {
  id: number;
  type: string;
  name: string;
  data: string;
  ttl: number;
  priority: number | null;
  port: number | null;
  weight: number | null;
  flags: number | null;
  tag: string | null;
}

const ZONE = 'shop.example';
const RECORDS = `/v2/domains/${ZONE}/records`;
const ADMIN = { by: { sub: 'ada', role: 'platform_admin' } } as const;

let world: ProvisioningWorld;
beforeAll(async () => {
  world = await newProvisioningWorld();
  await world.simulator.change({
    domains: [{ name: ZONE }, { name: 'stranger.example' }],
    members: [{ project_id: ACME, urn: `do:domain:${ZONE}` }],
  });
  await world.sweeps.run('dns_zone', { trigger: 'manual' });
  await world.sweeps.run('project', { trigger: 'manual' });
});
afterAll(() => world.close());
afterEach(() => world.simulator.faults([]));

const setRecords = (...records: Partial<StoredRecord>[]) =>
  world.simulator.change({ domain_records: records.map((record, nth) => ({ id: 1_800_000_000 + nth, domain: ZONE, ...record })) });
const zone = async () =>
  ((await world.simulator.account()) as { domain_records: StoredRecord[] }).domain_records
    .map(({ type, name, data, ttl }) => `${type} ${name} ${data} ${ttl}`)
    .sort((a, b) => (a < b ? -1 : 1));
const upsert = (type: string, name: string, data: string, more: Record<string, unknown> = {}) =>
  world.run('upsert_dns_record', { dns_domain: ZONE, dns_record_type: type, dns_record_name: name, dns_record_data: data, ...more });
const record = (type: string, name: string, data: string, more: Record<string, unknown> = {}) => ({
  dns_domain: ZONE,
  dns_record_type: type,
  dns_record_name: name,
  dns_record_data: data,
  ...more,
});
const remove = (type: string, name: string, data: string) =>
  world.run('delete_dns_record', { dns_domain: ZONE, dns_record_type: type, dns_record_name: name, dns_record_data: data });
/** Cancels a saga while the provider blocks its write, unblocks the write, and waits for the end of the saga. */
const cancelDuringWrite = async (kind: string, input: Record<string, unknown>) => {
  const id = await world.start(kind, input);
  await until(async () => (await world.simulator.held()) === 1, { what: 'the blocked write' });
  await world.controls.cancel(PLATFORM, id, ADMIN);
  await world.simulator.faults([]);
  world.engine.wake();
  return world.ended(id);
};

describe('an upsert of a record', () => {
  it('creates a missing record, changes a different one and leaves an equal one alone, with or without dots and full names [SAG-14]', async () => {
    await setRecords();
    expect((await upsert('CNAME', 'www', 'host.example.')).context.ensure_record).toMatchObject({ outcome: 'created' });
    expect((await upsert('CNAME', `www.${ZONE}`, 'host.example')).context.ensure_record).toMatchObject({ outcome: 'noop' });
    expect((await upsert('CNAME', 'www', 'other.example', { dns_record_ttl: 60 })).context.ensure_record).toMatchObject({
      outcome: 'updated',
    });
    expect(await zone()).toEqual(['CNAME www other.example 60']);
  });

  it('never overwrites a foreign record: with several candidates the input must name one [SAG-14]', async () => {
    await setRecords({ type: 'TXT', name: '@', data: 'v=spf1' }, { type: 'TXT', name: '@', data: 'verification=1' });
    await expect(upsert('TXT', '@', 'verification=2')).rejects.toMatchObject({ code: 'ambiguous_record' });
    await world.simulator.faults([
      { id: 'unread', match: { method: 'GET', path: RECORDS }, times: 1, effect: { type: 'status', status: 404 } },
    ]);
    const refused = await upsert('TXT', '@', 'verification=2');
    expect(await world.simulator.fired()).toEqual({ unread: 1 });
    expect(refused).toMatchObject({ status: 'rolled_back', error: { step: 'ensure_record', code: 'ambiguous_record' } });
    expect(await zone()).toEqual(['TXT @ v=spf1 1800', 'TXT @ verification=1 1800']);
    const named = await upsert('TXT', '@', 'verification=2', { dns_record_previous_data: 'verification=1' });
    expect(named.context.ensure_record).toMatchObject({ outcome: 'updated' });
    expect(await zone()).toEqual(['TXT @ v=spf1 1800', 'TXT @ verification=2 1800']);
  });

  it.each([
    ['CNAME', {}],
    ['MX', { dns_record_priority: 10 }],
    ['NS', {}],
    ['SRV', { dns_record_priority: 1, dns_record_port: 443, dns_record_weight: 1 }],
    ['CAA', { dns_record_flags: 0, dns_record_tag: 'issue' }],
  ])(
    'recognises a %s that points at the zone itself in whatever form it is written: repeat, delete, undo (A1) [SAG-14]',
    async (type, more) => {
      await setRecords();
      expect((await upsert(type, 'self', `${ZONE}.`, more)).context.ensure_record).toMatchObject({ outcome: 'created' });
      const stored = await zone();
      expect(stored).toEqual([expect.stringContaining(`${type} self ${type === 'CAA' ? ZONE : '@'} `)]);
      for (const data of [ZONE, ZONE.toUpperCase(), '@'])
        expect((await upsert(type, 'self', data, more)).context.ensure_record).toMatchObject({ outcome: 'noop' });
      await world.simulator.faults([{ id: 'hold', match: { method: 'PATCH', path: `${RECORDS}/*` }, effect: { type: 'hold' } }]);
      await cancelDuringWrite('upsert_dns_record', record(type, 'self', 'other.example', more));
      expect(await zone()).toEqual(stored);
      const removed = await world.run('delete_dns_record', record(type, 'self', ZONE, more));
      expect(removed.context.delete_record).toMatchObject({ outcome: 'deleted' });
      expect(await zone()).toEqual([]);
    },
  );

  it.each([
    ['CNAME', `${ZONE}.`, {}],
    ['MX', ZONE, { dns_record_priority: 10 }],
    ['AAAA', '2001:0DB8:0:0::1', {}],
  ])('removes a %s whose create had no answer, whatever its notation (A2) [SAG-9]', async (type, data, more) => {
    await setRecords();
    await world.simulator.faults([{ id: 'lost', match: { method: 'POST', path: RECORDS }, times: 1, effect: { type: 'lose_answer' } }]);
    const id = await world.start('upsert_dns_record', record(type, 'shop1', data, more));
    await until(async () => (await world.simulator.fired()).lost === 1, { what: 'the lost create' });
    await world.controls.cancel(PLATFORM, id, ADMIN);
    world.engine.wake();
    expect((await world.ended(id)).status).toBe('rolled_back');
    expect(await zone()).toEqual([]);
  });

  it('names the new records among its leftovers when none of them has the data of its unanswered create (A2) [SAG-9]', async () => {
    await setRecords();
    await world.simulator.faults([
      { id: 'lost', match: { method: 'POST', path: RECORDS }, times: 1, effect: { type: 'status', status: 504 } },
    ]);
    const id = await world.start('upsert_dns_record', record('TXT', 'shop1', 'one'));
    await until(async () => (await world.simulator.fired()).lost === 1, { what: 'the lost create' });
    await world.simulator.call('POST', RECORDS, { type: 'TXT', name: 'shop1', data: 'in a form that is not known' });
    await world.controls.cancel(PLATFORM, id, ADMIN);
    world.engine.wake();
    const saga = await world.ended(id);
    expect(saga).toMatchObject({ status: 'compensation_failed', leftovers: [{ error: { code: 'other_records' } }] });
    expect(saga.leftovers[0]?.error.detail).toContain('in a form that is not known');
  });

  it.each([
    { name: 'the answer to a create is lost', effect: { type: 'lose_answer' } },
    { name: 'a create takes effect late', effect: { type: 'late_commit', ms: 400 } },
    { name: 'a create does nothing', effect: { type: 'status', status: 502 } },
  ])('leaves one record when $name [SAG-14]', async ({ effect }) => {
    await setRecords();
    await world.simulator.faults([{ id: 'f', match: { method: 'POST', path: RECORDS }, times: 1, effect }]);
    const saga = await upsert('A', 'api', '203.0.113.1');
    expect(await world.simulator.fired()).toEqual({ f: 1 });
    expect(saga.context.ensure_record).toMatchObject({ outcome: 'created' });
    expect(await zone()).toEqual(['A api 203.0.113.1 1800']);
  });

  it('finds its change when the answer to it is lost [SAG-14]', async () => {
    await setRecords({ type: 'A', name: 'api', data: '203.0.113.1' });
    await world.simulator.faults([{ id: 'f', match: { method: 'PATCH' }, times: 1, effect: { type: 'lose_answer' } }]);
    expect((await upsert('A', 'api', '203.0.113.2')).context.ensure_record).toMatchObject({ outcome: 'updated' });
    expect(await world.simulator.fired()).toEqual({ f: 1 });
  });
});

describe('the compensation of a change to the zone', () => {
  const input = (type: string, name: string, data: string, more: Record<string, unknown> = {}) => ({
    dns_domain: ZONE,
    dns_record_type: type,
    dns_record_name: name,
    dns_record_data: data,
    ...more,
  });
  const blockedWrite = (method: string) => ({
    id: 'blocked',
    match: { method, path: `${RECORDS}*` },
    times: 1,
    effect: { type: 'hold', after: true },
  });

  it('restores the data of a changed record and the TTL that its siblings share [SAG-12, SAG-14]', async () => {
    await setRecords(
      { type: 'MX', name: '@', data: 'one.example', priority: 10, ttl: 300 },
      { type: 'MX', name: '@', data: 'two.example', priority: 20, ttl: 300 },
    );
    await world.simulator.faults([blockedWrite('PATCH')]);
    const wanted = input('MX', '@', 'three.example', {
      dns_record_priority: 5,
      dns_record_ttl: 60,
      dns_record_previous_data: 'one.example',
    });
    const saga = await cancelDuringWrite('upsert_dns_record', wanted);
    expect(saga).toMatchObject({ status: 'rolled_back', error: { code: 'cancelled' } });
    expect(await zone()).toEqual(['MX @ one.example 300', 'MX @ two.example 300']);
    const { domain_records } = (await world.simulator.account()) as { domain_records: StoredRecord[] };
    expect(domain_records.map(({ priority }) => priority)).toEqual([10, 20]);
  });

  it('deletes a created record [SAG-12, SAG-14]', async () => {
    await setRecords({ type: 'A', name: 'web', data: '203.0.113.1' });
    await world.simulator.faults([blockedWrite('POST')]);
    const saga = await cancelDuringWrite('upsert_dns_record', input('A', 'api', '203.0.113.9'));
    expect(saga.status).toBe('rolled_back');
    expect(await zone()).toEqual(['A web 203.0.113.1 1800']);
  });

  it('recreates a deleted record under a new id and in the form that the provider accepts [SAG-12, SAG-14]', async () => {
    await setRecords({ type: 'CNAME', name: 'www', data: 'host.example', ttl: 120 });
    await world.simulator.faults([blockedWrite('DELETE')]);
    const saga = await cancelDuringWrite('delete_dns_record', input('CNAME', 'www', 'host.example.'));
    expect(saga.status).toBe('rolled_back');
    expect(await zone()).toEqual(['CNAME www host.example 120']);
    const { domain_records } = (await world.simulator.account()) as { domain_records: StoredRecord[] };
    expect(domain_records[0]?.id).not.toBe(1_800_000_000);
  });

  it('leaves a record that another client has changed meanwhile to the operator [SAG-12, SAG-14]', async () => {
    await setRecords({ type: 'A', name: 'api', data: '203.0.113.1' });
    await world.simulator.faults([blockedWrite('PATCH')]);
    const id = await world.start('upsert_dns_record', input('A', 'api', '203.0.113.2'));
    await until(async () => (await world.simulator.held()) === 1, { what: 'the blocked write' });
    await world.controls.cancel(PLATFORM, id, ADMIN);
    await world.simulator.call('PATCH', `${RECORDS}/1800000000`, { type: 'A', data: '203.0.113.77' });
    await world.simulator.faults([]);
    const saga = await world.ended(id);
    expect(saga).toMatchObject({
      status: 'compensation_failed',
      leftovers: [{ step: 'ensure_record', error: { code: 'changed_meanwhile' } }],
    });
    expect(await zone()).toEqual(['A api 203.0.113.77 1800']);
    await world.database.query('delete from saga_holds');
  });
});

describe('a create that takes effect after the lag bound', () => {
  const lateCreate = { id: 'late', match: { method: 'POST', path: RECORDS }, times: 1, effect: { type: 'late_commit', ms: 3_600_000 } };
  const reaped = (records: string[]) =>
    until(
      async () => {
        await world.reap();
        return JSON.stringify(await zone()) === JSON.stringify(records);
      },
      { what: 'the reaper' },
    );

  it('leaves one record in the end, and both while the zone is protected [SAG-14, TNT-5]', async () => {
    await setRecords();
    await world.simulator.faults([lateCreate]);
    expect((await upsert('A', 'api', '203.0.113.1')).status).toBe('completed');
    await world.simulator.advance(3_600_000);
    await until(async () => (await zone()).length === 2, { what: 'the duplicate' });
    const zoneId = (await world.resource('dns_zone', ZONE))?.id ?? '';
    await world.get(ResourceProtection).set(PLATFORM, zoneId, true, ADMIN);
    for (let round = 0; round < 2; round += 1) await world.reap();
    expect(await zone()).toHaveLength(2);
    await world.get(ResourceProtection).set(PLATFORM, zoneId, false, ADMIN);
    await reaped(['A api 203.0.113.1 1800']);
    expect(await world.simulator.fired()).toEqual({ late: 1 });
  });

  it('leaves no record when its saga was rolled back, and changes no foreign record [SAG-14]', async () => {
    await setRecords({ type: 'A', name: 'other', data: '203.0.113.1' });
    await world.simulator.faults([lateCreate]);
    const id = await world.start('upsert_dns_record', {
      dns_domain: ZONE,
      dns_record_type: 'A',
      dns_record_name: 'api',
      dns_record_data: '203.0.113.1',
    });
    await until(async () => (await world.simulator.fired()).late === 1, { what: 'the lost create' });
    await world.controls.cancel(PLATFORM, id, ADMIN);
    world.engine.wake();
    expect((await world.ended(id)).status).toBe('rolled_back');
    await world.simulator.advance(3_600_000);
    await until(async () => (await zone()).length === 2, { what: 'the late create' });
    await reaped(['A other 203.0.113.1 1800']);
  });
});

describe('a delete of a record', () => {
  it('deletes the record and its duplicates, and completes when the record does not exist', async () => {
    await setRecords({ type: 'TXT', name: '@', data: 'x' }, { type: 'TXT', name: '@', data: 'x' }, { type: 'TXT', name: '@', data: 'y' });
    await world.simulator.faults([{ id: 'f', match: { method: 'DELETE' }, times: 1, effect: { type: 'lose_answer' } }]);
    expect((await remove('TXT', '@', 'x')).context.delete_record).toMatchObject({ outcome: 'deleted' });
    expect(await world.simulator.fired()).toEqual({ f: 1 });
    expect(await zone()).toEqual(['TXT @ y 1800']);
    expect((await remove('TXT', '@', 'x')).context.delete_record).toEqual({ outcome: 'noop', other_records: 1 });
  });
});

describe('records that differ in more than their data', () => {
  it('identifies a CAA record by its tag and a SRV record by its port, and leaves the others alone', async () => {
    const caa = { type: 'CAA', name: '@', data: 'letsencrypt.org', flags: 0 };
    const srv = { type: 'SRV', name: '_sip._tcp', data: 'sip.example', priority: 1, weight: 1 };
    await setRecords({ ...caa, tag: 'issue' }, { ...srv, port: 5060 });
    const more = { dns_record_flags: 0, dns_record_tag: 'issuewild' };
    expect(await upsert('CAA', '@', 'letsencrypt.org', more)).toMatchObject({ context: { ensure_record: { outcome: 'updated' } } });
    await setRecords({ ...caa, tag: 'issue' }, { ...caa, tag: 'issuewild' }, { ...srv, port: 5060 }, { ...srv, port: 5061 });
    const deletions = [
      { dns_record_type: 'CAA', dns_record_name: '@', dns_record_data: 'letsencrypt.org', ...more },
      {
        dns_record_type: 'SRV',
        dns_record_name: '_sip._tcp',
        dns_record_data: 'sip.example',
        dns_record_priority: 1,
        dns_record_weight: 1,
        dns_record_port: 5061,
      },
    ];
    for (const input of deletions) expect((await world.run('delete_dns_record', { dns_domain: ZONE, ...input })).status).toBe('completed');
    const left = (await world.simulator.account()) as { domain_records: { tag: string | null; port: number | null }[] };
    expect(left.domain_records.map(({ tag, port }) => tag ?? port)).toEqual(['issue', 5060]);
  });
});

it('does not treat a record that another saga creates or has created as a late one [SAG-7, SAG-14]', async () => {
  await setRecords();
  const lost = { id: 'late', match: { method: 'POST', path: RECORDS }, times: 1, effect: { type: 'late_commit', ms: 86_400_000 } };
  await world.simulator.faults([lost]);
  const input = { dns_domain: ZONE, dns_record_type: 'A', dns_record_name: 'again', dns_record_data: '203.0.113.5' };
  const first = await world.start('upsert_dns_record', input);
  await until(async () => (await world.simulator.fired()).late === 1, { what: 'the lost create' });
  await world.controls.cancel(PLATFORM, first, ADMIN);
  expect((await world.ended(first)).status).toBe('rolled_back');
  await world.simulator.faults([
    { id: 'blocked', match: { method: 'POST', path: RECORDS }, times: 1, effect: { type: 'hold', after: true } },
  ]);
  const second = await world.start('upsert_dns_record', input);
  await until(async () => (await world.simulator.held()) === 1, { what: 'the blocked create' });
  await world.reap();
  await world.simulator.faults([]);
  expect((await world.ended(second)).status).toBe('completed');
  expect(await zone()).toEqual(['A again 203.0.113.5 1800']);
  await world.reap();
  expect(await zone()).toEqual(['A again 203.0.113.5 1800']);
});

describe('the validation before any provider call', () => {
  it.each([
    { name: 'does not find the zone of another tenant', change: { dns_domain: 'stranger.example' }, code: 'resource_not_found' },
    { name: 'does not find an unknown zone', change: { dns_domain: 'unknown.example' }, code: 'resource_not_found' },
    { name: 'rejects an A record without an IP address', change: { dns_record_data: 'no-address' }, code: 'validation_failed' },
    {
      name: 'rejects a SRV record without a port',
      change: { dns_record_type: 'SRV', dns_record_data: 'x.example' },
      code: 'validation_failed',
    },
  ])('$name [TEN-6]', async ({ change, code }) => {
    const calls = (await world.simulator.calls()).length;
    const input = { dns_domain: ZONE, dns_record_type: 'A', dns_record_name: 'x', dns_record_data: '203.0.113.1', ...change };
    await expect(world.start('upsert_dns_record', input)).rejects.toMatchObject({ code });
    expect((await world.simulator.calls()).length).toBe(calls);
  });
});

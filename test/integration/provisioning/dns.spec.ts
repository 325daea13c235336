import type { ProvisioningWorld } from '../../support/provisioning-world';
import { until } from '../../support/until';
import { PLATFORM } from '../../support/principals';
import { ADMIN, newDnsWorld, RECORDS, recordsOf, ZONE } from './dns-world';

let world: ProvisioningWorld;
beforeAll(async () => {
  world = await newDnsWorld();
});
afterAll(() => world.close());
afterEach(() => world.simulator.faults([]));

const { setRecords, zone, upsert, record, remove, cancelDuringWrite } = recordsOf(() => world);

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

import { ResourceProtection } from '#libs/provisioning';
import type { ProvisioningWorld } from '../../support/provisioning-world';
import { until } from '../../support/until';
import { PLATFORM } from '../../support/principals';
import { ADMIN, newDnsWorld, RECORDS, recordsOf, ZONE, type StoredRecord } from './dns-world';

let world: ProvisioningWorld;
beforeAll(async () => {
  world = await newDnsWorld();
});
afterAll(() => world.close());
afterEach(() => world.simulator.faults([]));

const { setRecords, zone, upsert, cancelDuringWrite } = recordsOf(() => world);

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

import { ChainWorld } from '../../support/chain-world';
import { ADMIN_HEADER, tenantHeader } from '../../support/principals';
import { createTestApp, type TestApp } from '../../support/test-app';

let world: ChainWorld;
let api: TestApp;
beforeAll(async () => {
  world = await ChainWorld.open();
  api = await createTestApp({ DATABASE_URL: world.stored.appUrl });
  await world.work(10);
  await world.sealer.seal();
});
afterAll(async () => {
  await api.close();
  await world.close();
});

interface Verification {
  readonly whole: boolean;
  readonly head: { readonly no: string; readonly hash: string };
}

const verify = (body: object = {}) => api.http().post('/api/v1/audit/verify').set(ADMIN_HEADER).send(body);

it('tells admins whether the record is whole, and what was changed, added or cut off since a kept head [INV-14]', async () => {
  const { data: first } = (await verify().expect(200)).body as { data: Verification };
  expect(first).toEqual({
    whole: true,
    rows: 11,
    waiting: 0,
    head: { no: '2', hash: expect.stringMatching(/^[0-9a-f]{64}$/) as string },
    archived_before: null,
    findings: [],
    findings_count: 0,
  });
  await world.work(2);
  await world.sealer.seal();
  expect((await verify({ head: first.head })).body).toMatchObject({ data: { whole: true, head: { no: '4' } } });
  await world.superuser.query(`update cloud_resource_events set tenant_id = 'globex' where seq = 4`);
  const tampered = (await verify({ head: { no: '4', hash: 'f'.repeat(64) } }).expect(200)).body as { data: Verification };
  expect(tampered.data).toMatchObject({
    whole: false,
    findings_count: 2,
    findings: [
      { what: 'head_missing', table: 'record_chain', id: '4', digest: null },
      { what: 'row_edited', table: 'cloud_resource_events', id: '4', digest: '1' },
    ],
  });
});

it('refuses tenants, a second verification at the same time, and a head that is none', async () => {
  await api.http().post('/api/v1/audit/verify').set(tenantHeader('acme')).send({}).expect(403);
  const both = await Promise.all([verify(), verify()]);
  expect(both.map(({ status }) => status).sort((a, b) => a - b)).toEqual([200, 409]);
  expect(both.find(({ status }) => status === 409)?.body).toMatchObject({ code: 'verification_running' });
  const wrong = await verify({ head: { no: 'last', hash: 'x' } }).expect(400);
  expect(wrong.body).toMatchObject({ code: 'validation_failed' });
});

it('filters the log by every kind of target that is recorded', async () => {
  for (const type of ['tenant', 'billing_run', 'tenant_invoice', 'saga_bulk_job', 'webhook'])
    expect((await api.http().get(`/api/v1/audit?target_type=${type}`).set(ADMIN_HEADER)).status).toBe(200);
});

import type { AuditView } from '#libs/audit';
import type { ListAnswer } from '#libs/kernel';
import { encodePng } from '../../../libs/features/tenant-billing/src/documents/png';
import { tableContents } from './table-contents';
import { aResource, aSaga } from '../../support/factories';
import { ADMIN_HEADER } from '../../support/principals';
import { aMoveThatWaits, newTenancyWorld, type TenancyWorld } from './tenancy-world';

let world: TenancyWorld;
/** A resource of Acme that a rule gives to Globex, which waits for an admin. */
let waiting: string;
/** A saga that no worker has begun, and one that was rolled back. */
let sagas: { readonly open: string; readonly undone: string };
const verb = (id: string, name: string, more = {}) =>
  world
    .http()
    .post(`/api/v1/sagas/${id}/${name}`)
    .send({ reason: 'sold', ...more });

const unmanaged = () => world.resources.find((row) => row.tenant === 'globex')?.id ?? '';
const resource = () => world.resources.find((row) => row.tenant === 'acme')?.id ?? '';

/** The card that exists from the start. */
const DEFAULT_CARD = '00000000-0000-4000-8000-000000000001';
/** A draft of one line that a person wrote. */
const DRAFT = '00000000-0000-4000-8000-0000000000d1';
const VERSION = { valid_from: '2026-05', rates: [{ model: { type: 'free' } }] };

const LOGO = encodePng({ width: 1, height: 1, rgb: Buffer.alloc(3) }).toString('base64');

/** Every change that a person can make, with its expected audit log entry. */
const CHANGES = [
  {
    what: 'the owner of a resource',
    action: 'owner_set',
    send: () => world.http().patch(`/api/v1/inventory/${resource()}`).send({ tenant_id: 'globex', reason: 'sold' }),
    status: 200,
  },
  {
    what: 'the tenant of a project',
    action: 'project_changed',
    send: () =>
      world
        .http()
        .patch(`/api/v1/projects/${world.projects['acme'] ?? ''}`)
        .send({ tenant_id: 'globex', classification: 'sites', reason: 'sold' }),
    status: 200,
  },
  {
    what: 'a request for a sweep',
    action: 'sweep_requested',
    send: () => world.http().post('/api/v1/sweeps').send({ kind: 'droplet', reason: 'sold' }),
    status: 202,
  },
  {
    what: 'the release of a sweep',
    action: 'sweep_released',
    send: () => world.http().post(`/api/v1/sweeps/${world.suspectSweep}/release`).send({ reason: 'sold' }),
    status: 200,
  },
  {
    what: 'a detection of drift that a person requested',
    action: 'drift_detection_requested',
    send: () => world.http().post('/api/v1/drift/detect').send({ reason: 'sold' }),
    status: 200,
  },
  {
    what: 'an accepted drift',
    action: 'drift_accepted',
    send: () => world.http().post(`/api/v1/drift/${world.drift}/accept`).send({ expected: 'fra1', reason: 'sold' }),
    status: 200,
  },
  {
    what: 'a revert of drift',
    action: 'saga_started',
    send: () => world.http().post(`/api/v1/drift/${world.revertibleDrift}/revert`).send({ reason: 'sold' }),
    status: 202,
  },
  {
    what: 'a drift ignore rule',
    action: 'drift_rule_added',
    send: () => world.http().post('/api/v1/drift-rules').send({ kind: 'droplet', field: 'tags', reason: 'sold' }),
    status: 201,
  },
  {
    what: 'a changed drift ignore rule',
    action: 'drift_rule_changed',
    send: () => world.http().patch(`/api/v1/drift-rules/${world.driftRule}`).set(ADMIN_HEADER).send({ reason: 'sold' }),
    status: 200,
  },
  {
    what: 'the end of a drift ignore rule',
    action: 'drift_rule_removed',
    send: () => world.http().delete(`/api/v1/drift-rules/${world.driftRule}`),
    status: 200,
    reason: null,
  },
  {
    what: 'an attribution rule',
    action: 'attribution_rule_added',
    send: () =>
      world
        .http()
        .post('/api/v1/attribution-rules')
        .send({ when: { kind: 'vpc' }, tenant_id: 'globex', reason: 'sold' }),
    status: 201,
  },
  {
    what: 'a changed attribution rule',
    action: 'attribution_rule_changed',
    send: () => world.http().patch(`/api/v1/attribution-rules/${world.attributionRule}`).send({ tenant_id: 'acme', reason: 'sold' }),
    status: 200,
  },
  {
    what: 'the end of an attribution rule',
    action: 'attribution_rule_removed',
    send: () => world.http().delete(`/api/v1/attribution-rules/${world.attributionRule}`),
    status: 200,
    reason: null,
  },
  {
    what: 'a confirmed move between tenants',
    action: 'attribution_confirmed',
    send: () => world.http().post(`/api/v1/attribution-rules/findings/${waiting}/confirm`).send({ tenant_id: 'globex', reason: 'sold' }),
    status: 200,
  },
  {
    what: 'the protection of a resource',
    action: 'resource_protected',
    send: () => world.http().patch(`/api/v1/inventory/${unmanaged()}`).send({ protected: true, reason: 'sold' }),
    status: 200,
  },
  {
    what: 'the end of a protection',
    action: 'resource_unprotected',
    send: () => world.http().patch(`/api/v1/inventory/${unmanaged()}`).send({ protected: false, reason: 'sold' }),
    status: 200,
  },
  {
    what: 'a change of many resources',
    action: 'inventory_bulk_changed',
    send: () =>
      world
        .http()
        .post('/api/v1/inventory/bulk')
        .send({ filter: { kind: 'volume' }, action: 'protect', reason: 'sold' }),
    status: 200,
  },
  {
    what: 'another desired state',
    action: 'desired_state_set',
    send: () =>
      world
        .http()
        .put(`/api/v1/inventory/${resource()}/desired-state`)
        .send({ spec: { name: 'web-9' }, expected_version: 0, reason: 'sold' }),
    status: 200,
  },
  {
    what: 'a registered tenant',
    action: 'tenant_created',
    send: () => world.http().post('/api/v1/tenants').send({ id: 'initech', reason: 'sold' }),
    status: 201,
  },
  {
    what: 'a changed tenant',
    action: 'tenant_changed',
    send: () => world.http().patch('/api/v1/tenants/acme').send({ status: 'suspended', reason: 'sold' }),
    status: 200,
  },
  {
    what: 'a configured list price',
    action: 'list_prices_set',
    send: () =>
      world
        .http()
        .put('/api/v1/catalog/list-prices')
        .send({ prices: [{ product: 'volume', amount: '0.11', origin: 'a test' }], reason: 'sold' }),
    status: 200,
  },
  {
    what: 'the adoption of a resource',
    action: 'resource_adopted',
    send: () => world.http().post(`/api/v1/inventory/${unmanaged()}/adopt`).send({ reason: 'sold' }),
    status: 200,
  },
  {
    what: 'a billing issuer',
    action: 'billing_issuer_set',
    send: () => world.http().put('/api/v1/billing/issuers/default').send({ expected_version: 1, name: 'Harbour Hosting', reason: 'sold' }),
    status: 200,
  },
  {
    what: 'the logo of an issuer',
    action: 'billing_issuer_set',
    send: () => world.http().put('/api/v1/billing/issuers/default/logo').send({ expected_version: 2, image: LOGO, reason: 'sold' }),
    status: 200,
  },
  {
    what: 'a tax rule',
    action: 'tax_rule_created',
    send: () => world.http().post('/api/v1/billing/tax-rules').send({ category: 'S', rate: '10', label: 'GST 10 %', reason: 'sold' }),
    status: 201,
  },
  {
    what: 'how an issuer reminds',
    action: 'dunning_policy_set',
    send: () => world.http().put('/api/v1/billing/issuers/default/dunning').send({ expected_version: 0, steps: [], reason: 'sold' }),
    status: 200,
  },
  {
    what: 'an amount put into a wallet',
    action: 'wallet_granted',
    send: () => world.http().post('/api/v1/wallets/acme/entries').send({ kind: 'promotion', amount: '5.00', reason: 'sold' }),
    status: 201,
  },
  {
    what: 'a billing profile',
    action: 'billing_profile_set',
    send: () => world.http().put('/api/v1/tenants/acme/billing-profile').send({ expected_version: 0, legal_name: 'Acme', reason: 'sold' }),
    status: 200,
  },
  {
    what: 'the rule of a pool',
    action: 'billing_pools_set',
    send: () =>
      world
        .http()
        .put('/api/v1/billing/pools')
        .send({ valid_from: '2026-03', pools: [{ pool: 'support', method: 'even' }], reason: 'sold' }),
    status: 200,
  },
  {
    what: 'a request for a billing run',
    action: 'billing_run_requested',
    send: () => world.http().post('/api/v1/billing-runs').send({ period: '2026-02', reason: 'sold' }),
    status: 202,
  },
  {
    what: 'a one-off invoice',
    action: 'tenant_invoice_created',
    send: () =>
      world
        .http()
        .post('/api/v1/tenant-invoices')
        .send({ tenant_id: 'acme', lines: [{ description: 'Work', unit_price: '10' }], reason: 'sold' }),
    status: 201,
  },
  {
    what: 'a discarded one-off draft',
    action: 'tenant_invoice_discarded',
    send: () => world.http().delete(`/api/v1/tenant-invoices/${DRAFT}`),
    status: 200,
    reason: null,
  },
  {
    what: 'a change of many invoices',
    action: 'tenant_invoices_bulk_changed',
    send: () =>
      world
        .http()
        .post('/api/v1/tenant-invoices/bulk')
        .send({ verb: 'refresh', filter: { period: '2026-02' }, reason: 'sold' }),
    status: 200,
  },
  {
    what: 'an exchange rate',
    action: 'fx_rate_set',
    send: () =>
      world
        .http()
        .post('/api/v1/billing/fx-rates')
        .send({ currency: 'EUR', rate: '0.92', source: 'ECB', on: '2026-02-28', reason: 'sold' }),
    status: 201,
  },
  {
    what: 'a new rate card',
    action: 'rate_card_created',
    send: () => world.http().post('/api/v1/rate-cards').send({ name: 'Gold', reason: 'sold' }),
    status: 201,
  },
  {
    what: 'a renamed rate card',
    action: 'rate_card_changed',
    send: () => world.http().patch(`/api/v1/rate-cards/${DEFAULT_CARD}`).send({ name: 'At cost', reason: 'sold' }),
    status: 200,
  },
  {
    what: 'a new version of a rate card',
    action: 'rate_card_version_created',
    send: () =>
      world
        .http()
        .post(`/api/v1/rate-cards/${DEFAULT_CARD}/versions`)
        .send({ ...VERSION, reason: 'sold' }),
    status: 201,
  },
  {
    what: 'a changed version of a rate card',
    action: 'rate_card_version_changed',
    send: () =>
      world
        .http()
        .put(`/api/v1/rate-cards/${DEFAULT_CARD}/versions/2`)
        .send({ ...VERSION, valid_from: '2026-06', reason: 'sold' }),
    status: 200,
  },
  {
    what: 'the publication of a version',
    action: 'rate_card_version_published',
    send: () => world.http().post(`/api/v1/rate-cards/${DEFAULT_CARD}/versions/2/publish`).send({ reason: 'sold' }),
    status: 200,
  },
  {
    what: 'the rate card of a tenant',
    action: 'tenant_rate_card_set',
    send: () => world.http().put('/api/v1/tenants/acme/rate-card').send({ card_id: DEFAULT_CARD, valid_from: '2026-05', reason: 'sold' }),
    status: 200,
  },
  {
    what: 'a rate override',
    action: 'rate_override_created',
    send: () =>
      world
        .http()
        .post('/api/v1/rate-overrides')
        .send({ tenant_id: 'acme', model: { type: 'free' }, valid_from: '2026-05', reason: 'sold' }),
    status: 201,
  },
  { what: 'a paused saga', action: 'saga_paused', send: () => verb(sagas.open, 'pause'), status: 200 },
  { what: 'other limits of a saga', action: 'saga_policy_set', send: () => verb(sagas.open, 'set-policy', { tries: 9 }), status: 200 },
  { what: 'a resumed saga', action: 'saga_resumed', send: () => verb(sagas.open, 'resume'), status: 200 },
  { what: 'a saga that is started again', action: 'saga_redriven', send: () => verb(sagas.undone, 'redrive'), status: 202 },
  {
    what: 'a bulk job of sagas',
    action: 'saga_bulk_created',
    send: () =>
      world
        .http()
        .post('/api/v1/sagas/bulk-jobs')
        .send({ verb: 'pause', ids: [sagas.open], rate_per_minute: 60, reason: 'sold' }),
    status: 202,
  },
  {
    what: 'the end of a rate override',
    action: 'rate_override_deleted',
    send: () => world.http().delete(`/api/v1/rate-overrides/${world.rateOverride}`),
    status: 200,
    reason: null,
  },
];

describe('a change by a person', () => {
  aWorldOfItsOwn();

  it.each(CHANGES)('records $what with actor, action, time and reason [OPS-9]', async ({ action, send, status, reason = 'sold' }) => {
    const { headers } = await send().set(ADMIN_HEADER).expect(status);
    const { body } = await world.http().get('/api/v1/audit').set(ADMIN_HEADER).expect(200);
    expect((body as ListAnswer<AuditView>).data[0]).toEqual(
      expect.objectContaining({
        action,
        actor: 'ops',
        actor_role: 'platform_admin',
        reason,
        request_id: headers['x-request-id'],
        at: expect.stringMatching(/Z$/) as string,
      }),
    );
  });

  it('names an invoice by its number and a rate card by its name in every entry about it, not by an id', async () => {
    const lines = [{ description: 'Work', unit_price: '10' }];
    const made = await world.http().post('/api/v1/tenant-invoices').set(ADMIN_HEADER).send({ tenant_id: 'acme', lines, reason: 'sold' });
    const { id, draft_number } = (made.body as { data: { id: string; draft_number: string } }).data;
    await world.owner.query(`insert into audit_log (actor, actor_role, action, target_type, target_id) values
      ('ops', 'platform_admin', 'tenant_invoice_paid', 'tenant_invoice', $1),
      ('ops', 'platform_admin', 'rate_card_given', 'rate_card', '${DEFAULT_CARD}')`, [id]); // prettier-ignore
    const { body } = await world.http().get('/api/v1/audit?limit=3').set(ADMIN_HEADER).expect(200);
    const named = (body as ListAnswer<AuditView & { target_name: string | null }>).data.map(({ action, target_name }) => [
      action,
      target_name,
    ]);
    expect(Object.fromEntries(named)).toMatchObject({
      tenant_invoice_created: draft_number,
      tenant_invoice_paid: draft_number,
      rate_card_given: expect.stringMatching(/^[A-Z]/) as string,
    });
  });
});

describe('an entry about a tenant', () => {
  aWorldOfItsOwn();

  const post = (path: string, body: object) => world.http().post(`/api/v1/${path}`).set(ADMIN_HEADER).send(body);
  const foundBy = async (tenant: string, action: string) =>
    (
      (await world.http().get(`/api/v1/audit?tenant_id=${tenant}&action=${action}`).set(ADMIN_HEADER).expect(200))
        .body as ListAnswer<AuditView>
    ).data;

  it('is found by each tenant that loses or gets a resource by a change of many, and by no other [OPS-9]', async () => {
    const ids = ['globex', 'acme'].map((tenant) => world.resources.find((row) => row.tenant === tenant)?.id ?? '');
    await post('inventory/bulk', { ids, action: 'assign', tenant_id: 'zed', reason: 'sold' }).expect(200);
    for (const tenant of ['globex', 'acme', 'zed']) {
      const [entry, ...others] = await foundBy(tenant, 'inventory_bulk_changed');
      expect(others).toEqual([]);
      expect(entry).toMatchObject({ details: { tenant_id: 'zed', tenant_ids: ['acme', 'globex', 'zed'] } });
    }
    expect(await foundBy('fern', 'inventory_bulk_changed')).toEqual([]);
    await post('inventory/bulk', { ids, action: 'assign', tenant_id: null, reason: 'given back' }).expect(200);
    expect(await foundBy('zed', 'inventory_bulk_changed')).toHaveLength(2); // it lost them
  });

  it('has the weights of a pool and the card of a tenant before and after, and is found by each tenant of the weights [OPS-9]', async () => {
    const set = (weights: object) =>
      world
        .http()
        .put('/api/v1/billing/pools')
        .set(ADMIN_HEADER)
        .send({ valid_from: '2026-03', pools: [{ pool: 'support', method: 'weighted', weights }], reason: 'sold' })
        .expect(200);
    await set({ acme: 1, globex: 1 });
    await set({ acme: 9 });
    const [entry] = await foundBy('globex', 'billing_pools_set');
    const previous = { method: 'weighted', weights: { acme: 1, globex: 1 } };
    expect(entry?.details).toMatchObject({
      pools: [{ pool: 'support', method: 'weighted', weights: { acme: 9 }, previous }],
      tenant_ids: ['acme', 'globex'],
    });
    for (const card_id of [DEFAULT_CARD, null])
      await world.http().put('/api/v1/tenants/zed/rate-card').set(ADMIN_HEADER).send({ card_id, valid_from: '2026-05', reason: 'sold' }).expect(200); // prettier-ignore
    const [card] = await foundBy('zed', 'tenant_rate_card_set');
    expect(card?.details).toMatchObject({ card_id: null, previous_card_id: DEFAULT_CARD });
  });

  it('is found by the owner of the resource of an accepted drift, of an adoption, and of the saga that a person steers [OPS-9]', async () => {
    const saga = {
      kind: 'demo',
      input: { steps: ['echo'] },
      steps: ['echo'],
      tenant_id: 'globex',
      wake_at: new Date(Date.now() + 3_600_000),
    };
    const id = await aSaga(world.owner, saga);
    const globex = await aResource(world.owner, { tenant_id: 'globex' });
    await world.owner.query(`update cloud_resources set tenant_id = 'acme' where id = (select resource_id from cloud_drift where id = $1)`, [world.drift]); // prettier-ignore
    await post(`drift/${world.drift}/accept`, { expected: 'fra1', reason: 'sold' }).expect(200);
    await post(`inventory/${globex}/adopt`, { reason: 'sold' }).expect(200);
    await post(`sagas/${id}/pause`, { reason: 'sold' }).expect(200);
    await post(`sagas/${id}/cancel`, { reason: 'sold' });
    for (const action of ['resource_adopted', 'saga_paused', 'saga_cancelled']) expect(await foundBy('globex', action)).toHaveLength(1);
    expect(await foundBy('acme', 'drift_accepted')).toHaveLength(1);
  });
});

const FAULTS = [
  {
    fault: 'fails',
    make: `create function refuse_audit() returns trigger language plpgsql as $$ begin raise exception 'audit is broken: secret detail'; end $$;
           create trigger refuse_audit before insert on audit_log for each row execute function refuse_audit()`,
    end: 'drop trigger refuse_audit on audit_log; drop function refuse_audit()',
    changes: CHANGES,
  },
  {
    fault: 'is forbidden',
    make: 'revoke insert on audit_log from arcadia_service',
    end: 'grant insert on audit_log to arcadia_service',
    changes: process.env.TEST_LONG ? CHANGES : CHANGES.filter((_change, nth) => nth % 8 === 0),
  },
];

describe.each(FAULTS)('a change while the insert into the audit log $fault', ({ make, end, changes }) => {
  aWorldOfItsOwn();

  it.each(changes)('refuses $what and changes nothing [OPS-9]', async ({ send, status }) => {
    const log = jest.spyOn(process.stderr, 'write').mockReturnValue(true);
    const before = await tableContents(world);
    await world.owner.query(make);
    const refused = await send().set(ADMIN_HEADER).expect(500);
    expect(refused.body).toMatchObject({ code: 'internal' });
    expect(refused.text).not.toMatch(/audit|insert|permission|secret/); // The response contains no internals [TEN-10].
    expect(log.mock.calls.join('')).toMatch(/audit/); // The fault fired and was logged.
    expect(await tableContents(world)).toEqual(before);
    await world.owner.query(end);
    await send().set(ADMIN_HEADER).expect(status);
    expect(await tableContents(world)).not.toEqual(before);
    log.mockRestore();
  });
});

function aWorldOfItsOwn() {
  beforeAll(async () => {
    world = await newTenancyWorld();
    waiting = await aMoveThatWaits(world);
    await world.owner.query(`insert into tenant_invoices (id, issuer_id, tenant_id, kind, currency, decimals, changed_by) values ($1, 'default', 'acme', 'one_off', 'USD', 2, 'ops')`, [DRAFT]); // prettier-ignore
    const demo = { kind: 'demo', input: { steps: ['echo'] }, steps: ['echo'] };
    sagas = {
      open: await aSaga(world.owner, { ...demo, wake_at: new Date(Date.now() + 3_600_000) }),
      undone: await aSaga(world.owner, { ...demo, status: 'rolled_back', wake_at: null, finished_at: new Date() }),
    };
  });
  afterAll(() => world.close());
}

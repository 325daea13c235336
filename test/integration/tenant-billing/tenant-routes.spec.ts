import { Money } from '#libs/kernel';
import {
  BillingProfiles,
  CreditNotes,
  DocumentFiles,
  InvoiceIssue,
  Payments,
  RateAssignments,
  TenantInvoiceReader,
  TenantInvoiceService,
  Wallets,
} from '#libs/tenant-billing';
import { randomUUID } from 'node:crypto';
import { ADMIN_HEADER, PLATFORM, tenantHeader } from '../../support/principals';
import { createTestApp, type TestApp } from '../../support/test-app';
import { documentedOperations, type Operation } from '../tenancy/operations';
import { BECAUSE, newRatingWorld, type RatingWorld } from './rating-world';

/** Every route of billing, as the running api documents them: a new one is tried without a change here. */
const OF_BILLING =
  /^\/api\/v1\/(billing|billing-runs|credit-notes|notification-requests|payments|pnl|proof-key|rate-cards|rate-overrides|tenant-invoices|wallets|tenants\/\{id\}\/(billing-profile|rate-card))(\/|\.|$)/;
/** What only another tenant has: its name, its texts, its amounts. Its id is not among them, because a caller that names it may get it back. */
const OF_BIRCH = ['Birch Pty Ltd', 'work for Birch', '7001.77', '7041.77', 'BIRCH-REF', 'a gift to Birch'];
const NOTHING = Money.parse('0');

/** What a tenant has: ids by the first segment of the routes that take them. */
type Possessions = Readonly<Record<string, string>>;

let world: RatingWorld;
let api: TestApp;
let operations: Operation[];
let own: Possessions;
let foreign: Possessions;
/** Drafts and approved invoices, of the tenant itself and of another one. */
let hidden: string[];

async function lineOf(tenant: string, unit_price: string) {
  const line = { description: `work for ${tenant}`, quantity: '1', unit: 'each', unit_price };
  return world.service(TenantInvoiceService).createOneOff(tenant.toLowerCase(), [line], BECAUSE);
}

/** An issued, partly paid and partly credited invoice with its printed documents, and an entry of the wallet. */
async function seed(tenant: string, price: string): Promise<Possessions> {
  const id = tenant.toLowerCase();
  await world.owner.query(`insert into tenants (id, name, source) values ($1, $2, 'admin') on conflict do nothing`, [
    id,
    `${tenant} Pty Ltd`,
  ]);
  const profiles = world.service(BillingProfiles);
  const { version, ...empty } = await profiles.profile(id);
  const fields = { ...empty, legal_name: `${tenant} Pty Ltd`, address: 'A street', country: 'AU', is_business: true };
  await profiles.replaceProfile(id, fields, version, BECAUSE);
  const invoices = world.service(TenantInvoiceService);
  const invoice = await lineOf(tenant, price);
  await invoices.approve(invoice.id, null, BECAUSE);
  const issued = await world.service(InvoiceIssue).issue(invoice.id, null, BECAUSE);
  const payment = {
    kind: 'received',
    amount: '5.00',
    reference: `${tenant.toUpperCase()}-REF`,
    received_on: '2026-11-30',
    payment_id: null,
  } as const;
  const paid = await world.service(Payments).record(invoice.id, payment, issued.version, BECAUSE);
  const input = { lines: [{ line_no: 1, net: Money.parse('1.00') }], rest: { refund: NOTHING, wallet: NOTHING, out_of_band: NOTHING } };
  const note = await world.service(CreditNotes).credit(invoice.id, input, paid.version, BECAUSE);
  const grant = {
    kind: 'money',
    source: 'granted',
    amount: '3.00',
    currency: 'USD',
    expires_at: null,
    reason: `a gift to ${tenant}`,
  } as const;
  await world.service(Wallets).grant(id, grant, BECAUSE);
  const files = world.service(DocumentFiles);
  for (const document of await files.due(10)) await files.render(document.id);
  return { 'tenant-invoices': invoice.id, 'credit-notes': note.id, wallets: id };
}

beforeAll(async () => {
  world = await newRatingWorld();
  api = await createTestApp({ DATABASE_URL: world.appUrl });
  await api.becomes('/api/health/ready', 200);
  const profiles = world.service(BillingProfiles);
  const { version, ...issuer } = await profiles.issuer('default');
  await profiles.replaceIssuer('default', { ...issuer, name: 'Harbour', address: 'Quay', country: 'AU' }, version, BECAUSE);
  [own, foreign] = [await seed('Acme', '40.00'), await seed('Birch', '7001.77')];
  const override = { tenant_id: 'birch', model: { type: 'free' }, valid_from: '2026-10', reason: 'a gift to Birch' } as const;
  await world.service(RateAssignments).createOverride(override, BECAUSE);
  const [draft, other, ready] = [await lineOf('Acme', '11.00'), await lineOf('Birch', '7041.77'), await lineOf('Acme', '12.00')];
  await world.service(TenantInvoiceService).approve(ready.id, null, BECAUSE);
  hidden = [draft.id, other.id, ready.id];
  operations = (await documentedOperations(api)).filter(({ path }) => OF_BILLING.test(path));
});
afterAll(async () => {
  await api.close();
  await world.close();
});

const ACME = tenantHeader('acme');
const pathOf = (path: string, id: string) => path.replaceAll(/\{version\}/g, '1').replaceAll(/\{\w+\}/g, id);
/** A body that is right for no route: a caller without the right must not learn even that. */
const bodyOf = ({ body }: Operation) => Object.fromEntries(body.map((field) => [field, 'x']));
const call = (operation: Operation, id: string, headers: Record<string, string>) => {
  const request = api.http()[operation.method](pathOf(operation.path, id)).set(headers);
  return operation.method === 'get' ? request.buffer(true) : request.send(bodyOf(operation));
};
const segmentOf = ({ path }: Operation) => path.split('/')[3] ?? '';
const nameOf = ({ method, path }: Operation) => `${method.toUpperCase()} ${path}`;

/** Rows of every table of tenant billing and of the audit log, counted and hashed. */
async function stored(): Promise<unknown> {
  const { rows: tables } = await world.owner.query<{ name: string }>(
    `select table_name as name from information_schema.tables where table_schema = 'public'
        and table_name ~ '^(billing_|credit_note|document_|dunning_|fx_rates|number_series|payments|rate_|rated_|rates|tax_rules|tenant_|wallet_|audit_log)' order by 1`,
  );
  expect(tables.length).toBeGreaterThan(25);
  const hashes = tables.map(
    ({ name }) => `select '${name}' as name, md5(coalesce(string_agg(t::text, e'\\n' order by t::text), '')) as rows from ${name} t`,
  );
  return (await world.owner.query(hashes.join(' union all '))).rows;
}

it('refuses a tenant every route of admins with 403, whatever it names, and changes nothing [TEN-3] [TBL-7]', async () => {
  const before = await stored();
  const ofAdmins = operations.filter(({ adminOnly }) => adminOnly);
  expect(ofAdmins.length).toBeGreaterThan(45);
  const answers: unknown[] = [];
  for (const operation of ofAdmins)
    for (const id of operation.path.includes('{')
      ? [...Object.values(own), ...Object.values(foreign), ...hidden, randomUUID(), 'default', 'no id']
      : [''])
      answers.push(
        await call(operation, encodeURIComponent(id), ACME).then(({ status, body }) => ({
          route: nameOf(operation),
          id,
          status,
          code: (body as { code?: string }).code,
        })),
      );
  expect(answers.filter((answer) => (answer as { status: number; code: string }).code !== 'platform_admin_required')).toEqual([]);
  expect(answers.filter((answer) => (answer as { status: number }).status !== 403)).toEqual([]);
  expect(await stored()).toEqual(before);
});

it('answers a tenant the same 404 for what is of another tenant, is not issued, or does not exist [TEN-3] [TBL-7]', async () => {
  const single = operations.filter(({ adminOnly, path }) => !adminOnly && path.includes('{'));
  expect(single.map(nameOf).length).toBeGreaterThan(6);
  for (const operation of single) {
    const [mine, theirs] = [own[segmentOf(operation)], foreign[segmentOf(operation)]];
    if (mine === undefined || theirs === undefined)
      throw new Error(`${nameOf(operation)} takes the id of something that this test does not make`);
    const { status } = await call(operation, mine, ACME);
    expect({ route: nameOf(operation), status }).toEqual({ route: nameOf(operation), status: 200 });
    expect((await call(operation, theirs, tenantHeader('birch'))).status).toBe(200);
    const refused = [
      theirs,
      ...(segmentOf(operation) === 'tenant-invoices' ? hidden : []),
      segmentOf(operation) === 'wallets' ? 'nobody' : randomUUID(),
    ];
    const texts: string[] = [];
    for (const id of refused) {
      const answer = await call(operation, id, ACME);
      expect({ route: nameOf(operation), id, status: answer.status }).toEqual({ route: nameOf(operation), id, status: 404 });
      const text = Buffer.isBuffer(answer.body) ? answer.body.toString() : answer.text;
      texts.push(text.replaceAll(String(answer.headers['x-request-id']), '').replaceAll(id, ''));
    }
    expect(new Set(texts).size).toBe(1);
  }
});

it('answers nothing about another tenant by any list, filter or cursor [TEN-3] [TBL-7]', async () => {
  const lists = operations.filter(({ adminOnly, path, method }) => !adminOnly && method === 'get' && !path.includes('{'));
  const named = ['tenant-invoices', 'credit-notes', 'payments', 'wallets'].map((name) => `/api/v1/${name}`);
  expect(lists.map(({ path }) => path)).toEqual(expect.arrayContaining(named));
  const values: Readonly<Record<string, string>> = {
    tenant_id: 'birch',
    invoice_id: foreign['tenant-invoices'] ?? '',
    reference: 'BIRCH-REF',
  };
  const wrong: object[] = [];
  const read = async (path: string, query: string) => {
    const { status, text, body } = await api.http().get(`${path}${query}`).set(ACME);
    const rows = (body as { data?: unknown }).data;
    return { path, query, status, rows: Array.isArray(rows) ? rows.length : 1, leaked: OF_BIRCH.filter((mark) => text.includes(mark)) };
  };
  for (const { path, query } of lists) {
    const own = await read(path, '');
    if (own.status !== 200 || own.rows === 0 || own.leaked.length > 0) wrong.push(own);
    for (const name of query.filter((one) => one in values)) {
      const narrowed = await read(path, `?${name}=${values[name]}`);
      const isEmpty = narrowed.status === 403 || (narrowed.status === 200 && narrowed.rows === 0);
      if (!isEmpty || narrowed.leaked.length > 0) wrong.push(narrowed);
    }
    if (!query.includes('cursor')) continue;
    const admins = (await api.http().get(`${path}?limit=1`).set(ADMIN_HEADER).expect(200)).body as { page: { next_cursor: string | null } };
    const next = await read(path, `?cursor=${admins.page.next_cursor}`);
    if (next.status !== 200 || next.leaked.length > 0) wrong.push(next);
  }
  expect(wrong).toEqual([]);
});

it('refuses a tenant the proof of the issuer with 403, and everybody without a token everything with 401 [TEN-3] [TBL-7]', async () => {
  const proofs = operations.filter(({ query }) => query.includes('issuer'));
  expect(proofs).toHaveLength(2);
  for (const operation of proofs) {
    const { path } = operation;
    for (const owned of [own, foreign]) {
      const { status } = await api
        .http()
        .get(`${pathOf(path, owned[segmentOf(operation)] ?? '')}?issuer=true`)
        .set(ACME);
      expect({ path, status }).toEqual({ path, status: 403 });
    }
    await api
      .http()
      .get(`${pathOf(path, own[segmentOf(operation)] ?? '')}?issuer=true`)
      .set(ADMIN_HEADER)
      .expect(200);
  }
  for (const operation of operations) {
    const { status } = await call(operation, own[segmentOf(operation)] ?? randomUUID(), {});
    expect({ route: nameOf(operation), status }).toEqual({ route: nameOf(operation), status: 401 });
  }
  expect((await world.service(TenantInvoiceReader).get(PLATFORM, own['tenant-invoices'] ?? '')).status).toBe('issued');
});

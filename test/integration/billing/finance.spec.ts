import { BillingHistory, FinancePush, InvoiceIngest, InvoiceLedger, InvoiceService } from '#libs/provider-billing';
import { Client } from 'pg';
import { SeededRandom } from '../../support/seeded-random';
import { until } from '../../support/until';
import { newBillingWorld, type BillingWorld } from './billing-world';

const PUSHES = Number(process.env.FINANCE_PUSHES ?? (process.env.TEST_LONG ? 200 : 60));
const SEED = Number(process.env.FUZZ_SEED ?? Date.now() % 1_000_000);
const IMPORT = '/finance/api/v1/integrations/cloud/import-invoice';
const BECAUSE = { by: { sub: 'ops', role: 'platform_admin' }, reason: 'agreed with the provider' };

let world: BillingWorld;
beforeEach(async () => {
  world = await newBillingWorld();
});
afterEach(() => world.close());

const invoice = (nth: number, more: object = {}) => ({
  invoice_uuid: `11111111-0000-4000-8000-${String(nth).padStart(12, '0')}`,
  invoice_id: String(400_000 + nth),
  invoice_period: '2026-04',
  items: [
    { description: `web-${nth} (s-1vcpu-1gb)`, amount: `${nth}.10` },
    { product: 'Taxes', description: 'GST (10%)', amount: '0.55', hours: null },
  ],
  ...more,
});

/** Makes all outbox rows due at once, as if their retry pause had passed. */
const letPausePass = () => world.database.query(`update cloud_finance_outbox set next_attempt_at = clock_timestamp(), lease_until = null`);
const waiting = async () => (await world.database.query('select 1 from cloud_finance_outbox where delivered_at is null')).length;
const push = () => world.get(FinancePush).deliver();
const onlyInvoice = async () => {
  const [first] = await world.invoices();
  if (!first) throw new Error('there is no invoice');
  return first;
};

it(`stores exactly ${PUSHES} invoices in finance after ${PUSHES} pushes with 30 % of responses lost and 20 % refused (seed ${SEED}) [BIL-8]`, async () => {
  await world.simulator.change({ invoices: Array.from({ length: PUSHES }, (_, nth) => invoice(nth)) });
  await world.get(BillingHistory).read();
  const due = await world.get(InvoiceLedger).due(1_000);
  expect(due).toHaveLength(PUSHES);
  for (const id of due) await world.get(InvoiceIngest).run(id);
  const random = new SeededRandom(SEED);
  const match = { method: 'POST', path: IMPORT };
  const totals = { delivered: 0, failed: 0 };
  const fired: Record<string, number> = {};
  for (let round = 0; (await waiting()) > 0; round += 1) {
    if (round > 100) throw new Error('the outbox does not empty');
    await world.simulator.faults([
      { id: `lost-${round}`, match: { ...match, probability: 0.3 }, effect: { type: 'lose_answer' } },
      {
        id: `refused-${round}`,
        match: { ...match, probability: 0.2 },
        effect: { type: 'status', status: random.pick([503, 429, 422, 401]) },
      },
    ]);
    const [one, two] = await Promise.all([push(), push()]);
    totals.delivered += one.delivered + two.delivered;
    totals.failed += one.failed + two.failed;
    for (const [id, times] of Object.entries(await world.simulator.fired()))
      fired[id.split('-')[0] ?? ''] = (fired[id.split('-')[0] ?? ''] ?? 0) + times;
    await letPausePass();
  }
  console.log(`finance: FUZZ_SEED=${SEED} ${JSON.stringify({ ...totals, fired })}`);
  expect(fired.lost).toBeGreaterThan(0);
  expect(fired.refused).toBeGreaterThan(0);
  expect(totals.delivered).toBe(PUSHES);
  const books = await world.books();
  expect(books).toHaveLength(PUSHES);
  expect(new Set(books.map(({ external_id }) => external_id))).toEqual(
    new Set(Array.from({ length: PUSHES }, (_, nth) => invoice(nth).invoice_uuid)),
  );
  expect(new Set((await world.invoices()).map(({ finance_invoice_id }) => finance_invoice_id))).toEqual(new Set(books.map(({ id }) => id)));
  const { finance_vendors } = (await world.simulator.account()) as { finance_vendors: unknown[] };
  expect(finance_vendors).toHaveLength(1);
});

it('sends a mismatch to finance only after an admin releases it, with a line for the difference [BIL-5]', async () => {
  await world.simulator.change({ invoices: [invoice(1, { amount: '2.00' })] });
  await world.ingestAll();
  expect(await onlyInvoice()).toMatchObject({ reconciliation: { status: 'mismatch', difference: '0.35' } });
  expect(await push()).toEqual({ delivered: 0, failed: 0 });
  expect(await world.books()).toEqual([]);

  await world.get(InvoiceService).release((await onlyInvoice()).id, BECAUSE);
  expect(await push()).toEqual({ delivered: 1, failed: 0 });
  expect(await world.books()).toMatchObject([
    {
      amount_gross_minor: 200,
      amount_tax_minor: 55,
      amount_net_minor: 145,
      lines: [{ amount_minor: 110 }, { amount_minor: 55, is_tax: true }, { amount_minor: 35 }],
    },
  ]);
  const audit = await world.database.query(`select actor, action, reason from audit_log`);
  expect(audit).toEqual([{ actor: 'ops', action: 'invoice_released', reason: BECAUSE.reason }]);

  await world.get(InvoiceIngest).run((await onlyInvoice()).id);
  expect(await onlyInvoice()).toMatchObject({ reconciliation: { status: 'released' } });
  expect(await push()).toEqual({ delivered: 0, failed: 0 });
});

it('releases only an invoice with a mismatch [BIL-5]', async () => {
  await world.simulator.change({ invoices: [invoice(1)] });
  await world.ingestAll();
  await expect(world.get(InvoiceService).release((await onlyInvoice()).id, BECAUSE)).rejects.toMatchObject({
    code: 'invoice_not_releasable',
  });
});

it('sends a changed invoice as an update, and does not send an unchanged one again [BIL-8]', async () => {
  await world.simulator.change({ invoices: [invoice(1)] });
  await world.ingestAll();
  await push();
  const before = await onlyInvoice();
  await world.get(InvoiceIngest).run(before.id);
  expect(await push()).toEqual({ delivered: 0, failed: 0 });
  await world.simulator.change({ invoices: [invoice(1, { items: [{ description: 'web-1 (s-2vcpu-2gb)', amount: '18.00' }] })] });
  await world.ingestAll();
  expect(await push()).toEqual({ delivered: 1, failed: 0 });
  expect(await world.books()).toMatchObject([{ id: before.finance_invoice_id, amount_gross_minor: 1_800, pushes: 2 }]);
});

it('sends a change that is ingested during a push [BIL-8]', async () => {
  await world.simulator.change({ invoices: [invoice(1)] });
  await world.ingestAll();
  await world.simulator.faults([{ id: 'hold', match: { path: IMPORT }, effect: { type: 'hold', after: true } }]);
  const running = push();
  await until(async () => (await world.simulator.held()) === 1, { what: 'the blocked push' });
  await world.simulator.change({ invoices: [invoice(1, { items: [{ description: 'web-1 (s-2vcpu-2gb)', amount: '18.00' }] })] });
  await world.ingestAll();
  await world.simulator.faults([]);
  await running;
  await push();
  expect(await world.books()).toMatchObject([{ amount_gross_minor: 1_800 }]);
  expect(await waiting()).toBe(0);
});

it('never overwrites a newer state in finance with a push that arrives late [BIL-8]', async () => {
  await world.simulator.change({ invoices: [invoice(1)] });
  await world.ingestAll();
  await world.simulator.faults([{ id: 'slow', match: { path: IMPORT }, times: 1, effect: { type: 'hold' } }]);
  const slow = push();
  await until(async () => (await world.simulator.held()) === 1, { what: 'the blocked push' });
  await world.simulator.change({ invoices: [invoice(1, { items: [{ description: 'web-1 (s-2vcpu-2gb)', amount: '18.00' }] })] });
  await world.ingestAll();
  await push();
  await world.simulator.faults([]);
  await slow;
  await push();
  expect(await world.books()).toMatchObject([{ amount_gross_minor: 1_800 }]);
  expect(await waiting()).toBe(0);
});

it('leaves the push to the current lease owner when the lease of another worker lapsed while it read [BIL-8]', async () => {
  await world.simulator.change({ invoices: [invoice(1)] });
  await world.ingestAll();
  const attempts = async () => (await world.database.query<{ attempts: number }>('select attempts from cloud_finance_outbox'))[0]?.attempts;
  const owner = new Client({ connectionString: world.stored.ownerUrl });
  await owner.connect();
  try {
    await owner.query('begin; lock table cloud_cost_lines in access exclusive mode');
    const slow = push();
    await until(async () => (await attempts()) === 1, { what: 'the first claim' });
    await world.database.query(`update cloud_finance_outbox set lease_until = clock_timestamp() - interval '1 second'`);
    const next = push();
    await until(async () => (await attempts()) === 2, { what: 'the second claim' });
    await owner.query('commit');
    expect((await slow).delivered + (await next).delivered).toBe(1);
  } finally {
    await owner.end();
  }
  expect(await world.books()).toMatchObject([{ pushes: 1 }]);
  expect(await waiting()).toBe(0);
});

it('lets another worker push within a minute after a worker stops responding, but not while its call may still run [BIL-8]', async () => {
  await world.simulator.change({ invoices: [invoice(1)] });
  await world.ingestAll();
  await world.simulator.faults([{ id: 'slow', match: { path: IMPORT }, times: 1, effect: { type: 'hold' } }]);
  const silent = push();
  await until(async () => (await world.simulator.held()) === 1, { what: 'the blocked push' });
  const later = (seconds: number) =>
    world.database.query(`update cloud_finance_outbox set lease_until = lease_until - $1 * interval '1 second'`, [seconds]);
  await later(30);
  expect(await push()).toEqual({ delivered: 0, failed: 0 });
  await later(30);
  expect(await push()).toEqual({ delivered: 1, failed: 0 });
  await world.simulator.faults([]);
  await silent;
  expect(await world.books()).toMatchObject([{ amount_gross_minor: 165 }]);
});

it('keeps the lease of the current worker when an earlier worker fails after its own lease lapsed [BIL-8]', async () => {
  await world.simulator.change({ invoices: [invoice(1)] });
  await world.ingestAll();
  await world.simulator.faults([{ id: 'slow', match: { path: IMPORT }, times: 2, effect: { type: 'hold' } }]);
  const stopped = new AbortController();
  const late = world.get(FinancePush).deliver(stopped.signal);
  await until(async () => (await world.simulator.held()) === 1, { what: 'the blocked push' });
  await world.database.query(`update cloud_finance_outbox set lease_until = clock_timestamp() - interval '1 second'`);
  const current = push();
  await until(async () => (await world.simulator.held()) === 2, { what: 'the push of the next worker' });
  stopped.abort();
  expect(await late).toEqual({ delivered: 0, failed: 1 });
  await world.database.query('update cloud_finance_outbox set next_attempt_at = clock_timestamp()');
  expect(await push()).toEqual({ delivered: 0, failed: 0 });
  await world.simulator.faults([]);
  expect(await current).toEqual({ delivered: 1, failed: 0 });
  expect(await waiting()).toBe(0);
});

it('sends a changed header only together with the lines that belong to it [BIL-5]', async () => {
  await world.simulator.change({ invoices: [invoice(1)] });
  await world.ingestAll();
  await world.simulator.change({ invoices: [invoice(1, { amount: '70.00' })] });
  await world.get(BillingHistory).read();
  expect(await push()).toEqual({ delivered: 0, failed: 0 });
  expect(await world.books()).toEqual([]);
});

it('sends a changed invoice number or period as an update [BIL-8]', async () => {
  await world.simulator.change({ invoices: [invoice(1)] });
  await world.ingestAll();
  await push();
  await world.simulator.change({ invoices: [invoice(1, { invoice_id: '77', invoice_period: '2026-03' })] });
  await world.ingestAll();
  expect(await push()).toEqual({ delivered: 1, failed: 0 });
  expect(await world.books()).toMatchObject([{ invoice_number: '77', period: '2026-03' }]);
});

it('ingests without failure or delay during an outage of finance, and reports the push error on the invoice [BIL-8]', async () => {
  await world.simulator.change({ invoices: [invoice(1)] });
  await world.simulator.faults([{ id: 'out', match: { path: '/finance/*' }, effect: { type: 'status', status: 503, body: 'html' } }]);
  await world.ingestAll();
  expect(await onlyInvoice()).toMatchObject({ status: 'ingested', push_error: null });
  expect(await push()).toEqual({ delivered: 0, failed: 1 });
  expect(await onlyInvoice()).toMatchObject({ push_error: 'finance_unavailable', pushed_to_finance_at: null });
  expect((await world.simulator.fired()).out).toBe(1);
  await world.simulator.faults([]);
  expect(await push()).toEqual({ delivered: 0, failed: 0 });
  await letPausePass();
  expect(await push()).toEqual({ delivered: 1, failed: 0 });
  expect(await onlyInvoice()).toMatchObject({ push_error: null });
});

it('keeps invoices in the outbox without an error while no finance address is configured [BIL-8]', async () => {
  const other = await newBillingWorld({ SKYAI_FINANCE_URL: '' });
  try {
    await other.simulator.change({ invoices: [invoice(1)] });
    await other.ingestAll();
    expect(await other.get(FinancePush).isDue()).toBe(false);
    expect(await other.get(FinancePush).deliver()).toEqual({ delivered: 0, failed: 0 });
    expect(await other.database.query('select 1 from cloud_finance_outbox where delivered_at is null')).toHaveLength(1);
  } finally {
    await other.close();
  }
});

import {
  BalanceSnapshots,
  BillingHistory,
  BillingReads,
  CostLineReader,
  FinancePush,
  InvoiceIngest,
  InvoiceLedger,
  InvoiceReader,
} from '#libs/provider-billing';
import { errorFields, isRetryable } from '#libs/kernel';
import { SWEEPS, SweepService } from '#libs/inventory';
import type { Enqueuer } from '#libs/queues';
import { BillingPush, BillingRunService } from '#libs/tenant-billing';
import { BillingJobs } from '../../../apps/worker/src/jobs/billing.processor';
import { StopSignal } from '../../../apps/worker/src/jobs/run-job';
import { newBillingWorld, type BillingWorld } from './billing-world';

let world: BillingWorld;
let asked: string[];
let jobs: BillingJobs;
beforeEach(async () => {
  world = await newBillingWorld();
  await world.simulator.withoutLags();
  await world.simulator.change({ invoices: [{ invoice_period: '2026-04', items: [{ description: 'web (x)', amount: '6.00' }] }] });
  asked = [];
  const recordCall = (name: string) => async () => void asked.push(name);
  const enqueuer = {
    balance: recordCall('balance'),
    billingHistory: recordCall('history'),
    financePush: recordCall('finance'),
    ingests: async (ids: readonly string[]) => void asked.push(...ids.map(() => 'ingest')),
    ratings: async (ids: readonly string[]) => void asked.push(...ids.map(() => 'rating')),
  } as unknown as Enqueuer;
  jobs = new BillingJobs(
    world.get(BalanceSnapshots),
    world.get(BillingHistory),
    world.get(InvoiceIngest),
    world.get(InvoiceLedger),
    world.get(FinancePush),
    world.get(BillingPush),
    world.get(BillingReads),
    world.get(BillingRunService),
    enqueuer,
    new StopSignal(),
  );
});
afterEach(() => world.close());

const sweepAll = async () => {
  for (const { kind } of SWEEPS) await world.get(SweepService).run(kind, { trigger: 'manual' });
};
const askedNow = async () => {
  asked = [];
  await jobs.enqueueDueJobs();
  return asked;
};

it('enqueues reads of data that was never read, and nothing after they succeeded', async () => {
  expect(await askedNow()).toEqual(['balance', 'history']);
  await jobs.run({ name: 'balance', data: {} });
  await jobs.run({ name: 'billing-history', data: {} });
  expect(await askedNow()).toEqual([]);
});

it('enqueues a billing run until a worker has carried it out', async () => {
  await jobs.run({ name: 'balance', data: {} });
  await jobs.run({ name: 'billing-history', data: {} });
  const { id } = await world.get(BillingRunService).create('2026-03', { by: { sub: 'ops', role: 'platform_admin' } });
  expect(await askedNow()).toEqual(['rating']);
  await jobs.run({ name: 'rating', data: { run_id: id } });
  expect(await askedNow()).toEqual([]);
  expect(await world.get(BillingRunService).get(id)).toMatchObject({ status: 'completed', totals: { payable: '0.00' } });
});

const BALANCE = '/v2/customers/my/balance';
const UNREADABLE = {
  month_to_date_balance: null,
  account_balance: '0.00',
  month_to_date_usage: '1.00',
  generated_at: '2026-11-29T00:00:00Z',
};
const endPause = () => world.database.query(`update cloud_billing_reads set next_attempt_at = clock_timestamp()`);
const pauseS = async () => {
  const [row] = await world.database.query<{ s: number }>(
    `select round(extract(epoch from next_attempt_at - clock_timestamp()))::int as s from cloud_billing_reads`,
  );
  return row?.s ?? null;
};
const failureOf = (run: Promise<void>) =>
  run.then(
    () => undefined,
    (error: unknown) => error,
  );

it('reads a balance that cannot be read ever more rarely, an hour apart at most, and names path and field (C6) [OPS-1]', async () => {
  await jobs.run({ name: 'billing-history', data: {} });
  await world.simulator.faults([{ id: 'f', match: { path: BALANCE }, effect: { type: 'status', status: 200, body: UNREADABLE } }]);
  const pauses: (number | null)[] = [];
  for (let tries = 1; tries <= 8; tries += 1) {
    expect(await askedNow()).toContain('balance');
    const error = await failureOf(jobs.run({ name: 'balance', data: {} }));
    expect(isRetryable(error)).toBe(false);
    expect(errorFields(error)).toMatchObject({
      code: 'malformed_answer',
      detail: expect.stringContaining('month_to_date_balance') as string,
      path: BALANCE,
      failures: tries,
      next_attempt_at: expect.stringMatching(/Z$/) as string,
    });
    pauses.push(await pauseS());
    expect(await askedNow()).not.toContain('balance');
    await endPause();
  }
  expect(pauses).toEqual([60, 120, 240, 480, 960, 1920, 3600, 3600]);
  await world.simulator.faults([]);
  await jobs.run({ name: 'balance', data: {} });
  expect(await pauseS()).toBeNull();
  expect(await askedNow()).not.toContain('balance');
});

it.each([
  { name: 'balance', path: BALANCE, enqueued: 'balance' },
  { name: 'billing-history', path: '/v2/customers/my/billing_history', enqueued: 'history' },
] as const)('reads the $enqueued again within a minute after an outage, although it is not old yet (C5) [OPS-2]', async (read) => {
  await jobs.run({ name: 'balance', data: {} });
  await jobs.run({ name: 'billing-history', data: {} });
  await world.simulator.faults([{ id: 'f', match: { path: read.path }, effect: { type: 'status', status: 503 } }]);
  for (let tries = 1; tries <= 3; tries += 1) {
    expect(errorFields(await failureOf(jobs.run({ name: read.name, data: {} })))).toMatchObject({ code: 'provider_unavailable' });
    expect(await pauseS()).toBe(30);
    expect(await askedNow()).not.toContain(read.enqueued);
    await endPause();
    expect(await askedNow()).toContain(read.enqueued);
  }
});

it('says as of when the sums of invoices are (C5) [INV-15]', async () => {
  const lines = world.get(CostLineReader);
  expect(await lines.summary(undefined, ['tenant'])).toMatchObject({ as_of: null, invoices: 0 });
  await jobs.run({ name: 'billing-history', data: {} });
  const { as_of } = await lines.summary('2026-04-01', ['tenant']);
  expect(as_of).toBe((await lines.list({}, { limit: 1 })).as_of);
  expect(as_of).not.toBeNull();
});

it('takes the balance although the preview cannot be read, and keeps the previous preview (A3) [BIL-9]', async () => {
  await world.simulator.faults([
    {
      id: 'f',
      match: { path: '/v2/customers/my/invoices' },
      effect: { type: 'status', status: 200, body: { invoice_preview: { amount: 'n/a' } } },
    },
  ]);
  await jobs.run({ name: 'balance', data: {} });
  expect((await world.simulator.fired()).f).toBeGreaterThan(0);
  expect(await world.get(BalanceSnapshots).latest()).toMatchObject({ currency: 'USD' });
});

it('names the kinds whose first listing invoices wait for, and does not wait for one that ended incomplete (C6) [BIL-7]', async () => {
  await jobs.run({ name: 'billing-history', data: {} });
  const reason = async () => (await world.get(InvoiceReader).completeness()).completeness.invoice?.reason;
  expect(await reason()).toContain('1 of 1 invoices are not ingested yet, because the first listing of ');
  await world.simulator.faults([{ id: 'f', match: { path: '/v2/volumes' }, effect: { type: 'status', status: 500 } }]);
  for (const { kind } of SWEEPS.filter((sweep) => sweep.kind !== 'load_balancer'))
    await world.get(SweepService).run(kind, { trigger: 'manual' });
  expect(await reason()).toBe('1 of 1 invoices are not ingested yet, because the first listing of load_balancer has not ended');
  expect(await askedNow()).not.toContain('ingest');
  await world.get(SweepService).run('load_balancer', { trigger: 'manual' });
  expect(await askedNow()).toContain('ingest');
  expect(await reason()).toBe('1 of 1 invoices are not ingested yet');

  const [id = ''] = await world.get(InvoiceLedger).due(10);
  await jobs.run({ name: 'ingest', data: { invoice_id: id } });
  await world.database.query(`update cloud_invoices set next_attempt_at = clock_timestamp(), document_asked_at = clock_timestamp()`);
  expect(await askedNow()).not.toContain('ingest');
  await world.simulator.faults([]);
  await world.get(SweepService).run('volume', { trigger: 'manual' });
  expect(await askedNow()).toContain('ingest'); // its lines may match volumes now
  await jobs.run({ name: 'ingest', data: { invoice_id: id } });
  await world.database.query(`update cloud_invoices set next_attempt_at = clock_timestamp(), document_asked_at = clock_timestamp()`);
  expect(await askedNow()).not.toContain('ingest');
});

it('delays invoices until every kind was swept once, or for an hour', async () => {
  await jobs.run({ name: 'billing-history', data: {} });
  expect(asked).toEqual([]);
  await world.database.query(`update cloud_accounts set pinned_at = pinned_at - interval '61 minutes'`);
  expect(await askedNow()).toContain('ingest');
  await world.database.query(`update cloud_accounts set pinned_at = clock_timestamp()`);
  await sweepAll();
  expect(await askedNow()).toContain('ingest');
});

it('enqueues a push after the ingest that makes it due, and the push delivers the invoice', async () => {
  await sweepAll();
  await jobs.run({ name: 'billing-history', data: {} });
  const [id = ''] = await world.get(InvoiceLedger).due(10);
  asked = [];
  await jobs.run({ name: 'ingest', data: { invoice_id: id } });
  expect(asked).toEqual(['finance']);
  await jobs.run({ name: 'finance-push', data: {} });
  expect(await world.books()).toHaveLength(1);
  expect(await askedNow()).toEqual(['balance']);
});

it('retries a failed ingest after a minute, and doubles the pause with every failure', async () => {
  await sweepAll();
  await jobs.run({ name: 'billing-history', data: {} });
  const [id = ''] = await world.get(InvoiceLedger).due(10);
  await world.simulator.faults([{ id: 'f', match: { path: '/v2/customers/my/invoices/*' }, effect: { type: 'status', status: 403 } }]);
  const pauses: number[] = [];
  for (let tries = 0; tries < 3; tries += 1) {
    await expect(jobs.run({ name: 'ingest', data: { invoice_id: id } })).rejects.toMatchObject({ code: 'forbidden_by_provider' });
    const [row] = await world.database.query<{ s: number }>(
      `select round(extract(epoch from next_attempt_at - clock_timestamp()))::int as s from cloud_invoices`,
    );
    pauses.push(Math.round((row?.s ?? 0) / 60));
  }
  expect(pauses).toEqual([1, 2, 4]);
  expect(await askedNow()).not.toContain('ingest');
});

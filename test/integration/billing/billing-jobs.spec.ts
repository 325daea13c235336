import { BalanceSnapshots, BillingHistory, BillingReads, FinancePush, InvoiceIngest, InvoiceLedger } from '#libs/provider-billing';
import { SWEEPS, SweepService } from '#libs/inventory';
import type { Enqueuer } from '#libs/queues';
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
  } as unknown as Enqueuer;
  jobs = new BillingJobs(
    world.get(BalanceSnapshots),
    world.get(BillingHistory),
    world.get(InvoiceIngest),
    world.get(InvoiceLedger),
    world.get(FinancePush),
    world.get(BillingReads),
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

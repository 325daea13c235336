import { AccountBinding } from '#libs/accounts';
import { BalanceSnapshots, BillingHistory, InvoiceIngest, ProviderBillingModule } from '#libs/provider-billing';
import { Database } from '#libs/database';
import type { INestApplicationContext } from '@nestjs/common';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startSimulator, type RunningSimulator } from '../../../apps/simulator/src';
import { createTestDatabase, type TestDatabase } from '../../support/database';
import { insert } from '../../support/factories';
import { openTokenGate } from '../provisioning/token-gate';
import { SimulatorClient } from '../../support/simulator-client';
import { startTestProvider } from '../../support/test-provider';
import { createTestWorker } from '../../support/test-worker';

const BALANCE = '/v2/customers/my/balance';

let provider: RunningSimulator;
let simulator: SimulatorClient;
let stored: TestDatabase;
let context: INestApplicationContext;
let balances: BalanceSnapshots;
beforeEach(async () => {
  stored = await createTestDatabase();
  const started = await startTestProvider();
  ({ provider, simulator } = started);
  context = await createTestWorker([ProviderBillingModule], { DATABASE_URL: stored.appUrl, ...started.settings, ACCOUNT_CHECK_MS: '0' });
  balances = context.get(BalanceSnapshots, { strict: false });
});
afterEach(async () => {
  await context.close();
  await provider.close();
  await stored.drop();
});

const owed = (amount: string) => simulator.change({ settings: { account_balance: amount } });

it('has no balance before the first read, and has one afterwards', async () => {
  await expect(balances.latest()).rejects.toMatchObject({ code: 'balance_not_read', category: 'not_found' });
  expect(await balances.isOlderThan(1)).toBe(true);
  await balances.takeSnapshot();
  expect(await balances.latest()).toMatchObject({ account_balance: '0.00', month_to_date_usage: '0.00', currency: 'USD' });
  expect(await balances.isOlderThan(60_000)).toBe(false);
});

it.each(['0.01', '-12.50', '123456789012.34', '0.10', '1005.00'])(
  'returns the amount %s exactly as the provider sent it [BIL-1]',
  async (amount) => {
    await owed(amount);
    await balances.takeSnapshot();
    const { account_balance, month_to_date_balance } = await balances.latest();
    expect({ account_balance, month_to_date_balance }).toEqual({ account_balance: amount, month_to_date_balance: amount });
  },
);

it.each([
  { name: 'an outage', effect: { type: 'status', status: 503 }, code: 'provider_unavailable' },
  { name: 'a page of a proxy', effect: { type: 'status', status: 200, body: 'html' }, code: 'malformed_answer' },
  { name: 'a half answer', effect: { type: 'truncate' }, code: 'malformed_answer' },
  {
    name: 'a number where text was promised',
    effect: { type: 'status', status: 200, body: { account_balance: 1, month_to_date_balance: 1 } },
    code: 'malformed_answer',
  },
  { name: 'a token without the scope', effect: { type: 'status', status: 403 }, code: 'forbidden_by_provider' },
])('keeps the last balance after $name [BIL-9]', async ({ effect, code }) => {
  await owed('7.77');
  await balances.takeSnapshot();
  const before = await balances.latest();
  await simulator.faults([{ id: 'f', match: { path: BALANCE }, effect }]);
  await expect(balances.takeSnapshot()).rejects.toMatchObject({ code });
  expect((await simulator.fired()).f).toBeGreaterThan(0);
  expect(await balances.latest()).toEqual(before);
});

it('refuses the balance of another account [INV-6]', async () => {
  await balances.takeSnapshot();
  await simulator.faults([{ id: 'other', match: { path: '/v2/account' }, effect: { type: 'other_account' } }]);
  await expect(balances.takeSnapshot()).rejects.toMatchObject({ code: 'other_account' });
  const [row] = await context
    .get(Database, { strict: false })
    .query<{ n: number }>('select count(*)::int as n from cloud_balance_snapshots');
  expect(row).toEqual({ n: 1 });
});

it.each<{ what: string; read: (services: INestApplicationContext, invoiceId: string) => Promise<unknown> }>([
  { what: 'the balance', read: (services) => services.get(BalanceSnapshots, { strict: false }).takeSnapshot() },
  { what: 'the history', read: (services) => services.get(BillingHistory, { strict: false }).read() },
  { what: 'an invoice', read: (services, invoiceId) => services.get(InvoiceIngest, { strict: false }).run(invoiceId) },
])('reads $what with the checked token only, when it is exchanged after the check [INV-6]', async ({ read }) => {
  const stranger = await startSimulator({ empty: true, seed: 2, token: 'dop_v1_stranger' });
  const gate = await openTokenGate({ [provider.token]: provider.url, dop_v1_stranger: stranger.url });
  const folder = mkdtempSync(join(tmpdir(), 'arcadia-billing-token-'));
  const file = join(folder, 'billing');
  writeFileSync(file, provider.token);
  const settings = { DO_API_URL: gate.url, DO_API_TOKEN: provider.token, DO_API_TOKEN_BILLING_FILE: file, ACCOUNT_CHECK_MS: '0' };
  const services = await createTestWorker([ProviderBillingModule], { DATABASE_URL: stored.appUrl, ...settings });
  try {
    const account_id = await services.get(AccountBinding, { strict: false }).verify('sync-fast');
    const months = { period: '2026-10-01', issued_on: '2026-11-01' };
    const invoice = { account_id, invoice_uuid: '5f1b7c1e-0000-4000-8000-000000000001', amount: '1.00', ...months };
    const invoiceId = await insert(services.get(Database, { strict: false }), 'cloud_invoices', invoice);
    await simulator.faults([{ id: 'check', match: { path: '/v2/account' }, times: 1, effect: { type: 'hold' } }]);
    const outcome = read(services, invoiceId).catch((error: unknown) => error);
    await simulator.untilHeld('check');
    writeFileSync(file, 'dop_v1_stranger');
    await simulator.faults([]); // releases the check
    expect(await outcome).toMatchObject({ code: 'token_exchanged' });
    expect(await new SimulatorClient(stranger.url).calls()).toEqual([]);
  } finally {
    await services.close();
    await gate.close();
    await stranger.close();
    rmSync(folder, { recursive: true, force: true });
  }
});

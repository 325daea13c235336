import { BalanceSnapshots, ProviderBillingModule } from '#libs/provider-billing';
import { Database } from '#libs/database';
import type { INestApplicationContext } from '@nestjs/common';
import type { RunningSimulator } from '../../../apps/simulator/src';
import { createTestDatabase, type TestDatabase } from '../../support/database';
import type { SimulatorClient } from '../../support/simulator-client';
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

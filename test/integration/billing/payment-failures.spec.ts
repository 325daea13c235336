import { BillingHistory } from '#libs/provider-billing';
import { BILLING_METRICS } from '../../../libs/features/provider-billing/src/provider-billing.metrics';
import { PAYMENT_FAILURES } from '../../../libs/features/provider-billing/src/history/billing-history';
import { newBillingWorld, type BillingWorld } from './billing-world';

let world: BillingWorld;
beforeEach(async () => {
  world = await newBillingWorld();
});
afterEach(() => world.close());

/** Returns the value that a scrape exports after the provider returned this history: days of May 2026 and types of entries. */
async function exportedAfter(...entries: readonly (readonly [day: number, type: string])[]): Promise<number> {
  const at = (day: number) => `2026-05-${String(day).padStart(2, '0')}T08:00:00Z`;
  await world.simulator.change({
    billing_history: entries.map(([day, type], nth) => ({ id: `${nth}`, type, description: type, amount: '-6.00', date: at(day) })),
  });
  await world.get(BillingHistory).read();
  const { sql } = BILLING_METRICS.find(({ name }) => name === 'arcadia_payment_failures') ?? { sql: '' };
  const [row] = await world.database.query<{ value: unknown }>(sql, [PAYMENT_FAILURES]);
  return Number(row?.value);
}

it('counts failed payments since the last successful payment', async () => {
  expect(await exportedAfter([1, 'Payment'])).toBe(0);
  expect(await exportedAfter([1, 'Payment'], [2, 'AttemptFailed'], [3, 'ACHFailure'])).toBe(2);
});

it('resets the count with a successful payment', async () => {
  expect(await exportedAfter([2, 'AttemptFailed'])).toBe(1);
  expect(await exportedAfter([2, 'AttemptFailed'], [4, 'Payment'])).toBe(0);
});

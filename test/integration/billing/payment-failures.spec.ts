import { Logger } from '@nestjs/common';
import { BillingHistory } from '#libs/provider-billing';
import { BILLING_METRICS } from '../../../libs/features/provider-billing/src/provider-billing.metrics';
import { PAYMENT_FAILURES } from '../../../libs/features/provider-billing/src/history/billing-history';
import { newBillingWorld, type BillingWorld } from './billing-world';

let world: BillingWorld;
beforeEach(async () => {
  world = await newBillingWorld();
});
afterEach(() => world.close());

/** Reads the history on each of these days and returns the failures that were reported, by reading. */
async function reported(...histories: readonly (readonly (readonly [day: number, type: string])[])[]): Promise<number[]> {
  const found: number[] = [];
  const log = jest.spyOn(Logger.prototype, 'error').mockImplementation((line: { event?: string; failures?: number }) => {
    if (line.event === 'payment_failed') found.push(line.failures ?? 0);
  });
  const counts: number[] = [];
  for (const history of histories) {
    found.length = 0;
    await exportedAfter(...history);
    counts.push(found[0] ?? 0);
  }
  log.mockRestore();
  return counts;
}

it('does not report the failures of a history that is read for the first time, paid since or not (C6)', async () => {
  expect(
    await reported([
      [1, 'AttemptFailed'],
      [2, 'ACHFailure'],
      [3, 'Payment'],
      [4, 'AttemptFailed'],
    ]),
  ).toEqual([0]);
});

it('reports a new failure once, and none that a payment has followed (C6)', async () => {
  const first = [[1, 'Payment']] as const;
  const failed = [...first, [5, 'AttemptFailed']] as const;
  const paid = [...failed, [6, 'ACHFailure'], [7, 'Payment']] as const;
  expect(await reported(first, failed, failed, paid, [...paid, [9, 'ACHFailure'], [9, 'AttemptFailed']])).toEqual([0, 1, 0, 0, 2]);
});

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

import type { BillingEntry, InvoiceRecord } from '../../world/billing-records';
import { centsOf, moneyText } from '../../world/money';
import { apiTime } from '../../world/world';

const DAY_MS = 86_400_000;

/** What followed each invoice: a payment as a rule, sometimes after a card was refused; and, once each, all else that can happen. */
export function demoPayments(invoices: readonly InvoiceRecord[]): BillingEntry[] {
  const entries: Omit<BillingEntry, 'id' | 'invoice_id' | 'invoice_uuid'>[] = [];
  for (const [nth, { amount, issued_at }] of invoices.entries()) {
    const cents = centsOf(amount) ?? 0;
    const add = (type: string, description: string, amountCents: number, days: number): void =>
      void entries.push({ type, description, amount: moneyText(amountCents), date: apiTime(Date.parse(issued_at) + days * DAY_MS) });
    const isRefused = nth % 11 === 6 || nth === invoices.length - 1;
    if (isRefused) add('AttemptFailed', 'Payment attempt failed (MC 2018)', -cents, 1);
    if (nth === 7) add('ACHFailure', 'ACH payment returned', cents, 2);
    add('Payment', 'Payment (MC 2018)', -cents, isRefused ? 3 : 1);
    if (nth % 6 === 4) add('Credit', 'Referral credit', -2_500, 0);
    if (nth === 9) add('Refund', 'Refund of a double payment', 1_200, 9);
    if (nth === 11) add('Chargeback', 'Chargeback (MC 2018)', 4_000, 12);
    if (nth === 12) add('Reversal', 'Reversal of a chargeback', -4_000, 5);
    if (nth === 13) add('Adjustment', 'Billing adjustment', -310, 4);
    if (nth === 16) add('CreditExpiration', 'Promotional credit expired', 500, 14);
  }
  return entries.map((entry, nth) => ({ ...entry, id: `payment-${nth + 1}`, invoice_id: null, invoice_uuid: null }));
}

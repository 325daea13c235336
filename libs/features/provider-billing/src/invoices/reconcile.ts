import { Big } from 'big.js';
import type { InvoiceSummary } from '../provider/invoice-responses';

/** The amount of the provider's header and the sums of one line set, as exact text. */
export interface Sums {
  readonly header: string;
  readonly lines: string;
  readonly tax: string;
}

export type Reconciliation = 'reconciled' | 'mismatch';

/**
 * An invoice is reconciled when its lines add up to its amount and the total and tax of its summary, where present, agree with them.
 * `difference`: the invoice's amount minus the sum of the lines. [BIL-5]
 */
export function reconcile({ header, lines, tax }: Sums, summary: InvoiceSummary | null): { status: Reconciliation; difference: string } {
  const difference = new Big(header).minus(lines);
  const totals = [
    { given: summary?.amount, expected: header },
    { given: summary?.taxes, expected: tax },
  ];
  const agrees = difference.eq(0) && totals.every(({ given, expected }) => !given || new Big(given).eq(expected));
  return { status: agrees ? 'reconciled' : 'mismatch', difference: difference.toFixed() };
}

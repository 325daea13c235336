import { Big } from 'big.js';
import type { InvoiceSummary } from '../provider/invoice-answers';

/** Sums of one line set as exact text, beside what the provider's header says. */
export interface Sums {
  readonly header: string;
  readonly lines: string;
  readonly tax: string;
}

export type Reconciliation = 'reconciled' | 'mismatch';

/**
 * An invoice is reconciled when its lines add up to its amount, and nothing that its summary says contradicts them: the total and the tax.
 * `difference`: what the lines lack, or have too much (BIL-5).
 */
export function reconcile({ header, lines, tax }: Sums, summary: InvoiceSummary | null): { status: Reconciliation; difference: string } {
  const difference = new Big(header).minus(lines);
  const said = [
    { theirs: summary?.amount, ours: header },
    { theirs: summary?.taxes, ours: tax },
  ];
  const agrees = difference.eq(0) && said.every(({ theirs, ours }) => !theirs || new Big(theirs).eq(ours));
  return { status: agrees ? 'reconciled' : 'mismatch', difference: difference.toFixed() };
}

import { Money } from '#libs/kernel';
import type { InvoiceSummary } from './provider/invoice-responses';

/** Where the ingest of an invoice is. */
export const INVOICE_STATUSES = ['discovered', 'ingesting', 'ingested', 'failed'] as const;
export type InvoiceStatus = (typeof INVOICE_STATUSES)[number];

/** Whether the lines add up to the amount. `released`: they do not, and an operator accepted the difference. [BIL-5] */
export const RECONCILIATIONS = ['reconciled', 'mismatch', 'released'] as const;
export type Reconciliation = (typeof RECONCILIATIONS)[number];

/**
 * The statuses that may follow each status. Several workers may ingest one invoice at the same time: a claim may find it `ingesting`, and
 * the document that was requested later replaces the lines of an invoice that another worker has `ingested` or that has `failed` for it.
 * An invoice with lines stays `ingested` while it is read again, and when that reading fails: the status is that of the lines in use.
 */
export const INVOICE_TRANSITIONS: Readonly<Record<InvoiceStatus, readonly InvoiceStatus[]>> = {
  discovered: ['ingesting'],
  ingesting: ['ingesting', 'ingested', 'failed'],
  ingested: ['ingested'],
  failed: ['ingesting', 'ingested'],
};

/** What an ingest may find instead of the previous result. It keeps `released` only for the same document and the same difference. */
export const RECONCILIATION_TRANSITIONS: Readonly<Record<Reconciliation | 'none', readonly Reconciliation[]>> = {
  none: ['reconciled', 'mismatch'],
  reconciled: ['reconciled', 'mismatch'],
  /** `released`: by an operator. */
  mismatch: ['reconciled', 'mismatch', 'released'],
  released: ['reconciled', 'mismatch', 'released'],
};

/** The statuses that may become `next`: the condition of every update that sets it. */
export function statusesBefore(next: InvoiceStatus): InvoiceStatus[] {
  return INVOICE_STATUSES.filter((status) => INVOICE_TRANSITIONS[status].includes(next));
}

/** The only reconciliation that an operator can release. An ingest that keeps `released` is no release. */
export const RELEASABLE = RECONCILIATIONS.filter((from) => from !== 'released' && RECONCILIATION_TRANSITIONS[from].includes('released'));

/** The amount of the provider's header and the sums of one line set. */
export interface Sums {
  readonly header: Money;
  readonly lines: Money;
  readonly tax: Money;
}

/**
 * An invoice is reconciled when its lines add up to its amount and the total and tax of its summary, where present, agree with them.
 * `difference`: the invoice's amount minus the sum of the lines. [BIL-5]
 */
export function reconcile(
  { header, lines, tax }: Sums,
  summary: InvoiceSummary | null,
): { status: 'reconciled' | 'mismatch'; difference: Money } {
  const difference = header.subtract(lines).trim();
  const totals = [
    { given: summary?.amount, expected: header },
    { given: summary?.taxes, expected: tax },
  ];
  const agrees = difference.isZero() && totals.every(({ given, expected }) => !given || Money.parse(given).equals(expected));
  return { status: agrees ? 'reconciled' : 'mismatch', difference };
}

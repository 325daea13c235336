import type { HistoryEntry } from '../provider/invoice-answers';

/** Entries have no ids, and two payments of one amount on one day are two: equals are numbered in the order of the list. */
export function numberEquals(entries: readonly HistoryEntry[]): (HistoryEntry & { nth: number })[] {
  const seen = new Map<string, number>();
  return entries.map((entry) => {
    const { type, description, amount, occurredAt, invoiceUuid } = entry;
    const key = JSON.stringify([type, description, amount, occurredAt, invoiceUuid]);
    const nth = (seen.get(key) ?? 0) + 1;
    seen.set(key, nth);
    return { ...entry, nth };
  });
}

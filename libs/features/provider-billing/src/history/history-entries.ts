import type { DiscoveredInvoice } from '../invoices/invoice-ledger';
import type { HistoryEntry, InvoiceHeader } from '../provider/invoice-responses';

/** The provider's id of the next invoice, which is not issued yet. */
const PREVIEW = 'preview';
const MONTHS = ['january', 'february', 'march', 'april', 'may', 'june', 'july', 'august', 'september', 'october', 'november', 'december'];

/**
 * The invoices in history and headers, without the preview. The period comes from the header. For an invoice that only the history has, it
 * comes from the description ("Invoice for April 2026"), else it is the month before the entry, which is dated the 1st of the next month.
 * [BIL-9]
 */
export function invoicesInHistory(history: readonly HistoryEntry[], headers: readonly InvoiceHeader[]): DiscoveredInvoice[] {
  const entries = new Map(history.filter(isInvoice).map((entry) => [entry.invoiceUuid, entry]));
  const listed = headers
    .filter(({ invoiceUuid }) => invoiceUuid !== PREVIEW)
    .map((header): DiscoveredInvoice => {
      const entry = entries.get(header.invoiceUuid);
      entries.delete(header.invoiceUuid);
      const issuedOn = entry ? entry.occurredAt.slice(0, 10) : monthAfter(header.period);
      return { ...header, invoiceNumber: header.invoiceNumber ?? entry?.invoiceNumber ?? null, issuedOn };
    });
  const others = [...entries.values()].map(({ invoiceUuid, invoiceNumber, amount, description, occurredAt }): DiscoveredInvoice => ({
    invoiceUuid,
    invoiceNumber,
    amount,
    period: periodOf(description, occurredAt),
    issuedOn: occurredAt.slice(0, 10),
  }));
  return [...listed, ...others];
}

function isInvoice({ type, invoiceUuid }: HistoryEntry): boolean {
  return type === 'Invoice' && invoiceUuid !== '' && invoiceUuid !== PREVIEW;
}

function periodOf(description: string, occurredAt: string): string {
  const [, name = '', year] = /\b([a-z]+)\s+(\d{4})\b/i.exec(description) ?? [];
  const month = MONTHS.indexOf(name.toLowerCase());
  if (month >= 0) return firstDay(Number(year), month);
  const at = new Date(occurredAt);
  return firstDay(at.getUTCFullYear(), at.getUTCMonth() - (at.getUTCDate() === 1 ? 1 : 0));
}

function monthAfter(period: string): string {
  const at = new Date(`${period}T00:00:00Z`);
  return firstDay(at.getUTCFullYear(), at.getUTCMonth() + 1);
}

function firstDay(year: number, month: number): string {
  return new Date(Date.UTC(year, month, 1)).toISOString().slice(0, 10);
}

/**
 * Numbers equal entries in the order of the list. Entries have no ids, and two payments of the same amount on the same day are two entries,
 * so the number is a part of an entry's key.
 */
export function numberDuplicates(entries: readonly HistoryEntry[]): (HistoryEntry & { nth: number })[] {
  const counts = new Map<string, number>();
  return entries.map((entry) => {
    const { type, description, amount, occurredAt, invoiceUuid } = entry;
    const key = JSON.stringify([type, description, amount, occurredAt, invoiceUuid]);
    const nth = (counts.get(key) ?? 0) + 1;
    counts.set(key, nth);
    return { ...entry, nth };
  });
}

import type { DiscoveredInvoice } from '../invoices/invoice-ledger';
import type { HistoryEntry, InvoiceHeader } from '../provider/invoice-answers';

/** What the provider calls the invoice to be. */
const PREVIEW = 'preview';
const MONTHS = ['january', 'february', 'march', 'april', 'may', 'june', 'july', 'august', 'september', 'october', 'november', 'december'];

/**
 * The invoices that history and headers tell of. The header knows the period; of one that only history knows, it stands in the description
 * ("Invoice for April 2026"), else it is the month before the entry, which is dated the 1st of the next month. Never the preview (BIL-9).
 */
export function invoicesIn(history: readonly HistoryEntry[], headers: readonly InvoiceHeader[]): DiscoveredInvoice[] {
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

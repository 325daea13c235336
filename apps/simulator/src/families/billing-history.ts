import { issueInvoices } from '../demo/invoices/issue-invoices';
import type { BillingEntry } from '../world/billing-records';
import type { World } from '../world/world';

const MONTHS = 'January February March April May June July August September October November December'.split(' ');

/** "2026-04" → "April 2026" */
export function monthName(period: string): string {
  const [year = '', month = '1'] = period.split('-');
  return `${MONTHS[Number(month) - 1] ?? month} ${year}`;
}

/** Every entry, newest first: what is stored, and a row for each invoice that no stored row is about. */
export function billingHistory(world: World): BillingEntry[] {
  issueInvoices(world);
  const stored = world.collections.billing_history.all();
  const told = new Set(stored.flatMap(({ type, invoice_uuid }) => (type === 'Invoice' && invoice_uuid !== null ? [invoice_uuid] : [])));
  const derived = world.collections.invoices.all().flatMap((invoice): BillingEntry[] => {
    const { invoice_uuid, invoice_id, invoice_period, amount, issued_at, preview } = invoice;
    if (preview === true || told.has(invoice_uuid)) return [];
    const description = `Invoice for ${monthName(invoice_period)}`;
    return [{ id: invoice_uuid, description, amount, invoice_id, invoice_uuid, date: issued_at, type: 'Invoice' }];
  });
  return [...stored, ...derived].sort((one, other) => Date.parse(other.date) - Date.parse(one.date));
}

/** An entry as it is answered: the ids of an invoice are there or not. */
export function billingEntryView({ id: _id, invoice_id, invoice_uuid, ...entry }: BillingEntry): Record<string, unknown> {
  return { ...entry, ...(invoice_id !== null && { invoice_id }), ...(invoice_uuid !== null && { invoice_uuid }) };
}

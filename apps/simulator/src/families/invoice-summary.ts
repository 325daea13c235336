import type { InvoiceItem, InvoiceRecord } from '../world/billing-records';
import { centsOf, moneyText, sumOfAmounts } from '../world/money';
import type { Account } from '../world/records';

/** The bare object that `/summary` answers: what the items come to, group by group. */
export function invoiceSummary(invoice: InvoiceRecord, account: Account): Record<string, unknown> {
  const groups = { charges: [] as InvoiceItem[], overages: [] as InvoiceItem[], taxes: [] as InvoiceItem[], credits: [] as InvoiceItem[] };
  for (const item of invoice.items) groups[groupOf(item)].push(item);
  const total = (items: InvoiceItem[]): string => moneyText(sumOfAmounts(items));
  return {
    invoice_uuid: invoice.invoice_uuid,
    invoice_id: invoice.invoice_id,
    billing_period: invoice.invoice_period,
    amount: invoice.amount,
    user_name: account.name,
    user_billing_address: ADDRESS,
    user_company: account.team?.name ?? '',
    user_email: account.email,
    product_charges: { name: 'Product usage charges', amount: total(groups.charges), items: byProduct(groups.charges) },
    overages: { name: 'Overages', amount: total(groups.overages) },
    taxes: { name: 'Taxes', amount: total(groups.taxes) },
    credits_and_adjustments: { name: 'Credits & adjustments', amount: total(groups.credits) },
    ...invoice.summary,
  };
}

const ADDRESS = {
  address_line1: '12 Wharf Street',
  address_line2: '',
  city: 'Sydney',
  region: 'NSW',
  postal_code: '2000',
  country_iso2_code: 'AU',
  created_at: '2019-09-03T16:34:46.000+00:00',
  updated_at: '2019-09-03T16:34:46.000+00:00',
};

function groupOf({ product, amount }: InvoiceItem): 'charges' | 'overages' | 'taxes' | 'credits' {
  if (product === 'Taxes') return 'taxes';
  if ((centsOf(amount) ?? 0) < 0 || /credit|discount|adjustment/i.test(product)) return 'credits';
  return /overage|bandwidth/i.test(product) ? 'overages' : 'charges';
}

/** One row per product, in the order in which they first appear. */
function byProduct(items: readonly InvoiceItem[]): { name: string; amount: string; count: string }[] {
  const products = new Map<string, InvoiceItem[]>();
  for (const item of items) {
    const of = products.get(item.product);
    if (of === undefined) products.set(item.product, [item]);
    else of.push(item);
  }
  return [...products].map(([name, of]) => ({ name, amount: moneyText(sumOfAmounts(of)), count: String(of.length) }));
}

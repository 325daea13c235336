import { Money } from '../../libs/kernel/src/money';
import { roundTogether } from '../../libs/features/tenant-billing/src/documents/document-sealer';
import type {
  DocumentLine,
  DocumentTax,
  LineOrigin,
  TaxCategory,
  TenantDocument,
} from '../../libs/features/tenant-billing/src/pricing/tenant-document';

type ExactLine = Omit<DocumentLine, 'net' | 'line_no'>;
type Options = Partial<Omit<TenantDocument, 'lines'>> & { readonly lines?: number | readonly Partial<ExactLine>[] };

const LABELS: Record<string, string> = { 'S 10': 'GST 10 %', 'Z 0': 'GST free', 'AE 0': 'Reverse charge' };

const SERVICES = ['Droplet', 'Volume', 'Snapshot', 'Load balancer', 'Managed database'];

/** A line that an hourly price was multiplied for, or one with an exact value only. */
function exactLine(at: number): ExactLine {
  const hours = 24 + ((at * 97) % 650);
  const isPriced = at % 3 !== 2;
  const price = `0.0${1786 + ((at * 31) % 7000)}`;
  return {
    kind: 'usage',
    description: `${SERVICES[at % SERVICES.length]} s-${1 + (at % 4)}vcpu-${2 + (at % 7)}gb, October 2026`,
    resource_id: `01a1fb99-9888-75e1-ac7b-${String(at).padStart(12, '0')}`,
    resource_name: `acme-web-${String(at + 1).padStart(2, '0')}`,
    quantity: isPriced ? String(hours) : null,
    unit: isPriced ? 'hour' : '',
    unit_price: isPriced ? price : null,
    exact: isPriced ? Money.parse(String(hours)).multiply(price).toText() : `${1 + (at % 9)}.${1234567890 + at * 7}`,
    tax_category: at % 7 === 6 ? 'Z' : 'S',
    tax_rate: at % 7 === 6 ? '0' : '10',
    correction: false,
  };
}

/** A document whose figures add up, with these changes: an invoice of an Australian issuer over lines of two tax rates. */
export function aDocument({ lines: wanted = 1, ...changes }: Options = {}): TenantDocument {
  const [currency, decimals] = [changes.currency ?? 'USD', changes.decimals ?? 2];
  const given = typeof wanted === 'number' ? Array.from({ length: wanted }, () => ({})) : wanted;
  const exact = given.map((line, at) => ({ ...exactLine(at), ...line }));
  const keys = [...new Set(exact.map(keyOf))];
  const nets = new Map<number, string>();
  const taxes = keys.map((key): DocumentTax => {
    const group = exact.flatMap((line, at) => (keyOf(line) === key ? [{ line, at }] : []));
    const rounded = roundTogether(
      group.map(({ line }) => Money.parse(line.exact, currency)),
      decimals,
      currency,
    );
    rounded.parts.forEach(({ value }, no) => nets.set(group[no]?.at ?? 0, value));
    const [category = 'S', rate = '0'] = key.split(' ');
    const tax = rounded.sum.multiply(rate).ratio(1n, 100n, decimals).toText();
    const text = category === 'AE' ? 'Reverse charge: VAT is to be paid by the customer (Art. 196, Directive 2006/112/EC).' : null;
    return { category: category as TaxCategory, rate, label: LABELS[key] ?? `VAT ${rate} %`, text, net: rounded.sum.toText(), tax };
  });
  const zero = Money.parse('0', currency).round(decimals, 'half_away');
  const add = (texts: readonly string[]) => Money.sum([zero, ...texts.map((text) => Money.parse(text, currency))], currency);
  const [net, tax] = [add(taxes.map((one) => one.net)), add(taxes.map((one) => one.tax))];
  const total = net.add(tax).toText();
  return {
    kind: 'invoice',
    number: 'A-000042',
    refers_to: null,
    tenant_id: 'acme',
    period: '2026-10',
    issued_on: '2026-11-03',
    due_on: '2026-11-17',
    currency,
    decimals,
    title: 'Tax invoice',
    language: 'en',
    issuer: {
      name: 'Arcadia Hosting Pty Ltd',
      address: 'Level 4, 88 Collins Street\nMelbourne VIC 3000',
      country: 'AU',
      tax_ids: [{ kind: 'ABN', id: '51 824 753 556' }],
      bank_text: 'Bank: Example Bank Australia\nBSB 063-000 · Account 1234 5678\nPlease quote the invoice number.',
      logo_sha256: null,
    },
    customer: {
      name: 'Acme Studios Pty Ltd',
      address: '12 Harbour Road\nSydney NSW 2000',
      country: 'AU',
      tax_ids: [{ kind: 'ABN', id: '83 914 571 673' }],
      purchase_order: 'PO-7781',
    },
    net: net.toText(),
    tax: tax.toText(),
    total,
    wallet: zero.toText(),
    due: total,
    fx: null,
    reason: null,
    ...changes,
    lines: exact.map((line, at): DocumentLine => ({ ...line, line_no: at + 1, net: nets.get(at) ?? zero.toText() })),
    taxes,
  };
}

const keyOf = ({ tax_category, tax_rate }: ExactLine): string => `${tax_category} ${tax_rate}`;

/** What stands behind the lines of a document. */
export function originsOf({ lines }: TenantDocument): LineOrigin[] {
  return lines.map(({ line_no, exact }) => ({
    line_no,
    buy: Money.parse(exact).multiply('0.8').toText(),
    explanation: { provider_line: { invoice: 'b9a1d6f2', line_no }, rate: { layer: 'card', id: 'r1', model: 'cost_plus' } },
  }));
}

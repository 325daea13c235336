import { issueInvoices } from '../demo/invoices/demo-invoices';
import { type Answer, type EndpointGroup, list, notFound, ok, type ProviderRequest, sourceOf } from '../http/route';
import { centsOf, type CsvStyle, type InvoiceItem, type InvoiceRecord, moneyText, sumOfAmounts } from '../world/billing-records';
import type { Account } from '../world/records';
import type { World } from '../world/world';

const MONTHS = 'January February March April May June July August September October November December'.split(' ');

/** Formats "2026-04" as "April 2026". */
export function monthName(period: string): string {
  const [year = '', month = '1'] = period.split('-');
  return `${MONTHS[Number(month) - 1] ?? month} ${year}`;
}

const INVOICES = '/v2/customers/my/invoices';

/** Invoices, and the month to date under the uuid `preview`. Documents are sent for any `Accept` header. */
export const invoicesEndpoints: EndpointGroup = {
  routes: [
    { method: 'GET', path: INVOICES, handle: listInvoices },
    {
      method: 'GET',
      path: `${INVOICES}/:uuid`,
      handle: (world, request) => list('invoice_items', sourceOf(findInvoice(world, request).items, itemView)),
    },
    {
      method: 'GET',
      path: `${INVOICES}/:uuid/summary`,
      handle: (world, request) => ok(invoiceSummary(findInvoice(world, request), world.value('account'))),
    },
    { method: 'GET', path: `${INVOICES}/:uuid/csv`, handle: documentOf('csv', 'text/csv', invoiceCsv) },
    { method: 'GET', path: `${INVOICES}/:uuid/pdf`, handle: documentOf('pdf', 'application/pdf', invoicePdf) },
  ],
};

function listInvoices(world: World): Answer {
  issueInvoices(world);
  const all = world.collections.invoices.all();
  const preview = all.find((invoice) => invoice.preview === true);
  const issued = all
    .filter((invoice) => invoice.preview !== true)
    .sort((one, other) => other.invoice_period.localeCompare(one.invoice_period));
  const beside = preview && { invoice_preview: { ...invoiceView(preview), updated_at: `${world.now.slice(0, 10)}T06:31:50Z` } };
  return list('invoices', sourceOf(issued, invoiceView), { beside });
}

function findInvoice(world: World, { params }: ProviderRequest): InvoiceRecord {
  issueInvoices(world);
  const { invoices } = world.collections;
  const uuid = params.uuid ?? '';
  const found = uuid === 'preview' ? invoices.all().find((invoice) => invoice.preview === true) : invoices.get(uuid);
  if (found === undefined) throw notFound();
  return found;
}

function documentOf(extension: string, type: string, render: (invoice: InvoiceRecord) => string) {
  return (world: World, request: ProviderRequest): Answer => {
    const invoice = findInvoice(world, request);
    const [month = '', year = ''] = monthName(invoice.invoice_period).split(' ');
    const owner = world.collections.projects.all().find(({ is_default }) => is_default)?.owner_id ?? 0;
    const filename = `DigitalOcean Invoice ${year} ${month.slice(0, 3)} (${owner}-${invoice.invoice_id}).${extension}`;
    const headers = { 'content-disposition': `attachment; filename="${filename}"` };
    return { kind: 'text', status: 200, type, body: render(invoice), headers };
  };
}

function invoiceView({ invoice_uuid, invoice_id, amount, invoice_period }: InvoiceRecord) {
  return { invoice_uuid, invoice_id, amount, invoice_period };
}

/** An item in the API's format. A missing id is omitted: the official document does not allow null. */
function itemView({ resource_id, resource_uuid, hours, truth: _truth, ...item }: InvoiceItem) {
  return {
    ...item,
    ...(resource_id !== null && { resource_id }),
    ...(resource_uuid !== null && { resource_uuid }),
    duration: hours ?? '',
    duration_unit: hours === null ? '' : 'Hours',
  };
}

type Column = (item: InvoiceItem, style: CsvStyle) => string;

const COLUMNS: Record<string, Column> = {
  product: ({ product }) => product,
  group_description: ({ group_description }) => group_description,
  description: ({ description }) => description,
  hours: ({ hours }) => hours ?? '',
  start: ({ start_time }) => csvTime(Date.parse(start_time)),
  end: ({ end_time }, { final_second_end }) => csvTime(Date.parse(end_time) - (final_second_end && isMonthStart(end_time) ? 1000 : 0)),
  USD: ({ amount }, style) => csvAmount(centsOf(amount) ?? 0, style),
  project_name: ({ project_name }) => project_name,
  category: ({ category }) => category,
};

const HEADERS: Record<CsvStyle['header'], readonly string[]> = {
  modern: Object.keys(COLUMNS),
  no_category: Object.keys(COLUMNS).slice(0, -1),
  oldest: Object.keys(COLUMNS).slice(0, -2),
};

/** The CSV document of an invoice (RFC 4180). */
function invoiceCsv({ csv, csv_style: style, items }: InvoiceRecord): string {
  if (csv !== undefined) return csv;
  const names = HEADERS[style.header];
  const columns = names.map((name) => COLUMNS[name] as Column);
  const lines = items.map((item) => columns.map((column) => quoted(column(item, style))).join(','));
  const end = style.crlf ? '\r\n' : '\n';
  return `${style.bom ? '\uFEFF' : ''}${[names.join(','), ...lines].join(end)}${end}`;
}

function quoted(cell: string): string {
  return /[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
}

/** Formats a time as `YYYY-MM-DD HH:MM:SS +0000`. */
function csvTime(ms: number): string {
  const text = new Date(ms).toISOString();
  return `${text.slice(0, 10)} ${text.slice(11, 19)} +0000`;
}

function isMonthStart(time: string): boolean {
  return /-01T00:00:00(\.0+)?Z$/.test(time);
}

function csvAmount(cents: number, { dollars, thousands, negative }: CsvStyle): string {
  const plain = moneyText(Math.abs(cents));
  const amount = thousands ? plain.replace(/\B(?=(\d{3})+\.)/g, ',') : plain;
  const text = cents < 0 ? negative.replace('1.23', amount) : `$${amount}`;
  return dollars ? text : text.replace('$', '');
}

/** The response of `/summary`, an object without a root key: the sums of the items by group. */
function invoiceSummary(invoice: InvoiceRecord, account: Account): Record<string, unknown> {
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

/** One row per product, in order of first appearance. */
function byProduct(items: readonly InvoiceItem[]): { name: string; amount: string; count: string }[] {
  const products = new Map<string, InvoiceItem[]>();
  for (const item of items) {
    const known = products.get(item.product);
    if (known === undefined) products.set(item.product, [item]);
    else known.push(item);
  }
  return [...products].map(([name, own]) => ({ name, amount: moneyText(sumOfAmounts(own)), count: String(own.length) }));
}

/** A valid PDF of one page with the id, the period and the amount of the invoice. */
function invoicePdf({ invoice_id, invoice_period, amount }: InvoiceRecord): string {
  const text = `BT /F1 14 Tf 72 720 Td (Invoice ${invoice_id} for ${invoice_period}: ${amount} USD) Tj ET`;
  const objects = [
    '<< /Type /Catalog /Pages 2 0 R >>',
    '<< /Type /Pages /Kids [3 0 R] /Count 1 >>',
    '<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>',
    `<< /Length ${text.length} >>\nstream\n${text}\nendstream`,
    '<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>',
  ];
  let body = '%PDF-1.4\n';
  const offsets = objects.map((object, index) => {
    const offset = body.length;
    body += `${index + 1} 0 obj\n${object}\nendobj\n`;
    return offset;
  });
  const table = offsets.map((offset) => `${String(offset).padStart(10, '0')} 00000 n \n`).join('');
  const trailer = `trailer\n<< /Size ${objects.length + 1} /Root 1 0 R >>\nstartxref\n${body.length}\n%%EOF\n`;
  return `${body}xref\n0 ${objects.length + 1}\n0000000000 65535 f \n${table}${trailer}`;
}

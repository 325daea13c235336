import { issueInvoices } from '../demo/invoices/issue-invoices';
import { list, ok, sourceOf, type Answer } from '../http/answer';
import { notFound } from '../http/provider-refusal';
import type { Family, ProviderRequest } from '../http/route';
import type { InvoiceItem, InvoiceRecord } from '../world/billing-records';
import type { World } from '../world/world';
import { monthName } from './billing-history';
import { invoiceCsv } from './invoice-csv';
import { invoicePdf } from './invoice-pdf';
import { invoiceSummary } from './invoice-summary';

const INVOICES = '/v2/customers/my/invoices';

/** Invoices, and `preview`, the month to date under a uuid of its own. Documents are sent whatever `Accept` says. */
export const invoicesFamily: Family = {
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

/** Ids are there or not, never null; the document does not allow it. */
function itemView({ resource_id, resource_uuid, hours, truth: _truth, ...item }: InvoiceItem) {
  return {
    ...item,
    ...(resource_id !== null && { resource_id }),
    ...(resource_uuid !== null && { resource_uuid }),
    duration: hours ?? '',
    duration_unit: hours === null ? '' : 'Hours',
  };
}

import type { Command } from 'commander';
import { answered } from '../session/client';
import { addList } from '../session/lists';
import { writeObject, writeRows } from '../session/output';
import type { CommandBook, Session } from '../session/session';

const INVOICE = [
  'id',
  'invoice_number',
  'period',
  'issued_on',
  'amount',
  'tax_amount',
  'currency',
  'status',
  'failure.code',
  'failure.detail',
  'reconciliation.status',
  'reconciliation.difference',
  'lines',
  'matched_line_ratio',
  'attributed_amount_ratio',
  'ingested_at',
  'pushed_to_finance_at',
  'push_error',
];
const COST_FILTERS = {
  period: 'month, such as 2026-10',
  from: 'start of the time, instead of period',
  to: 'end of the time, itself left out',
  basis: 'invoiced or accrued',
  group_by: 'tenant, kind, project, product, resource, region, tax, month or day; several with commas',
  kind: 'kinds, with commas',
  region: 'region',
  size_slug: 'size',
  project_id: 'project',
  tenant_id: 'tenant',
  tag: 'tag',
  q: 'part of a name, provider id, address or tag',
} as const;

export function addBillingCommands(book: CommandBook, program: Command): void {
  const cost = book.group(program, 'cost', 'What the account costs, and whom');
  const flags = Object.entries(COST_FILTERS).map(([name, text]) => [`--${name.replaceAll('_', '-')} <value>`, text] as const);
  book.add(
    cost,
    {
      usage: 'summary',
      summary: 'costs of a period in groups; JSON has the whole answer with its total',
      options: Object.fromEntries(flags),
      examples: ['cost summary --period 2026-10 --group-by tenant', 'cost summary --basis accrued --group-by tenant,kind -o csv'],
      watch: true,
    },
    costSummary,
  );
  addList(book, cost, {
    usage: 'lines',
    summary: 'lines of the provider’s invoices',
    path: '/api/v1/billing/cost-lines',
    filters: {
      period: 'month, such as 2026-10',
      invoice_id: 'invoice',
      kind: 'kind',
      tenant_id: 'tenant',
      project_name: 'project in the invoice',
      resource_id: 'resource',
      matched: 'true or false',
      product: 'product of the provider',
      match_method: 'how the line was matched',
      match_reason: 'why the line has no resource',
      is_tax: 'true or false',
    },
    fields: ['id', 'line_no', 'product', 'kind', 'description', 'resource_name', 'tenant_id', 'hours', 'amount', 'currency'],
    examples: ['cost lines --period 2026-10 --tenant-id acme', 'cost lines --matched false -o csv > unmatched.csv'],
  });
  const invoices = book.group(program, 'provider-invoice', 'Invoices of the provider');
  addList(book, invoices, {
    usage: 'ls',
    summary: 'list invoices',
    path: '/api/v1/billing/invoices',
    filters: {
      period: 'month, such as 2026-10',
      status: 'discovered, ingesting, ingested or failed',
      reconciliation: 'reconciled, mismatch or released',
      invoice_uuid: 'id at the provider',
    },
    fields: ['id', 'period', 'issued_on', 'amount', 'currency', 'status', 'reconciliation.status', 'lines', 'attributed_amount_ratio'],
    examples: ['provider-invoice ls', 'provider-invoice ls --reconciliation mismatch --exit-code'],
  });
  const at = (id: string) => ({ params: { path: { id } } });
  book.add(invoices, { usage: 'get <id>', summary: 'one invoice', examples: ['provider-invoice get ID'] }, (session, id = '') =>
    session.show(session.client.GET('/api/v1/billing/invoices/{id}', at(id)), INVOICE),
  );
  book.add(
    invoices,
    {
      usage: 'ingest <id>',
      summary: 'read the document of an invoice again',
      options: { '--reason <text>': 'kept in the audit log' },
      examples: ['provider-invoice ingest ID --reason "corrected by the provider"'],
    },
    (session, id = '') =>
      session.show(session.client.POST('/api/v1/billing/invoices/{id}/ingest', { ...at(id), body: session.reason }), INVOICE),
  );
  book.add(
    invoices,
    {
      usage: 'release <id>',
      summary: 'use an invoice although its lines do not add up',
      options: { '--reason <text>': 'kept in the audit log; required' },
      examples: ['provider-invoice release ID --reason "a difference of 0.01, agreed"'],
    },
    (session, id = '') =>
      session.show(session.client.POST('/api/v1/billing/invoices/{id}/release', { ...at(id), body: session.neededReason }), INVOICE),
  );
}

/** An id alone means little to people. */
const fieldsOfGroup = (group: string) => (group === 'resource' ? ['resource', 'resource_name', 'resource_kind'] : [group]);

async function costSummary(session: Session): Promise<void> {
  const given = Object.keys(COST_FILTERS).flatMap((name) => {
    const value = session.text(name.replace(/_([a-z])/g, (_all, letter: string) => letter.toUpperCase()));
    return value === undefined ? [] : [[name, value] as const];
  });
  const groups = (session.text('groupBy') ?? '').split(',').filter(Boolean);
  const shape = session.shape(
    groups.length === 0 ? ['from', 'to', 'basis', 'amount', 'currency', 'estimate'] : [...groups.flatMap(fieldsOfGroup), 'amount'],
  );
  const { data } = await answered(session.client.GET('/api/v1/costs', { params: { query: Object.fromEntries(given) } }));
  if (groups.length === 0 || shape.format === 'json') return writeObject(session.terminal, shape, { ...data });
  await writeRows(session.terminal, shape, (async function* () { yield data.groups.map((group) => ({ ...group })); })()); // prettier-ignore
  if (data.estimate) session.say(`An estimate of ${data.basis} costs from ${data.from} to ${data.to}: ${data.amount} ${data.currency}`);
}

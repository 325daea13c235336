import type { Command } from 'commander';
import { writeFileSync } from 'node:fs';
import { answered, authorization, reached, refusal, type Schemas } from '../session/client';
import { EXIT, usageError } from '../session/failure';
import { addList } from '../session/lists';
import { writeObject, writeRows } from '../session/output';
import type { CommandBook, Session } from '../session/session';

type Invoice = Schemas['TenantInvoiceResponse'];

const INVOICE: readonly (keyof Invoice)[] = [
  'id',
  'number',
  'draft_number',
  'tenant_id',
  'kind',
  'period',
  'status',
  'payment_status',
  'tax_status',
  'overdue',
  'currency',
  'net',
  'tax',
  'total',
  'due',
  'issued_on',
  'due_on',
  'version',
  'actions',
  'problems',
];
const FILTERS = {
  period: 'month, such as 2026-10',
  tenant_id: 'tenant',
  status: 'draft, ready, issued or void',
  payment_status: 'unpaid, partly_paid, paid or written_off',
  overdue: 'true or false',
  number: 'number of the invoice',
} as const;
const REASON = { '--reason <text>': 'kept in the audit log; required' };
const VERSION = { '--expected-version <number>': 'refuse when somebody has changed the invoice since this version' };
const PENDING_PAUSE_MS = 500;
const PENDING_LIMIT_MS = 60_000;

const at = (id: string) => ({ params: { path: { id } } });

export function addTenantBillingCommands(book: CommandBook, program: Command): void {
  const group = book.group(program, 'invoice', 'Invoices of tenants');
  addInvoiceReads(book, group);
  addInvoiceVerbs(book, group);
  addInvoiceMoney(book, group);
  addDocuments(book, group);
}

function addInvoiceReads(book: CommandBook, group: Command): void {
  addList(book, group, {
    usage: 'ls',
    summary: 'list invoices',
    path: '/api/v1/tenant-invoices',
    filters: {
      ...FILTERS,
      problem: 'code of a problem of the draft',
      sort: '-created by default; period, total, due_on or tenant_id, with a minus to reverse',
    },
    fields: ['id', 'number', 'tenant_id', 'period', 'status', 'payment_status', 'overdue', 'total', 'due', 'currency', 'due_on'],
    examples: ['invoice ls --period 2026-10 --status draft', 'invoice ls --overdue true --exit-code'],
  });
  book.add(
    group,
    { usage: 'get <id>', summary: 'one invoice with its problems and what is possible now', examples: ['invoice get ID'], watch: true },
    (session, id = '') => session.show(session.client.GET('/api/v1/tenant-invoices/{id}', at(id)), INVOICE),
  );
  addList(book, group, {
    usage: 'lines <id>',
    summary: 'the lines of an invoice',
    path: '/api/v1/tenant-invoices/{id}/lines',
    filters: {},
    fields: ['line_no', 'kind', 'description', 'resource_name', 'quantity', 'unit', 'unit_price', 'net', 'tax_rate'],
    examples: ['invoice lines ID', 'invoice lines ID -o csv > lines.csv'],
  });
}

function addInvoiceVerbs(book: CommandBook, group: Command): void {
  book.add(
    group,
    {
      usage: 'build',
      summary: 'make the drafts of a month, or make them again',
      options: { '--period <month>': 'month, such as 2026-10; required', '--reason <text>': 'kept in the audit log' },
      examples: ['invoice build --period 2026-10'],
    },
    (session) => {
      const body = { period: session.needed('period'), ...session.reason };
      return session.show(session.client.POST('/api/v1/tenant-invoices/build', { body }), BUILT);
    },
  );
  const verb = (name: Schemas['BulkInvoicesBody']['verb'], summary: string, question?: string) =>
    book.add(
      group,
      {
        usage: `${name} [id]`,
        summary,
        options: {
          '--period <month>': 'instead of an id: every invoice of this month that it is possible for',
          '--tenant-id <id>': 'with --period: of this tenant only',
          '--dry-run': 'with --period: say what would happen, and change nothing',
          ...REASON,
          ...VERSION,
        },
        examples: [`invoice ${name} ID --reason "checked"`, `invoice ${name} --period 2026-10 --dry-run --reason "checked"`],
      },
      (session, id) => (id === undefined ? bulk(session, name, question) : single(session, name, id, question)),
    );
  verb('refresh', 'compute a draft again');
  verb('approve', 'approve a draft: its lines and its tax are decided');
  verb('unapprove', 'make an approved invoice a draft again');
  verb('issue', 'give an approved invoice its number and issue it', 'An issued invoice never changes. Issue');
  verb('void', 'cancel an issued invoice that is unpaid; its number stays used', 'This cannot be undone. Void');
  addDiscard(book, group);
}

function addDiscard(book: CommandBook, group: Command): void {
  book.add(
    group,
    { usage: 'discard <id>', summary: 'delete a draft of your own lines', examples: ['invoice discard ID'] },
    async (session, id = '') => {
      await session.confirm(`This cannot be undone. Discard the draft ${id}?`);
      await session.show(session.client.DELETE('/api/v1/tenant-invoices/{id}', at(id)), INVOICE);
    },
  );
}

const BUILT = ['period', 'drafts', 'written', 'unchanged', 'deleted', 'stopped'];

async function single(session: Session, verb: Schemas['BulkInvoicesBody']['verb'], id: string, question?: string): Promise<number> {
  const body = { ...session.neededReason, expected_version: await versionOf(session, id) };
  if (question !== undefined) await session.confirm(`${question} ${id}?`);
  const shape = session.shape(INVOICE);
  const { data } = await answered(session.client.POST(`/api/v1/tenant-invoices/{id}/${verb}`, { ...at(id), body }));
  await writeObject(session.terminal, shape, { ...data });
  return EXIT.ok;
}

/** The result of each invoice is a row. Exits with 6 when some were refused. */
async function bulk(session: Session, verb: Schemas['BulkInvoicesBody']['verb'], question?: string): Promise<number> {
  const tenant = session.text('tenantId');
  const period = session.text('period');
  if (period === undefined) throw usageError('Give the id of an invoice, or --period');
  const filter = { period, status: FROM[verb], ...(tenant === undefined ? {} : { tenant_id: tenant }) };
  const body = { verb, filter, ...session.neededReason };
  const shape = session.shape(['id', 'code', 'detail']);
  const dry = session.has('dryRun');
  if (!dry && question !== undefined) await session.confirm(`${question} every invoice of ${period} that is ${FROM[verb]}?`);
  const call = session.client.POST('/api/v1/tenant-invoices/bulk', { body, params: { query: dry ? { dry_run: 'true' } : {} } });
  const { data } = await answered(call);
  await writeRows(session.terminal, shape, (async function* () { yield data.results.map((result) => ({ ...result })); })()); // prettier-ignore
  session.say(`${data.matched} invoices: ${data.done} ${dry ? 'would be changed' : 'changed'}, ${data.refused} refused`);
  return data.refused > 0 ? EXIT.conflict : EXIT.ok;
}

/** The status from which each verb leads away. */
const FROM = { refresh: 'draft', approve: 'draft', unapprove: 'ready', issue: 'ready', void: 'issued' } as const;

function addInvoiceMoney(book: CommandBook, group: Command): void {
  book.add(
    group,
    {
      usage: 'pay <id>',
      summary: 'record money that a tenant paid, or that went back',
      options: {
        '--amount <amount>': 'in the currency of the invoice; required',
        '--reference <text>': 'of the bank, unique; required',
        '--received-on <date>': 'day of the payment; today by default',
        '--kind <kind>': 'received, refunded or reversed; received by default',
        '--reason <text>': 'kept in the audit log',
        ...VERSION,
      },
      examples: ['invoice pay ID --amount 244.61 --reference "bank 2026-11-30/17"'],
    },
    async (session, id = '') => {
      const kind = session.text('kind') ?? 'received';
      if (!isOf(PAYMENTS, kind)) throw usageError(`--kind must be one of ${PAYMENTS.join(', ')}, not ${kind}`);
      const body = {
        kind,
        amount: session.needed('amount'),
        reference: session.needed('reference'),
        received_on: session.text('receivedOn') ?? new Date(session.terminal.now()).toISOString().slice(0, 10),
        expected_version: await versionOf(session, id),
        ...session.reason,
      };
      await session.show(session.client.POST('/api/v1/tenant-invoices/{id}/payments', { ...at(id), body }), INVOICE);
    },
  );
  book.add(
    group,
    {
      usage: 'credit <id>',
      summary: 'issue a credit note over lines of an invoice',
      options: { '--line <number=net...>': 'a line and the net amount to credit; required', ...REASON, ...VERSION },
      examples: ['invoice credit ID --line 3=12.50 --line 4=1.00 --reason "outage of 12 May"'],
    },
    async (session, id = '') => {
      const lines = session.list('line').map(creditLine);
      if (lines.length === 0) throw usageError('--line is required, such as --line 3=12.50');
      const body = { lines, ...session.neededReason, expected_version: await versionOf(session, id) };
      await session.confirm(`A credit note never changes. Credit ${lines.length} lines of ${id}?`);
      const fields = ['id', 'number', 'invoice_id', 'tenant_id', 'currency', 'net', 'tax', 'total', 'lowers_due', 'rest'];
      await session.show(session.client.POST('/api/v1/tenant-invoices/{id}/credit', { ...at(id), body }), fields);
    },
  );
  book.add(
    group,
    {
      usage: 'write-off <id>',
      summary: 'give up what is due',
      options: { ...REASON, ...VERSION },
      examples: ['invoice write-off ID --reason "insolvent"'],
    },
    async (session, id = '') => {
      const body = { ...session.neededReason, expected_version: await versionOf(session, id) };
      await session.confirm(`This cannot be undone. Write off what is due of ${id}?`);
      await session.show(session.client.POST('/api/v1/tenant-invoices/{id}/write_off', { ...at(id), body }), INVOICE);
    },
  );
}

const PAYMENTS = ['received', 'refunded', 'reversed'] as const;
const isOf = <T extends string>(words: readonly T[], word: string): word is T => words.some((known) => known === word);

function creditLine(text: string): { line_no: number; net: string } {
  const [, line, net = ''] = /^(\d{1,6})=(\d+(?:\.\d+)?)$/.exec(text) ?? [];
  if (line === undefined) throw usageError(`--line must be number=net, such as 3=12.50, not ${text}`);
  return { line_no: Number(line), net };
}

/** The version of `--expected-version`, else the one that the invoice has now. */
async function versionOf(session: Session, id: string): Promise<number> {
  const given = session.text('expectedVersion');
  if (given === undefined) return (await answered(session.client.GET('/api/v1/tenant-invoices/{id}', at(id)))).data.version;
  if (!/^\d{1,9}$/.test(given)) throw usageError('--expected-version must be a whole number');
  return Number(given);
}

function addDocuments(book: CommandBook, group: Command): void {
  const documentOf = (usage: string, summary: string, example: string, path: (session: Session) => string) =>
    book.add(
      group,
      {
        usage,
        summary,
        options: { '--to <file>': 'the file to write; standard output by default', ...(usage.startsWith('proof') ? ISSUER : {}) },
        examples: [example],
      },
      (session, id = '') => download(session, `/api/v1/tenant-invoices/${encodeURIComponent(id)}/${path(session)}`),
    );
  documentOf('pdf <id>', 'download the document of an issued invoice', 'invoice pdf ID --to INV-00001.pdf', () => 'document.pdf');
  documentOf('proof <id>', 'download the proof of an issued invoice', 'invoice proof ID --to proof.json', (session) =>
    session.has('issuer') ? 'proof.json?issuer=true' : 'proof.json',
  );
}

const ISSUER = { '--issuer': 'admins: the proof that opens what lies behind the prices' };

/** Writes the file unchanged. Waits for a document that is still being printed. */
async function download(session: Session, path: string): Promise<void> {
  const { terminal, endpoint } = session;
  const deadline = terminal.now() + PENDING_LIMIT_MS;
  for (;;) {
    const response = await reached(fetch(`${endpoint.api}${path}`, { headers: authorization(endpoint.token), signal: terminal.signal }));
    if (response.ok) return save(session, Buffer.from(await response.arrayBuffer()));
    const body: unknown = await response.json().catch(() => undefined);
    const isPending = (body as { code?: string } | undefined)?.code === 'document_pending';
    if (!isPending || terminal.now() > deadline) throw refusal(response, body);
    await terminal.pause(PENDING_PAUSE_MS);
  }
}

async function save(session: Session, bytes: Buffer): Promise<void> {
  const file = session.text('to');
  if (file === undefined) return session.terminal.out(bytes);
  writeFileSync(file, bytes);
  session.say(`${bytes.length} bytes written to ${file}`);
}

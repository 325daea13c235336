import { BillingHistory, CostLineReader, InvoiceIngest, InvoiceLedger } from '#libs/provider-billing';
import { encodeCursor } from '#libs/kernel';
import { readdirSync, readlinkSync } from 'node:fs';
import { until } from '../../support/until';
import { newBillingWorld, type BillingWorld } from './billing-world';

const CSV = '/v2/customers/my/invoices/*/csv';

let world: BillingWorld;
beforeEach(async () => {
  world = await newBillingWorld({ ACCOUNT_CHECK_MS: '0' });
});
afterEach(() => world.close());

const anInvoice = (items: readonly object[]) => ({
  invoice_uuid: '22222222-0000-4000-8000-000000000001',
  invoice_period: '2026-04',
  items,
});
const items = (count: number, amount: string) =>
  Array.from({ length: count }, (_, nth) => ({ description: `web-${nth} (s-1vcpu-1gb)`, amount, resource_id: String(570_000_000 + nth) }));
const only = async () => {
  const [invoice] = await world.invoices();
  if (!invoice) throw new Error('there is no invoice');
  return invoice;
};
const run = async () => world.get(InvoiceIngest).run((await only()).id);
const other = (id: string) => world.get(InvoiceIngest).run(id);
const linkOf = (fd: string): string => {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`);
  } catch {
    return '';
  }
};

it.each([
  { name: 'an outage', effect: { type: 'status', status: 503 }, code: 'provider_unavailable' },
  { name: 'a page of a proxy', effect: { type: 'status', status: 200, body: 'html' }, code: 'malformed_answer' },
  { name: 'a broken connection', effect: { type: 'reset' }, code: 'provider_unavailable' },
  { name: 'a document that ends in the middle of a line', effect: { type: 'truncate' }, code: 'unreadable_document' },
  { name: 'a token without the scope', effect: { type: 'status', status: 403 }, code: 'forbidden_by_provider' },
])(
  'keeps the previous lines and their status after $name, with the failed reading beside them (C6) [BIL-2, BIL-3]',
  async ({ effect, code }) => {
    await world.simulator.change({ invoices: [anInvoice(items(7, '6.00'))] });
    await world.ingestAll();
    const before = await world.lines();
    await world.simulator.change({ invoices: [anInvoice(items(9, '7.00'))] });
    await world.get(BillingHistory).read();
    await world.simulator.faults([{ id: 'f', match: { path: CSV }, effect }]);
    await expect(run()).rejects.toMatchObject({ code });
    expect((await world.simulator.fired()).f).toBeGreaterThan(0);
    expect(await world.lines()).toEqual(before);
    expect(await only()).toMatchObject({
      status: 'ingested',
      failure: { code, at: expect.stringMatching(/Z$/) as string },
      lines: 7,
      reconciliation: { status: 'reconciled' },
    });
    expect(await world.get(InvoiceLedger).due(10)).toEqual([]); // after the pause of a failure

    await world.simulator.faults([]);
    await run();
    expect(await only()).toMatchObject({
      status: 'ingested',
      failure: null,
      lines: 9,
      amount: '63.00',
      reconciliation: { status: 'reconciled' },
    });
  },
);

it('refuses a document that was cut between two lines instead of storing a mismatch [BIL-3]', async () => {
  const whole = items(4, '6.00');
  await world.simulator.change({ invoices: [anInvoice(whole)] });
  await world.ingestAll();
  const header = 'product,group_description,description,hours,start,end,USD,project_name,category';
  const csv = [header, ...whole.slice(0, 2).map(({ description }) => `Droplets,,${description},720,,,$6.00,,iaas`), ''].join('\n');
  await world.simulator.change({ invoices: [{ ...anInvoice(whole), csv }] });
  await expect(run()).rejects.toMatchObject({ code: 'incomplete_document' });
  expect(await only()).toMatchObject({ lines: 4, reconciliation: { status: 'reconciled' } });
});

it('stores a mismatch when a document has fewer lines than items and the items do not add up either [BIL-5]', async () => {
  await world.simulator.change({
    invoices: [{ ...anInvoice(items(2, '6.00')), amount: '5.00', csv: 'product,description,USD\nDroplets,web (x),$6.00\n' }],
  });
  await world.ingestAll();
  expect(await only()).toMatchObject({ status: 'ingested', lines: 1, reconciliation: { status: 'mismatch', difference: '-1.00' } });
});

it('keeps a reconciled line set when a document has fewer lines and the items are unavailable [BIL-2]', async () => {
  await world.simulator.change({ invoices: [anInvoice(items(3, '6.00'))] });
  await world.ingestAll();
  await world.simulator.faults([
    {
      id: 'none',
      match: { path: '/v2/customers/my/invoices/22222222-0000-4000-8000-000000000001' },
      effect: { type: 'status', status: 404 },
    },
  ]);
  await world.simulator.change({ invoices: [{ ...anInvoice(items(3, '6.00')), csv: 'product,description,USD\n' }] });
  await expect(run()).rejects.toMatchObject({ code: 'incomplete_document' });
  expect((await world.simulator.fired()).none).toBeGreaterThan(0);
  expect(await only()).toMatchObject({ lines: 3, reconciliation: { status: 'reconciled' } });
});

it('closes the temporary file after a failed download', async () => {
  const open = () => readdirSync('/proc/self/fd').filter((fd) => linkOf(fd).includes('arcadia-invoice'));
  await world.simulator.change({ invoices: [anInvoice(items(2, '1.00'))] });
  await world.get(BillingHistory).read();
  await world.simulator.faults([{ id: 'f', match: { path: CSV }, effect: { type: 'status', status: 503 } }]);
  await expect(run()).rejects.toMatchObject({ code: 'provider_unavailable' });
  expect(open()).toEqual([]);
});

it('refuses to continue a list that began in a line set which has been replaced [BIL-2]', async () => {
  await world.simulator.change({ invoices: [anInvoice(items(5, '1.00'))] });
  await world.ingestAll();
  const reader = world.get(CostLineReader);
  const first = await reader.list({}, { limit: 2 });
  await run();
  const second = await reader.list({}, { limit: 2, cursor: first.page.next_cursor ?? '' });
  expect(second.data.map(({ line_no }) => line_no)).toEqual([3, 4]);
  await world.simulator.change({ invoices: [anInvoice(items(6, '1.00'))] });
  await world.ingestAll();
  await expect(reader.list({}, { limit: 2, cursor: second.page.next_cursor ?? '' })).rejects.toMatchObject({
    code: 'lines_replaced',
    category: 'conflict',
  });
});

it.each(['2026-99-01', '9999-12-01', '0000-01-01'])('refuses a cursor with the month %s [TEN-5]', async (month) => {
  const cursor = encodeCursor(`${month}/22222222-0000-4000-8000-000000000001/1/abc`);
  await expect(world.get(CostLineReader).list({}, { limit: 2, cursor })).rejects.toMatchObject({ code: 'invalid_cursor' });
});

it('reads all other headers and entries when one is invalid', async () => {
  await world.simulator.change({
    invoices: [{ ...anInvoice(items(1, '1.00')) }],
    billing_history: [{ type: 'Payment', amount: '-1.00', date: '2026-05-02T00:00:00Z', description: 'x'.repeat(9_000) }],
  });
  await world.simulator.faults([
    {
      id: 'odd',
      match: { path: '/v2/customers/my/invoices' },
      effect: {
        type: 'status',
        status: 200,
        body: {
          invoices: [
            { invoice_uuid: 'odd', amount: '1.00', invoice_period: '0000-01' },
            { invoice_uuid: 'x'.repeat(9_000), amount: '1.00', invoice_period: '2026-01' },
          ],
          links: {},
          meta: { total: 2 },
        },
      },
    },
  ]);
  expect(await world.get(BillingHistory).read()).toMatchObject({ newInvoices: 1 });
  expect((await world.simulator.fired()).odd).toBeGreaterThan(0);
  expect(await only()).toMatchObject({ period: '2026-04' });
});

it('postpones an ingest when the provider returns another account [INV-6]', async () => {
  await world.simulator.change({ invoices: [anInvoice(items(1, '1.00'))] });
  await world.get(BillingHistory).read();
  const { id } = await only();
  await world.simulator.faults([{ id: 'other', match: { path: '/v2/*' }, effect: { type: 'other_account' } }]);
  await world.database.query('select 1');
  await expect(other(id)).rejects.toMatchObject({ code: 'other_account' });
  expect(await world.get(InvoiceLedger).due(10)).toEqual([]);
  expect(await only()).toMatchObject({ status: 'failed', failure: { code: 'other_account' } });
});

const CELLS = 'product,group_description,description,hours,start,end,USD,project_name,category';
const month = '2026-04-01 00:00:00 +0000,2026-05-01 00:00:00 +0000';

it('reads hours that are no number as none, keeps their text and counts them (B2) [BIL-3]', async () => {
  const hours = ['0.016666666666666666', '.5', '743.9997222222', '+1.0', 'n/a'];
  const csv = [
    CELLS,
    ...hours.map((text, nth) => `Droplets,,job-${nth} (x),${text},${month},$0.01,Fern Bakery,iaas`),
    'Credits,,Goodwill,,soon,,$0.01,,iaas',
  ].join('\n');
  await world.simulator.change({ invoices: [{ ...anInvoice(items(1, '0.06')), csv }] });
  await world.ingestAll();
  expect(await only()).toMatchObject({ status: 'ingested', lines: 6, unreadable_cells: 2, reconciliation: { status: 'reconciled' } });
  expect((await world.lines()).map((line) => line.hours)).toEqual(['0.016666666666666666', '0.5', '743.9997222222', '1.0', null, null]);
  const kept = await world.database.query('select line_no, extra from cloud_cost_lines where extra is not null order by line_no');
  expect(kept).toEqual([
    { line_no: 5, extra: { hours: 'n/a' } },
    { line_no: 6, extra: { start: 'soon' } },
  ]);
});

it('reads a charge that was taken back with negative hours (B2) [BIL-5]', async () => {
  const csv = [
    CELLS,
    ...['720', '720', '-720'].map((hours) => `Droplets,,web (x),${hours},${month},${hours.replace('720', '$12.00')},Fern Bakery,iaas`),
  ];
  await world.simulator.change({ invoices: [{ ...anInvoice(items(1, '12.00')), csv: csv.join('\n') }] });
  await world.ingestAll();
  expect(await only()).toMatchObject({ status: 'ingested', lines: 3, unreadable_cells: 0, reconciliation: { status: 'reconciled' } });
  expect((await world.lines()).map(({ hours, amount }) => [hours, amount])).toEqual([
    ['720', '12.00'],
    ['720', '12.00'],
    ['-720', '-12.00'],
  ]);
});

it('refuses an amount in scientific notation with its line [BIL-3]', async () => {
  const csv = 'product,description,USD\nDroplets,web (x),$1.00\nDroplets,web (y),$1.2e1\n';
  await world.simulator.change({ invoices: [{ ...anInvoice(items(1, '13.00')), csv }] });
  await world.get(BillingHistory).read();
  await expect(run()).rejects.toMatchObject({ code: 'unreadable_document', line: 3 });
});

it('reads all other items when one cannot be read, and those with an unreadable time (A3, B2) [BIL-3]', async () => {
  const given = items(3, '6.00').map((item) => ({ ...item, start_time: '2026-04-01T00:00:00Z', end_time: '2026-05-01T00:00:00Z' }));
  await world.simulator.change({ invoices: [anInvoice(given)] });
  const [first, second, third] = given.map((item) => ({ product: 'Droplets', ...item }));
  const body = {
    invoice_items: [
      { ...first, start_time: 'soon' },
      { ...second, amount: '' },
      { ...third, resource_uuid: {}, project_name: '' },
    ],
    links: {},
    meta: { total: 3 },
  };
  const path = '/v2/customers/my/invoices/22222222-0000-4000-8000-000000000001';
  await world.simulator.faults([{ id: 'odd', match: { path }, effect: { type: 'status', status: 200, body } }]);
  await world.ingestAll();
  expect((await world.simulator.fired()).odd).toBeGreaterThan(0);
  expect(await only()).toMatchObject({ status: 'ingested', lines: 3, reconciliation: { status: 'reconciled' } });
  expect(await world.database.query('select line_no, provider_ref from cloud_cost_lines order by line_no')).toEqual([
    { line_no: 1, provider_ref: null },
    { line_no: 2, provider_ref: null },
    { line_no: 3, provider_ref: '570000002' },
  ]);
});

it('reads a history and headers with nothing written in other ways, and the entries beside one that cannot be read (A3) [BIL-3]', async () => {
  const entry = { type: 'Payment', description: 'Payment', amount: '-10.00', date: '2026-04-02T00:00:00Z' };
  const history = [
    { ...entry, invoice_id: '', invoice_uuid: '' },
    { ...entry, date: '2026-04-03T00:00:00Z', invoice_id: {}, invoice_uuid: [], description: null },
    { ...entry, date: '0001-01-01T00:00:00Z' },
  ];
  const header = { invoice_uuid: '33333333-2222-4333-8444-555555555503', invoice_id: '', amount: '10.00', invoice_period: '2026-04' };
  const list = (key: string, rows: readonly object[]) => ({
    id: key,
    match: { path: `/v2/customers/my/${key}` },
    effect: { type: 'status' as const, status: 200, body: { [key]: rows, links: {}, meta: { total: rows.length } } },
  });
  await world.simulator.faults([list('billing_history', history), list('invoices', [header])]);
  expect(await world.get(BillingHistory).read()).toEqual({ entries: 2, newEntries: 2, newInvoices: 1 });
  expect(await only()).toMatchObject({ invoice_number: null, amount: '10.00' });
});

it('stores the number of the unreadable line on the invoice [BIL-3]', async () => {
  const csv = 'product,description,USD\nDroplets,web (x),$1.00\nDroplets,web (x),one dollar\n';
  await world.simulator.change({ invoices: [{ ...anInvoice(items(2, '1.00')), csv }] });
  await world.get(BillingHistory).read();
  await expect(run()).rejects.toMatchObject({ code: 'unreadable_document' });
  expect(await only()).toMatchObject({
    status: 'failed',
    lines: null,
    failure: { line: 3, detail: expect.stringContaining('Line 3') as string },
  });
  expect(await world.lines()).toEqual([]);
});

it('produces the same rows with the same ids when the same document is ingested again [BIL-2]', async () => {
  await world.simulator.change({ invoices: [anInvoice(items(30, '6.00'))] });
  await world.ingestAll();
  const before = await world.lines();
  await run();
  expect(await world.lines()).toEqual(before);
  expect(new Set(before.map(({ id }) => id)).size).toBe(30);
});

it('keeps the document that was requested later, whichever of two is written first [BIL-2]', async () => {
  await world.simulator.change({ invoices: [anInvoice(items(2, '1.00'))] });
  await world.get(BillingHistory).read();
  await world.simulator.faults([{ id: 'slow', match: { path: CSV }, times: 1, effect: { type: 'hold', after: true } }]);
  const slow = run();
  await until(async () => (await world.simulator.held()) === 1, { what: 'the blocked document' });
  await world.simulator.change({ invoices: [anInvoice(items(3, '1.00'))] });
  await world.get(BillingHistory).read();
  await run();
  await world.simulator.faults([]);
  expect(await slow).toBeUndefined();
  expect(await only()).toMatchObject({ lines: 3, amount: '3.00', reconciliation: { status: 'reconciled' } });
});

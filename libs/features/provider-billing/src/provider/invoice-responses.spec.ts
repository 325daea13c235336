import { MalformedAnswerError } from '#libs/digitalocean';
import { parseBalance, parseHistoryEntry, parseInvoiceHeader, parseItem, parsePreview, parseSummary } from './invoice-responses';

const ENTRY = { type: 'Payment', description: null, amount: '-5.00', date: '2026-05-01T06:00:00Z', invoice_uuid: null, more: [1] };
const ITEM = { product: 'Droplets', amount: '1.5', resource_id: 42, resource_uuid: ' ABC ', start_time: '2026-04-01T00:00:00Z' };
const BALANCE = {
  month_to_date_balance: '1.00',
  account_balance: '-2.50',
  month_to_date_usage: '0.000001',
  generated_at: '2026-04-01T00:00:00Z',
};

it('reads responses with unknown fields, and without those that may be missing', () => {
  expect(parseHistoryEntry(ENTRY)).toEqual({
    type: 'Payment',
    description: '',
    amount: '-5.00',
    occurredAt: '2026-05-01T06:00:00.000Z',
    invoiceUuid: '',
    invoiceNumber: null,
  });
  expect(parseInvoiceHeader({ invoice_uuid: 'u', invoice_id: 42, amount: '$1,000.50', invoice_period: '2026-04' })).toEqual({
    invoiceUuid: 'u',
    invoiceNumber: '42',
    amount: '1000.50',
    period: '2026-04-01',
  });
  expect(parseItem(ITEM)).toEqual({
    product: 'Droplets',
    description: '',
    started_at: '2026-04-01T00:00:00.000Z',
    ended_at: null,
    amount: '1.5',
    project_name: null,
    ref_id: '42',
    ref_uuid: 'abc',
  });
  expect(parseSummary({ amount: '3', taxes: { amount: '1.10', name: 'GST' }, overages: null, credits_and_adjustments: {} })).toEqual({
    amount: '3',
    taxes: '1.10',
    product_charges: null,
    overages: null,
    credits_and_adjustments: null,
  });
  expect(parsePreview({ invoices: [] })).toBeNull();
  expect(parsePreview({ invoice_preview: { amount: '4.20', invoice_period: null } })).toMatchObject({ period: null, updatedAt: null });
});

it('keeps every digit of a balance [BIL-1]', () => {
  const { monthToDateBalance, accountBalance, monthToDateUsage, generatedAt } = parseBalance(BALANCE);
  expect([monthToDateBalance, accountBalance, monthToDateUsage].map((amount) => amount.toText())).toEqual(['1.00', '-2.50', '0.000001']);
  expect(generatedAt?.toISOString()).toBe('2026-04-01T00:00:00.000Z');
});

it.each([
  [parseHistoryEntry, null, 'billing_history is not an object'],
  [parseHistoryEntry, { ...ENTRY, type: 7 }, 'type is not text'],
  [parseHistoryEntry, { ...ENTRY, type: 'x'.repeat(65_537) }, 'type is not text of at most 65536 characters'],
  [parseHistoryEntry, { ...ENTRY, amount: 'much' }, 'amount is not an amount'],
  [parseHistoryEntry, { ...ENTRY, amount: undefined }, 'amount is not text'],
  [parseHistoryEntry, { ...ENTRY, date: '' }, 'date is missing'],
  [parseHistoryEntry, { ...ENTRY, date: '0001-01-01T00:00:00Z' }, 'date is missing'],
  [parseHistoryEntry, { ...ENTRY, date: null }, 'date is missing'],
  [parseHistoryEntry, { ...ENTRY, date: 'yesterday' }, 'date is not a time'],
  [parseHistoryEntry, { ...ENTRY, invoice_uuid: 'a\nb' }, 'invoice_uuid is not an id'],
  [parseInvoiceHeader, { invoice_uuid: '', amount: '1', invoice_period: '2026-04' }, 'invoice_uuid is not an id'],
  [parseInvoiceHeader, { invoice_uuid: 'u', amount: '1', invoice_period: '2026-13' }, 'invoice_period is not a month'],
  [parsePreview, [], 'the answer is not an object'],
  [parsePreview, { invoice_preview: { amount: 4 } }, 'invoice_preview.amount is not text'],
  [parseSummary, { taxes: [1] }, 'taxes is not an object'],
  [parseSummary, { taxes: { amount: 'x' } }, 'taxes.amount is not an amount'],
  [parseItem, { ...ITEM, resource_id: 1.5 }, 'resource_id is not text'],
  [parseItem, { ...ITEM, amount: '' }, 'amount is not an amount'],
  [parseItem, { ...ITEM, amount: '1e2' }, 'amount is not an amount'],
  [parseBalance, { ...BALANCE, account_balance: '1,000' }, 'account_balance is not an amount'],
])('names the path of what it cannot read', (parse: (raw: unknown) => unknown, raw, problem) => {
  const refused = () => parse(raw);
  expect(refused).toThrow(MalformedAnswerError);
  expect(refused).toThrow(`(${problem})`);
});

/** Objects with every optional field, by the parser that reads them. */
const FULL = {
  'an entry of the history': [
    parseHistoryEntry,
    { ...ENTRY, description: 'x', invoice_uuid: 'u', invoice_id: '1' },
    ['description', 'invoice_uuid', 'invoice_id'],
  ],
  'an invoice header': [parseInvoiceHeader, { invoice_uuid: 'u', invoice_id: '1', amount: '1', invoice_period: '2026-04' }, ['invoice_id']],
  'an item': [
    parseItem,
    { ...ITEM, description: 'x', end_time: '2026-05-01T00:00:00Z', project_name: 'Acme' },
    ['description', 'start_time', 'end_time', 'project_name', 'resource_id', 'resource_uuid'],
  ],
  'a summary': [
    parseSummary,
    {
      amount: '3',
      taxes: { amount: '1' },
      product_charges: { amount: '1' },
      overages: { amount: '1' },
      credits_and_adjustments: { amount: '1' },
    },
    ['amount', 'taxes', 'product_charges', 'overages', 'credits_and_adjustments'],
  ],
  'a response with a preview': [parsePreview, { invoice_preview: { amount: '4.20', invoice_period: '2026-05' } }, ['invoice_preview']],
  'a preview': [
    (raw: object) => parsePreview({ invoice_preview: raw }),
    { amount: '4.20', invoice_uuid: 'u', invoice_period: '2026-05', updated_at: '2026-05-02T00:00:00Z' },
    ['invoice_uuid', 'invoice_period', 'updated_at'],
  ],
} as const;
const OPTIONAL = Object.entries(FULL).flatMap(([what, [parse, full, fields]]) =>
  fields.map((field) => ({ what, field, full, parse: parse as (raw: object) => unknown })),
);

it.each(OPTIONAL)('reads $field of $what as missing when it is null, "", {} or [] (A3) [BIL-3]', ({ field, full, parse }) => {
  const { [field]: _field, ...without } = full as Record<string, unknown>;
  const missing = parse(without);
  expect(missing).not.toEqual(parse(full));
  for (const nothing of [null, undefined, '', ' ', {}, []]) expect(parse({ ...full, [field]: nothing })).toEqual(missing);
});

it('reads the zero time of an item, a preview and a balance as no time (A3) [BIL-3]', () => {
  const zero = '0001-01-01T00:00:00Z';
  expect(parseItem({ ...ITEM, start_time: zero, end_time: zero })).toMatchObject({ started_at: null, ended_at: null });
  expect(parsePreview({ invoice_preview: { amount: '1', updated_at: zero } })).toMatchObject({ updatedAt: null });
  expect(parseBalance({ ...BALANCE, generated_at: zero }).generatedAt).toBeNull();
});

it('reads an item whose times cannot be read, and texts without the blanks around them, as the document is read (B1, B2) [BIL-3]', () => {
  expect(
    parseItem({ ...ITEM, product: ' Droplets', description: 'web\t', project_name: 'Fern Bakery ', start_time: 'April', end_time: 'soon' }),
  ).toEqual(
    expect.objectContaining({ product: 'Droplets', description: 'web', project_name: 'Fern Bakery', started_at: null, ended_at: null }),
  );
});

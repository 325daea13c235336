import type { HistoryEntry } from '../provider/invoice-responses';
import { invoicesInHistory, numberDuplicates } from './billing-history';

const entry = (change: Partial<HistoryEntry> = {}): HistoryEntry => ({
  type: 'Invoice',
  description: 'Invoice for April 2026',
  amount: '86.92',
  occurredAt: '2026-05-01T06:00:00.000Z',
  invoiceUuid: 'u-1',
  invoiceNumber: '42',
  ...change,
});

it('takes the period from the header and the day of issue from the history', () => {
  const header = { invoiceUuid: 'u-1', invoiceNumber: null, amount: '86.92', period: '2026-04-01' };
  expect(invoicesInHistory([entry()], [header])).toEqual([{ ...header, invoiceNumber: '42', issuedOn: '2026-05-01' }]);
});

it.each([
  [entry(), '2026-04-01'],
  [entry({ description: 'Monthly invoice' }), '2026-04-01'],
  [entry({ description: 'Invoice', occurredAt: '2026-01-01T00:00:00.000Z' }), '2025-12-01'],
  [entry({ description: 'Threshold invoice', occurredAt: '2026-04-17T00:00:00.000Z' }), '2026-04-01'],
])('finds the period of an invoice that is only in the history', (known, period) => {
  expect(invoicesInHistory([known], [])).toMatchObject([{ invoiceUuid: 'u-1', period }]);
});

it('never takes the preview or another entry for an invoice [BIL-9]', () => {
  const preview = { invoiceUuid: 'preview', invoiceNumber: null, amount: '1.00', period: '2026-05-01' };
  expect(invoicesInHistory([entry({ type: 'Payment', invoiceUuid: '' }), entry({ invoiceUuid: '' })], [preview])).toEqual([]);
});

it('dates an invoice without a history entry on the first of the next month', () => {
  expect(invoicesInHistory([], [{ invoiceUuid: 'u', invoiceNumber: null, amount: '1', period: '2025-12-01' }])).toMatchObject([
    { issuedOn: '2026-01-01' },
  ]);
});

it('numbers entries that are equal in every field', () => {
  const payment = entry({ type: 'Payment', invoiceUuid: '' });
  expect(numberDuplicates([payment, entry(), payment]).map(({ nth }) => nth)).toEqual([1, 1, 2]);
});

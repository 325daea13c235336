import { Money } from '#libs/kernel';
import { reconcile } from './invoice.states';

const summary = (amount: string | null, taxes: string | null) => ({
  amount,
  taxes,
  product_charges: null,
  overages: null,
  credits_and_adjustments: null,
});

it.each([
  { header: '86.92', lines: '86.92', tax: '7.90', given: summary('86.92', '7.90'), expected: { status: 'reconciled', difference: '0' } },
  { header: '86.92', lines: '86.9200', tax: '7.9', given: summary('86.920', '7.90'), expected: { status: 'reconciled', difference: '0' } },
  { header: '86.92', lines: '86.92', tax: '0', given: null, expected: { status: 'reconciled', difference: '0' } },
  { header: '0.30', lines: '0.1', tax: '0', given: null, expected: { status: 'mismatch', difference: '0.2' } },
  { header: '86.92', lines: '86.93', tax: '7.90', given: null, expected: { status: 'mismatch', difference: '-0.01' } },
  { header: '-5.00', lines: '-5', tax: '0', given: summary(null, null), expected: { status: 'reconciled', difference: '0' } },
  { header: '86.92', lines: '86.92', tax: '7.90', given: summary('86.92', '7.91'), expected: { status: 'mismatch', difference: '0' } },
  { header: '86.92', lines: '86.92', tax: '7.90', given: summary('86.91', '7.90'), expected: { status: 'mismatch', difference: '0' } },
])(
  'makes lines of $lines with $tax tax under an amount of $header $expected.status by $expected.difference [BIL-5]',
  ({ header, lines, tax, given, expected }) => {
    const sums = { header: Money.parse(header), lines: Money.parse(lines), tax: Money.parse(tax) };
    const { status, difference } = reconcile(sums, given);
    expect({ status, difference: difference.toText() }).toEqual(expected);
  },
);

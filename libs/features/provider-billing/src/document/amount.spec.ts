import { amountText, hoursText } from './amount';
import { UnreadableRecord } from '../provider-billing.errors';

it.each([
  ['$12.34', '12.34'],
  ['12.34', '12.34'],
  ['$0.16', '0.16'],
  ['-$1.23', '-1.23'],
  ['$-1.23', '-1.23'],
  ['$ -1.23', '-1.23'],
  ['-1.23', '-1.23'],
  ['- $1.23', '-1.23'],
  ['($1.23)', '-1.23'],
  ['$(1.23)', '-1.23'],
  ['(1,234.50)', '-1234.50'],
  ['$1.23-', '-1.23'],
  ['\u22121.23', '-1.23'],
  ['+$1.23', '1.23'],
  ['$1,234.56', '1234.56'],
  ['$1,234,567.89', '1234567.89'],
  ['123456789012.0123456789', '123456789012.0123456789'],
  ['.50', '0.50'],
  ['$0', '0'],
  ['-$0.00', '0.00'],
  [' $5 ', '5'],
])('reads %s as %s, exact to the last digit [BIL-4]', (cell, expected) => {
  expect(amountText(cell)).toBe(expected);
});

it.each([
  '',
  ' ',
  '$',
  '-',
  '1.2.3',
  '1,23',
  '12,34.50',
  '1.234,56',
  '1e3',
  'NaN',
  '$1.23 CR',
  '--1',
  '(-1',
  '0x10',
  '1 234',
  '1234567890123',
  'abc',
])('refuses the amount %p [BIL-3]', (cell) => {
  expect(() => amountText(cell)).toThrow(UnreadableRecord);
});

it.each([
  ['', null],
  ['744', '744'],
  ['0', '0'],
  ['1,440', '1440'],
  ['0.5', '0.5'],
])('reads %p hours as %p [BIL-4]', (cell, expected) => {
  expect(hoursText(cell)).toBe(expected);
});

it.each(['-1', 'many', '1e2'])('refuses %p hours [BIL-3]', (cell) => {
  expect(() => hoursText(cell)).toThrow(UnreadableRecord);
});

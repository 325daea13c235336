import { describe, expect, it } from '@jest/globals';
import { lessOf, money, moneyDelta, plainDelta, sumOf, sumsText, wholeError, wholeNumber } from './format';

describe('a whole number that was typed', () => {
  it.each([
    ['20', 20],
    [' 0 ', 0],
    ['-5', -5],
  ])('reads %j as %d', (text, value) => {
    expect(wholeNumber(text)).toBe(value);
    expect(wholeError(text)).toBeUndefined();
  });

  it.each(['2,000', '2.000', '1e3', '0x10', 'ten', '20 GiB', '1234567890123456'])('refuses %j', (text) => {
    expect(wholeNumber(text)).toBeNull();
    expect(wholeError(text)).toBeDefined();
  });

  it('takes an empty field for one that is missing, not for zero', () => {
    expect(wholeNumber(' ')).toBeNull();
    expect(wholeError(' ')).toBeUndefined();
  });
});

describe('sums of amounts', () => {
  it.each([
    [['0.10', '0.20'], '0.30'],
    [['12.3', '-0.45', '7'], '18.85'],
    [['0.05', '-0.10'], '-0.05'],
    [['9007199254740993.01', '0.01'], '9007199254740993.02'],
    [[], '0'],
  ])('adds %j exactly', (amounts, sum) => {
    expect(sumOf(amounts)).toBe(sum);
  });

  it('keeps the half cents of many parts, which floats lose', () => {
    expect(money(sumOf(['0.335', '0.335', '0.335']))).toBe('$1.01');
    expect(sumsText(Array.from({ length: 3 }, () => ['0.335', 'USD'] as const))).toBe('$1.01');
    expect(money('1.005')).toBe('$1.01');
  });

  it('writes a difference with its sign', () => {
    expect(plainDelta(lessOf('10.00', '12.50'))).toBe('−2.50');
    expect(plainDelta(lessOf('12.50', '10.00'))).toBe('+2.50');
    expect(plainDelta(lessOf('2.50', '2.50'))).toBe('0.00');
    expect(moneyDelta('-1234.5')).toBe('−$1,234.50');
  });

  it('adds no currency to another', () => {
    const amounts = [
      ['12.00', 'EUR'],
      ['3.50', 'USD'],
      ['0.10', 'EUR'],
    ] as const;
    expect(sumsText(amounts)).toBe('€12.10 + $3.50');
  });
});

import { describe, expect, it } from '@jest/globals';
import { sumsText, wholeError, wholeNumber } from './format';

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
  it('adds no currency to another', () => {
    const amounts = [
      ['12.00', 'EUR'],
      ['3.50', 'USD'],
      ['0.10', 'EUR'],
    ] as const;
    expect(sumsText(amounts)).toBe('€12.10 + $3.50');
  });
});

import { describe, expect, it } from '@jest/globals';
import { wholeError, wholeNumber } from './format';

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

import { describe, expect, it } from '@jest/globals';
import { inputOf, problemsOf } from './input-schema';

describe('the input of an order', () => {
  it('refuses a size that is no whole number', () => {
    for (const size of ['2,000', '1e3', ' ', 'ten']) {
      const input = inputOf('create_volume', { name: 'data', size_gib: size, region: 'fra1' });
      expect(Object.keys(problemsOf('create_volume', input))).toEqual(['size_gib']);
    }
  });

  it('sends a size as a number', () => {
    const input = inputOf('create_volume', { name: 'data', size_gib: '200', region: 'fra1' });
    expect(input).toMatchObject({ size_gib: 200 });
    expect(problemsOf('create_volume', input)).toEqual({});
  });
});

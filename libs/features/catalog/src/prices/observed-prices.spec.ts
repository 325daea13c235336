import { unitPrice } from './observed-prices';

const months = (...pairs: readonly (readonly [string, string])[]) => pairs.map(([units, amount]) => ({ units, amount }));

it.each([
  { what: 'one machine', lines: months(['1', '18.50']), price: '18.5' },
  { what: 'volumes of several sizes', lines: months(['100', '10.00'], ['55', '5.50'], ['1', '0.10']), price: '0.1' },
  { what: 'snapshots whose amounts are rounded', lines: months(['2.36', '0.14'], ['10.15', '0.61'], ['0.05', '0.01']), price: '0.06' },
  { what: 'a price that is finer than a cent', lines: months(['1000', '23.45']), price: '0.02345' },
  { what: 'amounts finer than a cent', lines: months(['3', '36.0000']), price: '12' },
])('finds the simplest price that explains $what', ({ lines, price }) => {
  expect(unitPrice(lines)).toBe(price);
});

it.each([
  { what: 'machines with different prices', lines: months(['1', '6.00'], ['1', '5.40']) },
  { what: 'the least amount only', lines: months(['0.02', '0.01']) },
  { what: 'no units', lines: months(['0', '5.00']) },
  { what: 'nothing', lines: [] },
])('learns nothing from $what', ({ lines }) => {
  expect(unitPrice(lines)).toBeUndefined();
});

import { kindOfProduct } from '#libs/provider-billing';
import { seedState } from '../../../apps/simulator/src/demo/demo-state';
import { demoInvoices } from '../../../apps/simulator/src/demo/invoices/demo-invoices';
import { PRODUCT_NAMES } from '../../support/product-names';

const START_MS = Date.UTC(2026, 10, 18);

it('knows every product name that DigitalOcean bills, so that no line is an unknown product [BIL-7]', () => {
  expect(PRODUCT_NAMES.length).toBeGreaterThanOrEqual(60);
  expect(PRODUCT_NAMES.map(([name]) => [name, kindOfProduct(name)])).toEqual(PRODUCT_NAMES);
});

it('knows every product of the invoices of the demo account [BIL-7]', () => {
  const state = seedState({ seed: 1, tenants: 12, scale: 1, empty: false, token: '' }, START_MS);
  const { invoices } = demoInvoices(state, 1, START_MS);
  const products = new Set(invoices.flatMap(({ items }) => items.map(({ product }) => product)));
  expect(products.size).toBeGreaterThan(5);
  expect([...products].filter((product) => kindOfProduct(product) === 'other')).toEqual([]);
});

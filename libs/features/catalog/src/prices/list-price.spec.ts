import { billedPrice, listPrice, withBackups, isPriced, type PriceSubject, type UnitRate } from './list-price';

const at = { source: 'configured', asOf: '2026-11-01T00:00:00.000Z' } as const;
const RATES: Record<string, UnitRate> = {
  'droplet:s-1vcpu-1gb': { amount: '6', hourly: '0.00893', source: 'catalog', asOf: '2026-11-29T00:00:00.000Z' },
  'droplet:odd': { amount: '28444.440000000002', hourly: '30000', ...at },
  'backups:weekly': { amount: '20', ...at },
  'backups:daily': { amount: '30', ...at },
  volume: { amount: '0.10', ...at },
  snapshot: { amount: '0.06', minimum: '0.01', ...at },
  load_balancer: { amount: '12.00', ...at },
  floating_ip: { amount: '5.00', ...at },
};
const price = (subject: PriceSubject) => listPrice(subject, (product) => RATES[product]);

it.each<{ subject: PriceSubject; hourly: string; monthly: string }>([
  { subject: { kind: 'droplet', sizeSlug: 's-1vcpu-1gb' }, hourly: '0.00893', monthly: '6.00' },
  { subject: { kind: 'droplet', sizeSlug: 'odd' }, hourly: '28444.44', monthly: '28444.44' },
  { subject: { kind: 'volume', gib: 100 }, hourly: '0.01488', monthly: '10.00' },
  { subject: { kind: 'snapshot', gib: '10.15' }, hourly: '0.00091', monthly: '0.609' },
  { subject: { kind: 'snapshot', gib: '0.05' }, hourly: '0.00001', monthly: '0.01' },
  { subject: { kind: 'snapshot', gib: 0 }, hourly: '0.00001', monthly: '0.01' },
  { subject: { kind: 'load_balancer', nodes: 3 }, hourly: '0.05357', monthly: '36.00' },
  { subject: { kind: 'load_balancer', nodes: null, sizeSlug: 'lb-large' }, hourly: '0.10714', monthly: '72.00' },
  { subject: { kind: 'floating_ip', assigned: false }, hourly: '0.00744', monthly: '5.00' },
  { subject: { kind: 'floating_ip' }, hourly: '0.00744', monthly: '5.00' },
])('prices $subject at $monthly a month', ({ subject, hourly, monthly }) => {
  expect(price(subject)).toMatchObject({ hourly, monthly, currency: 'USD', note: null, backups: null });
});

it.each([
  { plan: 'weekly' as const, hourly: '0.001786', monthly: '1.20', sum: '7.20' },
  { plan: 'daily' as const, hourly: '0.002679', monthly: '1.80', sum: '7.80' },
])('carries $plan backups beside the machine', ({ plan, hourly, monthly, sum }) => {
  const found = price({ kind: 'droplet', sizeSlug: 's-1vcpu-1gb', backups: plan });
  expect(found).toMatchObject({ monthly: '6.00', source: 'catalog', backups: { plan, hourly, monthly } });
  expect(isPriced(found) && withBackups(found).monthly).toBe(sum);
});

it.each([
  { charge: { free: 'carried by the price of its droplet' }, billed: undefined, note: 'carried by the price of its droplet' },
  {
    charge: { isBilled: true, freeUnits: 'free while assigned to a droplet' },
    billed: { product: 'floating_ip', units: '0', plan: null },
    note: 'free while assigned to a droplet',
  },
])('charges nothing for what is $note, and says why', ({ charge, billed, note }) => {
  expect(billedPrice(charge, billed, () => undefined)).toMatchObject({ hourly: '0.00', monthly: '0.00', note });
});

it.each([
  { subject: { kind: 'managed_db' }, unpriced: 'kind_without_details' },
  { subject: { kind: 'microdroplet' }, unpriced: 'kind_without_details' },
  { subject: { kind: 'droplet', sizeSlug: 's-retired' }, unpriced: 'unknown_size' },
  { subject: { kind: 'droplet', sizeSlug: null }, unpriced: 'unknown_size' },
  { subject: { kind: 'volume', gib: null }, unpriced: 'unknown_size' },
  { subject: { kind: 'load_balancer' }, unpriced: 'unknown_size' },
])('states the reason $unpriced for $subject, and no zero [PRC-1]', ({ subject, unpriced }) => {
  expect(price(subject)).toEqual({ unpriced });
});

it('states a missing rate instead of counting its part as zero [PRC-1]', () => {
  expect(listPrice({ kind: 'volume', gib: 1 }, () => undefined)).toEqual({ unpriced: 'no_rate' });
  const onlySize = (product: string) => (product.startsWith('droplet:') ? RATES[product] : undefined);
  expect(listPrice({ kind: 'droplet', sizeSlug: 's-1vcpu-1gb', backups: 'daily' }, onlySize)).toEqual({ unpriced: 'no_rate' });
});

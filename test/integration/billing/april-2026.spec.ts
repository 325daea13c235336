import { newBillingWorld, type BillingWorld } from './billing-world';
import { SweepService, FinancePush } from './billing-world';

/**
 * The shape of the invoice on which the first implementation was tried: 33 lines, $86.92 of which $7.90 is tax, and 17
 * matched lines. Eleven lines are of droplets that were destroyed long ago, one is tax, one is the Spaces subscription of
 * the account, and three are renamed snapshots.
 */
const DROPLETS = ['web-01', 'web-02', 'db-01', 'mail', 'ci'];
const DESTROYED = Array.from({ length: 11 }, (_, nth) => `preview-${nth + 1}`);
const item = (product: string, description: string, amount: string, more: object = {}) => ({ product, description, amount, ...more });

const ITEMS = [
  ...DROPLETS.map((name, nth) =>
    item('Droplets', `${name} (s-1vcpu-1gb)`, nth === 4 ? '10.15' : '6.00', {
      resource_id: String(570_000_001 + nth),
      project_name: 'Northwind internal',
    }),
  ),
  ...DROPLETS.slice(0, 4).map((name) => item('Droplet Backups', `${name} (Weekly Backup Services)`, '1.20', { hours: '4' })),
  ...DESTROYED.map((name, nth) =>
    item('Droplets', `${name} (s-1vcpu-1gb)`, nth === 0 ? '0.01' : '1.25', {
      hours: nth === 0 ? '0' : '140',
      resource_id: String(560_000_001 + nth),
      project_name: 'Previews',
    }),
  ),
  ...['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'].map((name) =>
    item('Droplet Snapshots', `keep-${name} (fra1) 20.00GB Droplet Snapshot`, '1.20'),
  ),
  ...['1', '2', '3'].map((name) => item('Droplet Snapshots', `web-01-170775544174${name} (fra1) 10.15GB Droplet Snapshot`, '4.32')),
  item('Spaces Subscription', 'Spaces ($5/mo 250GB storage & 1TB bandwidth)', '5.00', { category: 'iaas' }),
  item('Taxes', 'GST (10%)', '7.90', { hours: null, project_name: null }),
];

let world: BillingWorld;
beforeAll(async () => {
  world = await newBillingWorld();
  await world.simulator.withoutLags();
  await world.simulator.setDroplets(DROPLETS.map((name, nth) => ({ id: 570_000_001 + nth, name, created_at: '2025-06-01T00:00:00Z' })));
  const snapshots = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'x', 'y', 'z'].map((name, nth) => ({
    id: 150_000_001 + nth,
    name: nth < 8 ? `keep-${name}` : `renamed-${name}`,
    type: 'snapshot',
    regions: ['fra1'],
    created_at: '2025-09-01T00:00:00Z',
    public: false,
    resource_id: 570_000_001,
  }));
  const { images } = (await world.simulator.account()) as { images: object[] };
  await world.simulator.change({
    images: [...images, ...snapshots],
    invoices: [{ invoice_period: '2026-04', invoice_id: '418071234', items: ITEMS }],
  });
  for (const kind of ['project', 'droplet', 'snapshot', 'project']) await world.get(SweepService).run(kind, { trigger: 'manual' });
  await world.ingestAll();
});
afterAll(() => world.close());

it('stores 33 lines with the exact sum of $86.92, of which $7.90 is tax [BIL-5]', async () => {
  expect(await world.invoices()).toMatchObject([
    {
      period: '2026-04',
      issued_on: '2026-05-01',
      amount: '86.92',
      tax_amount: '7.90',
      lines: 33,
      status: 'ingested',
      reconciliation: { status: 'reconciled', difference: '0.00' },
    },
  ]);
});

it('matches 17 lines to their resources and gives a reason for each of the others [BIL-7]', async () => {
  const lines = await world.lines();
  const counts: Record<string, number> = {};
  for (const { match, kind } of lines) {
    const how = `${kind}: ${match.method ?? match.reason}`;
    counts[how] = (counts[how] ?? 0) + 1;
  }
  expect(counts).toEqual({
    'droplet: provider_id': 5,
    'droplet_backup: name': 4,
    'snapshot: name': 8,
    'droplet: id_never_seen': 11,
    'snapshot: name_never_seen': 3,
    'account: account_wide': 1,
    'tax: tax': 1,
  });
  expect(lines.filter(({ resource_id }) => resource_id).length).toBe(17);
  expect(await world.invoices()).toMatchObject([{ matched_line_ratio: 0.5152 }]);
});

it('keeps a line with zero hours and an amount of one cent [BIL-4]', async () => {
  expect((await world.lines()).find(({ description }) => description.startsWith('preview-1 '))).toMatchObject({
    hours: '0',
    amount: '0.01',
  });
});

it('sends net, tax and gross amounts to finance exact to the cent [BIL-6]', async () => {
  expect(await world.get(FinancePush).deliver()).toEqual({ delivered: 1, failed: 0 });
  const [book] = await world.books();
  expect(book).toMatchObject({
    amount_net_minor: 7_902,
    amount_tax_minor: 790,
    amount_gross_minor: 8_692,
    invoice_number: '418071234',
    period: '2026-04',
    issued_on: '2026-05-01',
  });
  expect(book?.lines).toHaveLength(33);
  expect(await world.invoices()).toMatchObject([{ finance_invoice_id: book?.id, pushed_to_finance_at: expect.any(String) as string }]);
});

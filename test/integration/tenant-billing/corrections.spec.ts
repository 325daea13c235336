import { FxRates, RateCardService, TaxRules } from '#libs/tenant-billing';
import { newInvoiceWorld, usage, type InvoiceWorld } from './invoice-world';
import { PLATFORM } from '../../support/principals';
import { BECAUSE } from './rating-world';

let world: InvoiceWorld;
beforeAll(async () => {
  world = await newInvoiceWorld();
});
afterAll(() => world.close());

async function issue(month: string, tenant: string) {
  const { id } = await world.draftOf(month, tenant);
  await world.invoices.approve(id, null, BECAUSE);
  return world.issuing.issue(id, null, BECAUSE);
}

/** The provider changes the line of a tenant in a month, and the amount of its invoice with it. */
async function changeLine(month: string, tenant: string, amount: string): Promise<void> {
  await world.owner.query(
    `update cloud_cost_lines l set amount = $3 from cloud_invoices i where i.id = l.invoice_id and i.period = $1 and l.tenant_id = $2`,
    [`${month}-01`, tenant, amount],
  );
  await world.owner.query(
    `update cloud_invoices i set amount = (select sum(l.amount) from cloud_cost_lines l where l.invoice_id = i.id) where i.period = $1`,
    [`${month}-01`],
  );
}

const reconcile = (month: string, as: string) =>
  world.owner.query('update cloud_invoices set reconciliation = $2 where period = $1', [`${month}-01`, as]);

/** The corrections of the draft of a tenant, after a refresh. */
async function correctionsOf(month: string, tenant: string): Promise<(string | boolean)[]> {
  const { id } = await world.draftOf(month, tenant);
  await world.invoices.refresh(id, null, BECAUSE);
  return (await world.linesOf(id)).filter(({ correction }) => correction).map(({ net }) => net);
}

it('corrects no month that was rated again without an invoice of the provider, until it is rated again with it [TBL-9]', async () => {
  await world.closeMonth('2021-01', [usage('acme', '100'), usage('birch', '5')]);
  await world.invoices.build('2021-01', BECAUSE);
  await issue('2021-01', 'acme');
  await reconcile('2021-01', 'mismatch');
  await world.rate('2021-01');
  await world.closeMonth('2021-02', [usage('acme', '130')]);
  await world.invoices.build('2021-02', BECAUSE);
  expect(await world.draftOf('2021-02', 'acme')).toMatchObject({ total: '130.00', problems: [] });
  await changeLine('2021-01', 'acme', '110');
  await reconcile('2021-01', 'reconciled');
  expect(await correctionsOf('2021-02', 'acme')).toEqual([]); // it counts, and is not rated yet
  await world.rate('2021-01');
  expect(await correctionsOf('2021-02', 'acme')).toEqual(['10.00']);
});

it('corrects no month of a tenant with a line that has no rate [TBL-9]', async () => {
  await world.closeMonth('2021-03', [usage('acme', '100'), usage('birch', '50')]);
  await world.invoices.build('2021-03', BECAUSE);
  for (const tenant of ['acme', 'birch']) await issue('2021-03', tenant);
  await changeLine('2021-03', 'birch', '40');
  await world.rate('2021-03');
  await world.owner.query(`update rated_lines set sell = null where period = '2021-03-01' and tenant_id = 'acme'`);
  await world.closeMonth('2021-04', [usage('acme', '130'), usage('birch', '130')]);
  await world.invoices.build('2021-04', BECAUSE);
  expect(await world.draftOf('2021-04', 'acme')).toMatchObject({ total: '130.00' });
  expect(await world.draftOf('2021-04', 'birch')).toMatchObject({ total: '120.00' });
});

it('neither refreshes, adjusts nor approves a draft of a month that is not complete any more', async () => {
  await world.closeMonth('2021-05', [usage('acme', '100')]);
  await world.invoices.build('2021-05', BECAUSE);
  const { id } = await world.draftOf('2021-05', 'acme');
  await reconcile('2021-05', 'mismatch');
  const add = { description: 'Migration', quantity: '1', unit: 'hour', unit_price: '50' };
  const notReady = { code: 'period_not_ready', message: expect.stringContaining('neither reconciled nor released') as string };
  for (const isRated of [false, true]) {
    if (isRated) await world.rate('2021-05');
    await expect(world.invoices.approve(id, null, BECAUSE)).rejects.toMatchObject(notReady);
    await expect(world.invoices.refresh(id, null, BECAUSE)).rejects.toMatchObject(notReady);
    await expect(world.invoices.adjust(id, { add }, 2, BECAUSE)).rejects.toMatchObject(notReady);
  }
  expect(await world.draftOf('2021-05', 'acme')).toMatchObject({ total: '100.00', lines: 1 });
  await reconcile('2021-05', 'released');
  await world.rate('2021-05');
  expect(await issue('2021-05', 'acme')).toMatchObject({ total: '100.00' });
});

it('takes a correction back when the corrected invoice was made void and replaced by one with the new amount [TBL-9]', async () => {
  await world.closeMonth('2021-06', [usage('acme', '100')]);
  await world.invoices.build('2021-06', BECAUSE);
  const wrong = await issue('2021-06', 'acme');
  await changeLine('2021-06', 'acme', '120');
  await world.rate('2021-06');
  await world.closeMonth('2021-07', [usage('acme', '1')]);
  await world.invoices.build('2021-07', BECAUSE);
  expect(await issue('2021-07', 'acme')).toMatchObject({ total: '21.00' });
  await world.issuing.void(wrong.id, null, { ...BECAUSE, reason: 'wrong address' });
  await world.invoices.build('2021-06', BECAUSE);
  expect(await issue('2021-06', 'acme')).toMatchObject({ total: '120.00' });
  await world.closeMonth('2021-08', [usage('acme', '30')]);
  await world.invoices.build('2021-08', BECAUSE);
  expect(await correctionsOf('2021-08', 'acme')).toEqual(['-20.00']);
  expect(await issue('2021-08', 'acme')).toMatchObject({ total: '10.00' });
  await world.closeMonth('2021-09', [usage('acme', '5')]);
  await world.invoices.build('2021-09', BECAUSE);
  expect(await world.draftOf('2021-09', 'acme')).toMatchObject({ total: '5.00' });
});

it('corrects at the exchange rate and the tax of the corrected invoice, beside lines with those of the new one [TBL-9]', async () => {
  const [rates, rules] = [world.service(FxRates), world.service(TaxRules)];
  await world.fillProfile('cedar', { currency: 'EUR' });
  await rates.set({ currency: 'EUR', rate: '0.90', source: 'a bank', on: '2021-10-31' }, BECAUSE);
  await rates.set({ currency: 'EUR', rate: '0.80', source: 'a bank', on: '2021-11-30' }, BECAUSE);
  const evidence = { checked_at: '2021-10-01T00:00:00Z', source: 'a letter', answer: 'valid' };
  const words = { label: 'VAT 20 %', text: null, title: 'Invoice', issuer_tax_id: null, customer_tax_id: false };
  const rule = { ...words, evidence, tenant_id: 'cedar', priority: 0, when: {}, category: 'S', rate: '20' } as const;
  const { id, version } = await rules.create('default', rule, BECAUSE);
  await world.closeMonth('2021-10', [usage('cedar', '100')]);
  await world.invoices.build('2021-10', BECAUSE);
  const october = await issue('2021-10', 'cedar');
  expect(october).toMatchObject({ net: '90.00', tax: '18.00', total: '108.00' });
  await rules.update(id, { category: 'E', rate: '0', label: 'Exempt' }, version, BECAUSE);
  await changeLine('2021-10', 'cedar', '0');
  await world.rate('2021-10');
  await world.closeMonth('2021-11', [usage('cedar', '500')]);
  await world.invoices.build('2021-11', BECAUSE);
  const november = await issue('2021-11', 'cedar');
  expect(november).toMatchObject({ net: '310.00', tax: '-18.00', total: '292.00' });
  expect(await world.linesOf(november.id)).toMatchObject([
    { kind: 'usage', net: '400.00', tax_category: 'E', tax_rate: '0' },
    { kind: 'correction', net: '-90.00', tax_category: 'S', tax_rate: '20' },
  ]);
  const { rows } = await world.owner.query<{ json: string }>(`select json from tenant_documents where number = $1`, [november.number]);
  expect((JSON.parse(rows[0]?.json ?? '') as { taxes: unknown }).taxes).toEqual([
    { category: 'E', rate: '0', label: 'Exempt', text: null, net: '400.00', tax: '0.00' },
    { category: 'S', rate: '20', label: 'VAT 20 %', text: null, net: '-90.00', tax: '-18.00' },
  ]);
  await rules.update(id, { active: false }, version + 1, BECAUSE);
});

it('adds up in lines, taxes, totals and the frozen document of every issued invoice [TBL-8]', async () => {
  const { documents, wrong } = await world.sums();
  expect(wrong).toEqual([]);
  expect(documents).toBeGreaterThanOrEqual(8);
});

it('makes no other card the default of a month whose invoices are issued, and changes no amount of it [TBL-9]', async () => {
  await world.closeMonth('2023-01', [usage('acme', '100')]);
  await world.invoices.build('2023-01', BECAUSE);
  const issued = await issue('2023-01', 'acme');
  const cards = world.service(RateCardService);
  const [standard] = (await cards.list({ limit: 50 })).data.filter(({ is_default }) => is_default);
  const dear = await cards.create('Dear', BECAUSE);
  await cards.createVersion(dear.id, { valid_from: '2022-01', rates: [{ model: { type: 'cost_plus', percent: '100' } }] }, BECAUSE);
  await cards.publish(dear.id, 1, BECAUSE);
  for (const default_from of ['2022-11', '2023-01'])
    await expect(cards.update(dear.id, { is_default: true, default_from }, BECAUSE)).rejects.toMatchObject({
      code: 'month_issued',
      message: expect.stringContaining('2023-01') as string,
    });
  await cards.update(dear.id, { is_default: true, default_from: '2023-02' }, BECAUSE);
  await world.rate('2023-01');
  await world.closeMonth('2023-02', [usage('acme', '10')]);
  await world.invoices.build('2023-02', BECAUSE);
  expect(await world.draftOf('2023-02', 'acme')).toMatchObject({ net: '20.00', problems: [] });
  expect(await correctionsOf('2023-02', 'acme')).toEqual([]);
  expect(await world.reader.get(PLATFORM, issued.id)).toMatchObject({ total: issued.total });
  await cards.update(standard?.id ?? '', { is_default: true, default_from: '2023-02' }, BECAUSE);
});

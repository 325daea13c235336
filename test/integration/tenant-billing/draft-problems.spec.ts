import { BulkInvoiceService, FxRates, TaxRules } from '#libs/tenant-billing';
import { newInvoiceWorld, PAGE, usage, type InvoiceWorld } from './invoice-world';
import { BECAUSE } from './rating-world';

let world: InvoiceWorld;
beforeAll(async () => {
  world = await newInvoiceWorld();
});
afterAll(() => world.close());

describe('problems of a draft', () => {
  it('stops a draft of a tenant without a profile, of a paused one, and one over nothing', async () => {
    await world.fillProfile('dora', { paused: true });
    await world.fillProfile('elm');
    await world.closeMonth('2020-04', [usage('cedar', '5'), usage('dora', '5'), usage('elm', '5'), usage('elm', '-5')]);
    expect(await world.invoices.build('2020-04', BECAUSE)).toMatchObject({ drafts: 3, stopped: 3 });
    const codes = async (tenant: string) => (await world.draftOf('2020-04', tenant)).problems.map(({ code }) => code);
    expect(new Set(await codes('cedar'))).toEqual(new Set(['profile_incomplete']));
    expect(await codes('dora')).toEqual(['profile_paused']);
    expect(await codes('elm')).toEqual(['zero_total']);
    const draft = await world.draftOf('2020-04', 'elm');
    expect(draft.actions).not.toContain('approve');
    await expect(world.invoices.approve(draft.id, draft.version, BECAUSE)).rejects.toMatchObject({ code: 'verb_not_possible' });
    expect((await world.listed({ problem: 'zero_total' })).map(({ id }) => id)).toEqual([draft.id]);
    const stopped = await world.listed({ period: '2020-04', problem_severity: 'critical' });
    expect(stopped.map(({ tenant_id: tenant }) => tenant).sort()).toEqual(['cedar', 'dora', 'elm']);
    expect(await world.listed({ period: '2020-04', problem_severity: 'warning' })).toEqual([]);
    await world.fillIssuer({ issue_zero: true });
    await world.invoices.refresh(draft.id, null, BECAUSE);
    expect(await world.invoices.approve(draft.id, null, BECAUSE)).toMatchObject({ status: 'ready', total: '0.00' });
    expect(await world.issuing.issue(draft.id, null, BECAUSE)).toMatchObject({ payment_status: 'paid' });
    await world.fillIssuer({ issue_zero: false });
  });

  it('asks for reconciled invoices, days of grace and a rating, and names all that is missing', async () => {
    const refused = () => world.invoices.build('2020-05', BECAUSE);
    await expect(refused()).rejects.toMatchObject({ code: 'period_not_ready', message: expect.stringContaining('has no invoice') });
    await world.invoiced('2020-05', [{ lines: [usage('elm', '5')] }, { lines: [usage('elm', '1')], reconciliation: 'mismatch' }]);
    await expect(refused()).rejects.toMatchObject({
      message: expect.stringMatching(/neither reconciled nor released; the month is not rated/),
    });
    await world.rate('2020-05');
    await world.owner.query(`update cloud_invoices set reconciliation = 'released' where period = '2020-05-01'`);
    await expect(refused()).rejects.toMatchObject({ message: expect.stringContaining('changed since the month was rated') });
    await world.rate('2020-05');
    const counted = (days: number) =>
      world.owner.query(
        `update cloud_invoices set counted_since = now() - make_interval(days => $1) + interval '1 minute' where period = '2020-05-01'`,
        [days],
      );
    await counted(3);
    await expect(refused()).rejects.toMatchObject({ message: expect.stringMatching(/days of grace end on .* UTC/) });
    await counted(4);
    expect(await refused()).toMatchObject({ drafts: 1 });
  });

  it('needs an exchange rate for another currency, and keeps the one that it was approved with [TBL-9]', async () => {
    await world.fillProfile('fern', { currency: 'JPY' });
    await world.closeMonth('2020-06', [usage('fern', '10.01'), usage('fern', '20.01')]);
    await world.invoices.build('2020-06', BECAUSE);
    const draft = await world.draftOf('2020-06', 'fern');
    expect(draft).toMatchObject({
      currency: 'JPY',
      total: '0',
      problems: expect.arrayContaining([expect.objectContaining({ code: 'no_fx_rate' })]),
    });
    const rates = world.service(FxRates);
    await rates.set({ currency: 'JPY', rate: '150.25', source: 'a bank', on: '2020-06-30' }, BECAUSE);
    await rates.set({ currency: 'JPY', rate: '99', source: 'a bank', on: '2020-07-01' }, BECAUSE); // after the month: does not count
    await world.invoices.refresh(draft.id, null, BECAUSE);
    expect((await world.linesOf(draft.id)).map(({ net }) => net)).toEqual(['1504', '3007']);
    await world.invoices.approve(draft.id, null, BECAUSE);
    await rates.set({ currency: 'JPY', rate: '1', source: 'a mistake', on: '2020-06-30' }, BECAUSE);
    await world.fillProfile('fern', { currency: 'JPY', legal_name: 'Another name' });
    const issued = await world.issuing.issue(draft.id, null, BECAUSE);
    expect(issued).toMatchObject({ total: '4511', currency: 'JPY' });
    const { rows } = await world.owner.query<{ json: string }>(`select json from tenant_documents where number = $1`, [issued.number]);
    expect(JSON.parse(rows[0]?.json ?? '')).toMatchObject({
      decimals: 0,
      fx: { rate: '150.25', on: '2020-06-30' },
      customer: { name: 'fern Ltd' },
    });
  });
});

it('carries good drafts on by themselves where the profile says so, and stops for a person at problems', async () => {
  await world.fillProfile('grove', { auto: 'issue' });
  await world.fillProfile('hazel', { auto: 'approve' });
  await world.fillProfile('iris', { auto: 'issue', address: null });
  await world.closeMonth('2020-07', [usage('grove', '7'), usage('hazel', '8'), usage('iris', '9')]);
  await world.service(BulkInvoiceService).carryOn(new AbortController().signal);
  const statuses = await world.listed({ period: '2020-07' });
  expect(Object.fromEntries(statuses.map(({ tenant_id, status }) => [tenant_id, status]))).toEqual({
    grove: 'issued',
    hazel: 'ready',
    iris: 'draft',
  });
});

it('issues nothing by itself once the profile says so, or a person has taken the approval back', async () => {
  const carryOn = () => world.service(BulkInvoiceService).carryOn(new AbortController().signal);
  const codes = async (period: string) =>
    (await world.listed({ period })).map(({ tenant_id, status }) => [tenant_id, status].join(' ')).sort();
  await world.fillProfile('maple', { auto: 'issue', address: null });
  await world.fillProfile('oak', { auto: 'approve' });
  await world.closeMonth('2020-08', [usage('maple', '7'), usage('oak', '8')]);
  await carryOn();
  expect(await codes('2020-08')).toEqual(['maple draft', 'oak ready']);
  await world.fillProfile('maple', { auto: 'off' });
  await world.invoices.refresh((await world.draftOf('2020-08', 'maple')).id, null, BECAUSE);
  const [approved] = (await world.listed({ period: '2020-08' })).filter(({ tenant_id }) => tenant_id === 'oak');
  await world.invoices.unapprove(approved?.id ?? '', null, BECAUSE);
  await carryOn();
  expect(await codes('2020-08')).toEqual(['maple draft', 'oak draft']);
  expect(await world.draftOf('2020-08', 'maple')).toMatchObject({ problems: [] });
});

it('stops a draft with a line of one’s own in another currency than its own, and keeps the price as it was', async () => {
  await world.fillProfile('pine');
  const line = { description: 'Migration', quantity: '1', unit: '', unit_price: '1000.00' };
  const { id, version } = await world.invoices.createOneOff('pine', [line], BECAUSE);
  await world.fillProfile('pine', { currency: 'JPY' });
  await world.invoices.refresh(id, version, BECAUSE);
  const read = async () => (await world.listed({ tenant_id: 'pine' }))[0];
  expect(await read()).toMatchObject({ currency: 'JPY', problems: [{ code: 'line_in_other_currency', severity: 'critical' }] });
  await world.fillProfile('pine', { currency: 'USD' });
  await world.invoices.refresh(id, null, BECAUSE);
  expect(await read()).toMatchObject({ currency: 'USD', total: '1000.00', problems: [] });
});

it('discards a draft of one’s own lines, and no other invoice', async () => {
  const lines = [{ description: 'Typed twice', quantity: '1', unit: '', unit_price: '10' }];
  const { id } = await world.invoices.createOneOff('pine', lines, BECAUSE);
  expect(await world.invoices.discard(id, BECAUSE)).toMatchObject({ id, total: '10.00' });
  await expect(world.invoices.discard(id, BECAUSE)).rejects.toMatchObject({ code: 'tenant_invoice_not_found' });
  await expect(world.linesOf(id)).rejects.toMatchObject({ code: 'tenant_invoice_not_found' });
  const issued = await world.invoices.createOneOff('pine', lines, BECAUSE);
  await world.invoices.approve(issued.id, null, BECAUSE);
  const ofMonth = await world.draftOf('2020-08', 'oak');
  for (const other of [issued.id, ofMonth.id])
    await expect(world.invoices.discard(other, BECAUSE)).rejects.toMatchObject({ code: 'verb_not_possible' });
});

it('refuses a time zone that the database does not know, and adds a set of tax rules once', async () => {
  await expect(world.fillIssuer({ time_zone: 'Europe/Atlantis' })).rejects.toMatchObject({ code: 'validation_failed' });
  const rules = world.service(TaxRules);
  const sets = await Promise.all([rules.addSet('default', 'AU', BECAUSE), rules.addSet('default', 'AU', BECAUSE)]);
  const ids = sets.map(({ data }) => data.map(({ id }) => id));
  expect(ids[1]).toEqual(ids[0]);
  expect((await rules.list(PAGE)).data).toHaveLength(2);
  for (const { id, version } of (await rules.list(PAGE)).data) await rules.update(id, { active: false }, version, BECAUSE);
  expect((await rules.addSet('default', 'AU', BECAUSE)).data.map(({ active }) => active)).toEqual([false, false]);
});

it('adds up in lines, taxes, totals and the frozen document of every issued invoice [TBL-8]', async () => {
  const { documents, wrong } = await world.sums();
  expect(wrong).toEqual([]);
  expect(documents).toBeGreaterThanOrEqual(2);
});

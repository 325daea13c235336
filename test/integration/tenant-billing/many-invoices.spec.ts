import { BillingRunService, BulkInvoiceService, INVOICE_SORTS } from '#libs/tenant-billing';
import { PLATFORM } from '../../support/principals';
import { until } from '../../support/until';
import { areWaiting } from '../../support/waiting-transactions';
import { newInvoiceWorld, PAGE, usage, type InvoiceWorld } from './invoice-world';
import { BECAUSE } from './rating-world';

let world: InvoiceWorld;
beforeAll(async () => {
  world = await newInvoiceWorld();
});
afterAll(() => world.close());

it('changes many invoices with a result each, and a dry run changes nothing', async () => {
  const many = world.service(BulkInvoiceService);
  await world.closeMonth('2020-08', [usage('acme', '1'), usage('birch', '1'), usage('cedar', '1')]);
  await world.invoices.build('2020-08', BECAUSE);
  const change = { verb: 'approve', filter: { period: '2020-08' } } as const;
  expect(await many.plan(change)).toMatchObject({ matched: 3, done: 2, refused: 1 });
  expect(await world.listed({ period: '2020-08', status: ['ready'] })).toEqual([]);
  const report = await many.apply(change, BECAUSE);
  expect(report).toMatchObject({ matched: 3, done: 2, refused: 1 });
  expect(report.results.map(({ code }) => code).sort()).toEqual(['done', 'done', 'verb_not_possible']);
  const { rows } = await world.owner.query(`select concerned_tenants from audit_log where action = 'tenant_invoices_bulk_changed'`);
  expect(rows).toEqual([{ concerned_tenants: ['acme', 'birch', 'cedar'] }]);
  const ready = await world.listed({ period: '2020-08', status: ['ready'] });
  expect(ready).toHaveLength(2);

  const [first, second] = ready.map(({ tenant_id }) => tenant_id);
  await world.fillProfile(second ?? '', { paused: true });
  const issued = await many.apply({ verb: 'issue', ids: ready.map(({ id }) => id) }, BECAUSE);
  await world.fillProfile(second ?? '', { paused: false });
  expect(issued).toMatchObject({ matched: 2, done: 1, refused: 1 }); // what is issued together is refused one by one
  expect((await world.listed({ period: '2020-08', status: ['issued'] })).map(({ tenant_id }) => tenant_id)).toEqual([first]);
});

it('approves as many invoices at the same time as the pool has connections', async () => {
  const small = await newInvoiceWorld({ DATABASE_POOL_SIZE: '2' });
  try {
    await small.closeMonth('2020-08', [usage('acme', '1'), usage('birch', '1')]);
    await small.invoices.build('2020-08', BECAUSE);
    const drafts = await small.listed({ period: '2020-08' });
    await small.owner.query('begin');
    await small.owner.query('select id from tenant_invoices for update');
    const approved = Promise.all(drafts.map(({ id }) => small.invoices.approve(id, null, BECAUSE)));
    await until(() => areWaiting(small.owner, 2), { what: 'both approvals waiting for their invoice' });
    await small.owner.query('commit');
    expect((await approved).map(({ status }) => status)).toEqual(['ready', 'ready']);
  } finally {
    await small.close();
  }
});

it('issues with a given day that has passed, never before the month has ended, and never before the day of the last number [TBL-3]', async () => {
  await world.closeMonth('2020-11', [usage('acme', '4'), usage('birch', '5')]);
  await world.invoices.build('2020-11', BECAUSE);
  const [acme, birch] = [await world.draftOf('2020-11', 'acme'), await world.draftOf('2020-11', 'birch')];
  for (const { id } of [acme, birch]) await world.invoices.approve(id, null, BECAUSE);
  const issue = (id: string, day: string) => world.issuing.issue(id, null, BECAUSE, day);
  for (const day of ['2020-11-29', '2999-01-01'])
    await expect(issue(acme.id, day)).rejects.toMatchObject({ code: 'validation_failed', errors: [{ field: 'issued_on' }] });
  const [{ last } = { last: '' }] = (await world.owner.query<{ last: string }>(`select last_issued_on::text as last from number_series where series = 'invoice'`)).rows; // prettier-ignore
  await expect(issue(acme.id, '2020-12-03')).rejects.toMatchObject({ code: 'issued_on_too_early', category: 'conflict' });
  await world.owner.query(`update number_series set last_issued_on = '2020-12-02' where series = 'invoice'`);
  expect(await issue(acme.id, '2020-12-03')).toMatchObject({ issued_on: '2020-12-03', due_on: '2020-12-17', overdue: true });
  const [bulk] = (await world.service(BulkInvoiceService).apply({ verb: 'issue', ids: [birch.id], issuedOn: '2020-12-02' }, BECAUSE))
    .results;
  expect(bulk).toMatchObject({ code: 'issued_on_too_early' });
  expect(await issue(birch.id, '2020-12-03')).toMatchObject({ issued_on: '2020-12-03' });
  await world.owner.query(`update number_series set last_issued_on = $1::date + 400 where series = 'invoice'`, [last]);
  const later = await world.invoices.createOneOff('acme', [{ description: 'x', quantity: '1', unit: 'each', unit_price: '1' }], BECAUSE);
  await world.invoices.approve(later.id, null, BECAUSE);
  const { issued_on } = await world.issuing.issue(later.id, null, BECAUSE); // the issuer's clock was set back: no day before that of the last number
  const { rows } = await world.owner.query(`select last_issued_on::text as day from number_series where series = 'invoice'`);
  expect(rows).toEqual([{ day: issued_on }]);
  await world.owner.query(`update number_series set last_issued_on = $1 where series = 'invoice'`, [last]);
});

it('shows in the run where each tenant of the month is, with the problems that stop it', async () => {
  await world.closeMonth('2020-12', [usage('acme', '7'), usage('birch', '8'), usage('nobody', '9')]);
  const run = async () => {
    const runs = world.service(BillingRunService);
    const [{ id } = { id: '' }] = (await runs.list(PAGE, '2020-12')).data;
    return (await runs.get(id)).tenants;
  };
  expect(await run()).toMatchObject([
    { tenant_id: 'acme', state: 'not_built', sell: '7.00', lines: 1, invoice_id: null, problems: [] },
    { tenant_id: 'birch', state: 'not_built' },
    { tenant_id: 'nobody', state: 'not_built', problems: [{ code: 'profile_incomplete' }] },
  ]);
  await world.invoices.build('2020-12', BECAUSE);
  const { id } = await world.draftOf('2020-12', 'acme');
  await world.invoices.approve(id, null, BECAUSE);
  const issued = await world.issuing.issue(id, null, BECAUSE);
  expect(await run()).toMatchObject([
    {
      tenant_id: 'acme',
      state: 'issued',
      invoice_id: id,
      number: issued.number,
      draft_number: null,
      total: '7.00',
      payment_status: 'unpaid',
      due_on: issued.due_on,
      overdue: false,
    },
    {
      tenant_id: 'birch',
      state: 'draft',
      due_on: null,
      overdue: false,
      number: null,
      draft_number: expect.stringMatching(/^DRAFT-/),
      problems: [],
      version: 2,
    },
    {
      tenant_id: 'nobody',
      state: 'draft',
      problems: expect.arrayContaining([expect.objectContaining({ code: 'profile_incomplete', severity: 'critical' })]),
    },
  ]);
  await world.owner.query(
    `alter table tenant_invoices disable trigger user; update tenant_invoices set due_on = current_date - 2 where id = '${id}'; alter table tenant_invoices enable trigger user`,
  );
  expect((await run())[0]).toMatchObject({ state: 'issued', overdue: true });
});

it('shows a tenant its own issued invoices and nothing else of anybody [TBL-7]', async () => {
  const tenant = { kind: 'tenant', tenantId: 'acme' } as const;
  const all = await world.listed({});
  const own = all.filter(({ tenant_id, status }) => tenant_id === 'acme' && ['issued', 'void'].includes(status));
  const { data } = await world.reader.list(tenant, PAGE, {});
  expect(data.map(({ id }) => id)).toEqual(own.map(({ id }) => id));
  expect(
    data.every(
      ({ actions, problems, digest, draft_number, auto }) => [...actions, ...problems].length === 0 && !digest && !draft_number && !auto,
    ),
  ).toBe(true);
  expect((await world.reader.list(tenant, PAGE, { tenant_id: 'birch' })).data).toEqual([]);
  for (const { id } of all.filter((one) => !own.includes(one))) {
    await expect(world.reader.get(tenant, id)).rejects.toMatchObject({ code: 'tenant_invoice_not_found' });
    await expect(world.reader.lines(tenant, id, PAGE)).rejects.toMatchObject({ code: 'tenant_invoice_not_found' });
  }
  const [first] = own;
  const lines = (await world.reader.lines(tenant, first?.id ?? '', PAGE)).data;
  expect(lines.length).toBe(first?.lines);
  expect(Object.keys(lines[0] ?? {}).sort()).toEqual(
    ['correction', 'corrects', 'description', 'kind', 'line_no', 'net', 'quantity', 'resource_id', 'resource_name', 'tax_category', 'tax_rate', 'unit', 'unit_price'], // prettier-ignore
  );
  const hidden = await world.database.asTenant('acme', (tx) =>
    tx.query(
      `select 1 from tenant_invoice_lines l where not exists (select from tenant_invoices i where i.id = l.invoice_id and i.tenant_id = 'acme')`,
    ),
  );
  expect(hidden).toEqual([]);
});

it('pages through every order without losing or repeating an invoice', async () => {
  const ids = new Set((await world.listed({})).map(({ id }) => id));
  for (const sort of INVOICE_SORTS) {
    const seen: string[] = [];
    for (let cursor: string | null | undefined; cursor !== null;) {
      const { data, page } = await world.reader.list(PLATFORM, { limit: 3, ...(cursor !== undefined && { cursor }) }, { sort });
      seen.push(...data.map(({ id }) => id));
      cursor = page.next_cursor;
    }
    expect({ sort, count: seen.length, ids: new Set(seen) }).toEqual({ sort, count: ids.size, ids });
  }
});

it('begins the numbers anew each year where the issuer says so, without gaps in any [TBL-3]', async () => {
  await world.fillIssuer({ yearly: true });
  const numbers: (string | null)[] = [];
  for (const [month, day] of [
    ['2021-01', '2021-02-03'],
    ['2021-02', '2021-03-03'],
    ['2022-01', '2022-02-03'],
    ['2022-02', '2022-03-03'],
  ] as const) {
    await world.closeMonth(month, [usage('acme', '4')]);
    await world.invoices.build(month, BECAUSE);
    const { id } = await world.draftOf(month, 'acme');
    await world.invoices.approve(id, null, BECAUSE);
    numbers.push((await world.issuing.issue(id, null, BECAUSE, day)).number);
  }
  await world.fillIssuer({ yearly: false });
  expect(numbers).toEqual(['INV-2021-00001', 'INV-2021-00002', 'INV-2022-00001', 'INV-2022-00002']);
});

it('adds up in lines, taxes, totals and the frozen document of every issued invoice [TBL-8]', async () => {
  const { documents, wrong } = await world.sums();
  expect(wrong).toEqual([]);
  expect(documents).toBeGreaterThanOrEqual(4);
});

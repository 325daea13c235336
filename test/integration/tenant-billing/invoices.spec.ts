import {
  BillingProfiles,
  BillingRunService,
  BulkInvoiceService,
  figuresProblem,
  FxRates,
  INVOICE_SORTS,
  InvoiceIssue,
  TenantInvoiceReader,
  TaxRules,
  TenantInvoiceService,
  verifyTenantProof,
  type TenantDocument,
  type TenantInvoiceView,
} from '#libs/tenant-billing';
import { BECAUSE, newRatingWorld, type ProviderLine, type RatingWorld } from './rating-world';

const PLATFORM = { kind: 'platform' } as const;
const PAGE = { limit: 200 };

let world: RatingWorld;
let invoices: TenantInvoiceService;
let reader: TenantInvoiceReader;
let issuing: InvoiceIssue;
beforeAll(async () => {
  world = await newRatingWorld();
  invoices = world.service(TenantInvoiceService);
  reader = world.service(TenantInvoiceReader);
  issuing = world.service(InvoiceIssue);
  await fillIssuer();
  for (const tenant of ['acme', 'birch']) await fillProfile(tenant);
});
afterAll(() => world.close());

async function fillIssuer(fields: Record<string, unknown> = {}): Promise<void> {
  const profiles = world.service(BillingProfiles);
  const { version, ...before } = await profiles.issuer('default');
  const filled = { ...before, name: 'Harbour Hosting', address: '1 Quay Street', country: 'AU', ...fields };
  await profiles.replaceIssuer('default', filled, version, BECAUSE);
}

async function fillProfile(tenant: string, fields: Record<string, unknown> = {}): Promise<void> {
  await world.owner.query(`insert into tenants (id, name, source) values ($1, $1, 'admin') on conflict do nothing`, [tenant]);
  const profiles = world.service(BillingProfiles);
  const { version, ...before } = await profiles.profile(tenant);
  const filled = { ...before, legal_name: `${tenant} Ltd`, address: 'A street', country: 'AU', is_business: true, ...fields };
  await profiles.replaceProfile(tenant, filled, version, BECAUSE);
}

const usage = (tenant: string, amount: string, resourceId: string | null = null): ProviderLine => ({
  product: 'Droplets',
  kind: 'droplet',
  description: `web of ${tenant}`,
  amount,
  tenant,
  resourceId,
});

async function rate(month: string): Promise<void> {
  const runs = world.service(BillingRunService);
  const { id } = await runs.create(month, BECAUSE);
  await runs.run(id);
}

async function closeMonth(month: string, lines: readonly ProviderLine[]): Promise<void> {
  await world.invoices(month, [{ lines }]);
  await rate(month);
}

const listed = async (filters: Parameters<TenantInvoiceReader['list']>[2]): Promise<TenantInvoiceView[]> =>
  (await reader.list(PLATFORM, PAGE, filters)).data;
const draftOf = async (month: string, tenant: string): Promise<TenantInvoiceView> => {
  const [draft] = await listed({ period: month, tenant_id: tenant, status: ['draft'] });
  if (!draft) throw new Error(`no draft of ${tenant} in ${month}`);
  return draft;
};
const linesOf = async (id: string) => (await reader.lines(PLATFORM, id, PAGE)).data;

it('builds a draft for each tenant with lines, and building again changes nothing [TBL-2]', async () => {
  await closeMonth('2020-01', [usage('acme', '10.005'), usage('acme', '10.005'), usage('birch', '3.333')]);
  expect(await invoices.build('2020-01', BECAUSE)).toMatchObject({ drafts: 2, written: 2, unchanged: 0, deleted: 0 });
  const draft = await draftOf('2020-01', 'acme');
  expect(draft).toMatchObject({
    net: '20.01',
    tax: '0.00',
    total: '20.01',
    status: 'draft',
    tax_status: 'undecided',
    number: null,
    lines: 2,
  });
  expect(draft.actions).toEqual(['refresh', 'adjust', 'approve']);
  expect((await linesOf(draft.id)).map(({ net }) => net)).toEqual(['10.01', '10.00']);
  expect(await invoices.build('2020-01', BECAUSE)).toMatchObject({ drafts: 2, written: 0, unchanged: 2 });
  expect(await draftOf('2020-01', 'acme')).toEqual(draft);
});

it('keeps manual lines over a refresh, and approves what is still current', async () => {
  const draft = await draftOf('2020-01', 'acme');
  const add = { description: 'Migration', quantity: '2', unit: 'hour', unit_price: '50.25' };
  const adjusted = await invoices.adjust(draft.id, { add }, draft.version, BECAUSE);
  expect(adjusted).toMatchObject({ total: '120.51', version: draft.version + 1, lines: 3 });
  await expect(invoices.refresh(draft.id, draft.version, BECAUSE)).rejects.toMatchObject({ code: 'version_moved' });
  const refreshed = await invoices.refresh(draft.id, adjusted.version, BECAUSE);
  expect(refreshed).toMatchObject({ total: '120.51', digest: adjusted.digest });
  const approved = await invoices.approve(draft.id, refreshed.version, BECAUSE);
  expect(approved).toMatchObject({ status: 'ready', tax_status: 'decided', actions: ['unapprove', 'issue'] });
  const back = await invoices.unapprove(draft.id, approved.version, BECAUSE);
  expect(back).toMatchObject({ status: 'draft', tax_status: 'undecided' });
  await fillProfile('acme', { address: 'Another street' });
  await expect(invoices.approve(draft.id, back.version, BECAUSE)).rejects.toMatchObject({ code: 'draft_outdated' });
});

it('issues with a number, due date and a proof that holds, and lets nothing of it change [TBL-4]', async () => {
  const { id } = await draftOf('2020-01', 'acme');
  const refreshed = await invoices.refresh(id, null, BECAUSE);
  const approved = await invoices.approve(id, refreshed.version, BECAUSE);
  const issued = await issuing.issue(id, approved.version, BECAUSE);
  expect(issued).toMatchObject({ status: 'issued', number: 'INV-00001', payment_status: 'unpaid', total: '120.51', due: '120.51' });
  expect(issued.actions).toEqual(['void', 'credit', 'pay', 'write_off']);
  const { rows } = await world.owner.query<{ proof: string; json: string; sha: string }>(
    `select d.proof, d.json, o.content_hash as sha from tenant_documents d join billing_outbox o on o.subject_id = d.id where d.invoice_id = $1`,
    [id],
  );
  const { document } = verifyTenantProof(rows[0]?.proof ?? '');
  expect(document).toMatchObject({ number: 'INV-00001', total: '120.51', customer: { name: 'acme Ltd', address: 'Another street' } });
  for (const change of [
    'net = 1, total = 1',
    "number = 'INV-9'",
    'terms = null',
    "status = 'draft'",
    'digest = null',
    "tenant_id = 'birch'",
  ])
    await expect(world.owner.query(`update tenant_invoices set ${change} where id = $1`, [id])).rejects.toMatchObject({ code: '23514' });
  for (const statement of [
    'delete from tenant_invoices where id = $1',
    'update tenant_invoice_lines set net = 0 where invoice_id = $1',
    'delete from tenant_invoice_lines where invoice_id = $1',
    `update tenant_documents set json = '{}' where invoice_id = $1`,
    'delete from tenant_documents where invoice_id = $1',
  ])
    await expect(world.owner.query(statement, [id])).rejects.toMatchObject({ code: '23514' });
});

it('keeps the number of a void invoice, and the next build makes a draft that names it', async () => {
  const [issued] = await listed({ period: '2020-01', status: ['issued'] });
  const voided = await issuing.void(issued?.id ?? '', issued?.version ?? 0, { ...BECAUSE, reason: 'wrong address' });
  expect(voided).toMatchObject({ status: 'void', number: 'INV-00001', void_reason: 'wrong address', actions: [], due: '0.00' });
  expect(await invoices.build('2020-01', BECAUSE)).toMatchObject({ drafts: 2, written: 1 });
  const draft = await draftOf('2020-01', 'acme');
  expect(draft).toMatchObject({ replaces: issued?.id, total: '20.01' });
  const approved = await invoices.approve(draft.id, draft.version, BECAUSE);
  expect(await issuing.issue(draft.id, approved.version, BECAUSE)).toMatchObject({ number: 'INV-00002' });
  const { rows } = await world.owner.query<{ json: string }>(`select json from tenant_documents where number = 'INV-00002'`);
  expect(JSON.parse(rows[0]?.json ?? '')).toMatchObject({ refers_to: 'INV-00001' });
});

it('corrects a month that was issued in the next draft, to the cent, and leaves the issued one as it was', async () => {
  const [before] = await listed({ period: '2020-01', tenant_id: 'acme', status: ['issued'] });
  await world.owner.query(`update cloud_cost_lines set amount = 12.005 where tenant_id = 'acme' and line_no = 1`);
  await world.owner.query(`update cloud_invoices set amount = amount + 2 where period = '2020-01-01'`);
  await rate('2020-01');
  await closeMonth('2020-02', [usage('acme', '1.00'), usage('birch', '1.00')]);
  await invoices.build('2020-02', BECAUSE);
  const draft = await draftOf('2020-02', 'acme');
  expect(draft).toMatchObject({ total: '3.00', problems: [{ code: 'corrects_month', severity: 'warning' }] });
  expect(await linesOf(draft.id)).toMatchObject([
    { kind: 'usage', net: '1.00', correction: false },
    { kind: 'correction', net: '2.00', correction: true, corrects: '2020-01', description: 'Correction of 2020-01: usage' },
  ]);
  expect(await listed({ period: '2020-01', tenant_id: 'acme', status: ['issued'] })).toEqual([before]);
  const approved = await invoices.approve(draft.id, draft.version, BECAUSE);
  await issuing.issue(draft.id, approved.version, BECAUSE);
  await closeMonth('2020-03', [usage('acme', '1.00')]);
  await invoices.build('2020-03', BECAUSE);
  expect(await draftOf('2020-03', 'acme')).toMatchObject({ total: '1.00' }); // corrected once
  expect(await draftOf('2020-02', 'birch')).toMatchObject({ total: '1.00' });
});

describe('problems of a draft', () => {
  it('stops a draft of a tenant without a profile, of a paused one, and one over nothing', async () => {
    await fillProfile('dora', { paused: true });
    await fillProfile('elm');
    await closeMonth('2020-04', [usage('cedar', '5'), usage('dora', '5'), usage('elm', '5'), usage('elm', '-5')]);
    expect(await invoices.build('2020-04', BECAUSE)).toMatchObject({ drafts: 3, stopped: 3 });
    const codes = async (tenant: string) => (await draftOf('2020-04', tenant)).problems.map(({ code }) => code);
    expect(new Set(await codes('cedar'))).toEqual(new Set(['profile_incomplete']));
    expect(await codes('dora')).toEqual(['profile_paused']);
    expect(await codes('elm')).toEqual(['zero_total']);
    const draft = await draftOf('2020-04', 'elm');
    expect(draft.actions).not.toContain('approve');
    await expect(invoices.approve(draft.id, draft.version, BECAUSE)).rejects.toMatchObject({ code: 'verb_not_possible' });
    expect((await listed({ problem: 'zero_total' })).map(({ id }) => id)).toEqual([draft.id]);
    await fillIssuer({ issue_zero: true });
    await invoices.refresh(draft.id, null, BECAUSE);
    expect(await invoices.approve(draft.id, null, BECAUSE)).toMatchObject({ status: 'ready', total: '0.00' });
    expect(await issuing.issue(draft.id, null, BECAUSE)).toMatchObject({ payment_status: 'paid' });
    await fillIssuer({ issue_zero: false });
  });

  it('asks for reconciled invoices, days of grace and a rating, and names all that is missing', async () => {
    const refused = () => invoices.build('2020-05', BECAUSE);
    await expect(refused()).rejects.toMatchObject({ code: 'period_not_ready', message: expect.stringContaining('has no invoice') });
    await world.invoices('2020-05', [{ lines: [usage('elm', '5')] }, { lines: [usage('elm', '1')], reconciliation: 'mismatch' }]);
    await expect(refused()).rejects.toMatchObject({
      message: expect.stringMatching(/neither reconciled nor released; the month is not rated/),
    });
    await rate('2020-05');
    await world.owner.query(`update cloud_invoices set reconciliation = 'released' where period = '2020-05-01'`);
    await expect(refused()).rejects.toMatchObject({ message: expect.stringContaining('changed since the month was rated') });
    await rate('2020-05');
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
    await fillProfile('fern', { currency: 'JPY' });
    await closeMonth('2020-06', [usage('fern', '10.01'), usage('fern', '20.01')]);
    await invoices.build('2020-06', BECAUSE);
    const draft = await draftOf('2020-06', 'fern');
    expect(draft).toMatchObject({
      currency: 'JPY',
      total: '0',
      problems: expect.arrayContaining([expect.objectContaining({ code: 'no_fx_rate' })]),
    });
    const rates = world.service(FxRates);
    await rates.set({ currency: 'JPY', rate: '150.25', source: 'a bank', on: '2020-06-30' }, BECAUSE);
    await rates.set({ currency: 'JPY', rate: '99', source: 'a bank', on: '2020-07-01' }, BECAUSE); // after the month: does not count
    await invoices.refresh(draft.id, null, BECAUSE);
    expect((await linesOf(draft.id)).map(({ net }) => net)).toEqual(['1504', '3007']);
    await invoices.approve(draft.id, null, BECAUSE);
    await rates.set({ currency: 'JPY', rate: '1', source: 'a mistake', on: '2020-06-30' }, BECAUSE);
    await fillProfile('fern', { currency: 'JPY', legal_name: 'Another name' });
    const issued = await issuing.issue(draft.id, null, BECAUSE);
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
  await fillProfile('grove', { auto: 'issue' });
  await fillProfile('hazel', { auto: 'approve' });
  await fillProfile('iris', { auto: 'issue', address: null });
  await closeMonth('2020-07', [usage('grove', '7'), usage('hazel', '8'), usage('iris', '9')]);
  await world.service(BulkInvoiceService).carryOn(new AbortController().signal);
  const statuses = await listed({ period: '2020-07' });
  expect(Object.fromEntries(statuses.map(({ tenant_id, status }) => [tenant_id, status]))).toEqual({
    grove: 'issued',
    hazel: 'ready',
    iris: 'draft',
  });
});

it('changes many invoices with a result each, and a dry run changes nothing', async () => {
  const many = world.service(BulkInvoiceService);
  await closeMonth('2020-08', [usage('acme', '1'), usage('birch', '1'), usage('cedar', '1')]);
  await invoices.build('2020-08', BECAUSE);
  const change = { verb: 'approve', filter: { period: '2020-08' } } as const;
  expect(await many.plan(change)).toMatchObject({ matched: 3, done: 2, refused: 1 });
  expect(await listed({ period: '2020-08', status: ['ready'] })).toEqual([]);
  const report = await many.apply(change, BECAUSE);
  expect(report).toMatchObject({ matched: 3, done: 2, refused: 1 });
  expect(report.results.map(({ code }) => code).sort()).toEqual(['done', 'done', 'verb_not_possible']);
  const ready = await listed({ period: '2020-08', status: ['ready'] });
  expect(ready).toHaveLength(2);

  const [first, second] = ready.map(({ tenant_id }) => tenant_id);
  await fillProfile(second ?? '', { paused: true });
  const issued = await many.apply({ verb: 'issue', ids: ready.map(({ id }) => id) }, BECAUSE);
  await fillProfile(second ?? '', { paused: false });
  expect(issued).toMatchObject({ matched: 2, done: 1, refused: 1 }); // what is issued together is refused one by one
  expect((await listed({ period: '2020-08', status: ['issued'] })).map(({ tenant_id }) => tenant_id)).toEqual([first]);
});

it('shows a tenant its own issued invoices and nothing else of anybody [TBL-7]', async () => {
  const tenant = { kind: 'tenant', tenantId: 'acme' } as const;
  const all = await listed({});
  const own = all.filter(({ tenant_id, status }) => tenant_id === 'acme' && ['issued', 'void'].includes(status));
  const { data } = await reader.list(tenant, PAGE, {});
  expect(data.map(({ id }) => id)).toEqual(own.map(({ id }) => id));
  expect(
    data.every(
      ({ actions, problems, digest, draft_number, auto }) => [...actions, ...problems].length === 0 && !digest && !draft_number && !auto,
    ),
  ).toBe(true);
  expect((await reader.list(tenant, PAGE, { tenant_id: 'birch' })).data).toEqual([]);
  for (const { id } of all.filter((one) => !own.includes(one))) {
    await expect(reader.get(tenant, id)).rejects.toMatchObject({ code: 'tenant_invoice_not_found' });
    await expect(reader.lines(tenant, id, PAGE)).rejects.toMatchObject({ code: 'tenant_invoice_not_found' });
  }
  const [first] = own;
  const lines = (await reader.lines(tenant, first?.id ?? '', PAGE)).data;
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
  const ids = new Set((await listed({})).map(({ id }) => id));
  for (const sort of INVOICE_SORTS) {
    const seen: string[] = [];
    for (let cursor: string | null | undefined; cursor !== null;) {
      const { data, page } = await reader.list(PLATFORM, { limit: 3, ...(cursor !== undefined && { cursor }) }, { sort });
      seen.push(...data.map(({ id }) => id));
      cursor = page.next_cursor;
    }
    expect({ sort, count: seen.length, ids: new Set(seen) }).toEqual({ sort, count: ids.size, ids });
  }
});

it('issues with a given day that has passed, never before the month has ended, and never before the day of the last number [TBL-3]', async () => {
  await closeMonth('2020-11', [usage('acme', '4'), usage('birch', '5')]);
  await invoices.build('2020-11', BECAUSE);
  const [acme, birch] = [await draftOf('2020-11', 'acme'), await draftOf('2020-11', 'birch')];
  for (const { id } of [acme, birch]) await invoices.approve(id, null, BECAUSE);
  const issue = (id: string, day: string) => issuing.issue(id, null, BECAUSE, day);
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
  const later = await invoices.createOneOff('acme', [{ description: 'x', quantity: '1', unit: 'each', unit_price: '1' }], BECAUSE);
  await invoices.approve(later.id, null, BECAUSE);
  const { issued_on } = await issuing.issue(later.id, null, BECAUSE); // the issuer's clock was set back: no day before that of the last number
  const { rows } = await world.owner.query(`select last_issued_on::text as day from number_series where series = 'invoice'`);
  expect(rows).toEqual([{ day: issued_on }]);
  await world.owner.query(`update number_series set last_issued_on = $1 where series = 'invoice'`, [last]);
});

it('shows in the run where each tenant of the month is, with the problems that stop it', async () => {
  await closeMonth('2020-12', [usage('acme', '7'), usage('birch', '8'), usage('nobody', '9')]);
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
  await invoices.build('2020-12', BECAUSE);
  const { id } = await draftOf('2020-12', 'acme');
  await invoices.approve(id, null, BECAUSE);
  const issued = await issuing.issue(id, null, BECAUSE);
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

it('refuses a time zone that the database does not know, and adds a set of tax rules once', async () => {
  await expect(fillIssuer({ time_zone: 'Europe/Atlantis' })).rejects.toMatchObject({ code: 'validation_failed' });
  const rules = world.service(TaxRules);
  const sets = await Promise.all([rules.addSet('default', 'AU', BECAUSE), rules.addSet('default', 'AU', BECAUSE)]);
  const ids = sets.map(({ data }) => data.map(({ id }) => id));
  expect(ids[1]).toEqual(ids[0]);
  expect((await rules.list(PAGE)).data).toHaveLength(2);
  for (const { id, version } of (await rules.list(PAGE)).data) await rules.update(id, { active: false }, version, BECAUSE);
  expect((await rules.addSet('default', 'AU', BECAUSE)).data.map(({ active }) => active)).toEqual([false, false]);
});

it('adds up in lines, taxes, totals and the frozen document of every issued invoice [TBL-8]', async () => {
  const { rows } = await world.owner.query<{ json: string; net: string; tax: string; total: string; lines: string }>(
    `select d.json, i.net, i.tax, i.total, (select sum(l.net) from tenant_invoice_lines l where l.invoice_id = i.id) as lines
       from tenant_invoices i join tenant_documents d on d.invoice_id = i.id and d.kind = 'invoice'`,
  );
  expect(rows.length).toBeGreaterThan(3);
  for (const { json, net, tax, total, lines } of rows) {
    const document = JSON.parse(json) as TenantDocument;
    expect(figuresProblem(document)).toBeUndefined();
    expect([Number(document.net), Number(document.tax), Number(document.total)]).toEqual([net, tax, total].map(Number));
    expect(Number(lines)).toBe(Number(net));
  }
});

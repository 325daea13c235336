import {
  BillingProfiles,
  BillingRunService,
  InvoiceIssue,
  TenantInvoiceReader,
  TenantInvoiceService,
  verifyTenantProof,
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

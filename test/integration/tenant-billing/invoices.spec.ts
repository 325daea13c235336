import { BillingProfiles, BillingRunService, TenantInvoiceReader, TenantInvoiceService, type TenantInvoiceView } from '#libs/tenant-billing';
import { randomUUID } from 'node:crypto';
import { BECAUSE, newRatingWorld, type ProviderLine, type RatingWorld } from './rating-world';

const PLATFORM = { kind: 'platform' } as const;
const PAGE = { limit: 200 };

let world: RatingWorld;
let invoices: TenantInvoiceService;
let reader: TenantInvoiceReader;
beforeAll(async () => {
  world = await newRatingWorld();
  invoices = world.service(TenantInvoiceService);
  reader = world.service(TenantInvoiceReader);
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
  expect(draft).toMatchObject({ net: '20.01', tax: '0.00', total: '20.01', status: 'draft', tax_status: 'undecided', number: null, lines: 2 });
  expect(draft.actions).toEqual(['refresh', 'adjust', 'approve']);
  expect((await linesOf(draft.id)).map(({ net }) => net)).toEqual(['10.01', '10.00']);
  expect(await invoices.build('2020-01', BECAUSE)).toMatchObject({ drafts: 2, written: 0, unchanged: 2 });
  expect(await draftOf('2020-01', 'acme')).toEqual(draft);
  expect(randomUUID()).not.toBe(draft.id);
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

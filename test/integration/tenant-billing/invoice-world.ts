import {
  BillingProfiles,
  BillingRunService,
  figuresProblem,
  InvoiceIssue,
  TenantInvoiceReader,
  TenantInvoiceService,
  type TenantDocument,
  type TenantInvoiceLineView,
  type TenantInvoiceView,
} from '#libs/tenant-billing';
import { PLATFORM } from '../../support/principals';
import { BECAUSE, newRatingWorld, type ProviderLine, type RatingWorld } from './rating-world';

export const PAGE = { limit: 200 };

export interface InvoiceWorld extends Omit<RatingWorld, 'invoices'> {
  /** Writes invoices of the provider for a month. */
  readonly invoiced: RatingWorld['invoices'];
  readonly invoices: TenantInvoiceService;
  readonly reader: TenantInvoiceReader;
  readonly issuing: InvoiceIssue;
  /** Completes the issuer, or changes fields of it. */
  readonly fillIssuer: (fields?: Record<string, unknown>) => Promise<void>;
  /** The same of the profile of a tenant, which is registered. */
  readonly fillProfile: (tenant: string, fields?: Record<string, unknown>) => Promise<void>;
  readonly rate: (month: string) => Promise<void>;
  /** Writes an invoice of the provider with these lines, and rates its month. */
  readonly closeMonth: (month: string, lines: readonly ProviderLine[]) => Promise<void>;
  readonly listed: (filters: Parameters<TenantInvoiceReader['list']>[2]) => Promise<TenantInvoiceView[]>;
  readonly draftOf: (month: string, tenant: string) => Promise<TenantInvoiceView>;
  readonly linesOf: (id: string) => Promise<readonly TenantInvoiceLineView[]>;
  /** The issued invoices whose rows or frozen documents do not add up, and how many documents there are. */
  readonly sums: () => Promise<{ readonly documents: number; readonly wrong: readonly object[] }>;
}

export const usage = (tenant: string, amount: string, resourceId: string | null = null): ProviderLine => ({
  product: 'Droplets',
  kind: 'droplet',
  description: `web of ${tenant}`,
  amount,
  tenant,
  resourceId,
});

/** Invoices of a complete issuer to the tenants acme and birch, whose profiles are complete too. */
export async function newInvoiceWorld(env: NodeJS.ProcessEnv = {}): Promise<InvoiceWorld> {
  const world = await newRatingWorld(env);
  const [profiles, reader] = [world.service(BillingProfiles), world.service(TenantInvoiceReader)];
  const invoiceWorld: InvoiceWorld = {
    ...world,
    invoiced: world.invoices,
    reader,
    invoices: world.service(TenantInvoiceService),
    issuing: world.service(InvoiceIssue),
    fillIssuer: async (fields = {}) => {
      const { version, ...before } = await profiles.issuer('default');
      const filled = { ...before, name: 'Harbour Hosting', address: '1 Quay Street', country: 'AU', ...fields };
      await profiles.replaceIssuer('default', filled, version, BECAUSE);
    },
    fillProfile: async (tenant, fields = {}) => {
      await world.owner.query(`insert into tenants (id, name, source) values ($1, $1, 'admin') on conflict do nothing`, [tenant]);
      const { version, ...before } = await profiles.profile(tenant);
      const filled = { ...before, legal_name: `${tenant} Ltd`, address: 'A street', country: 'AU', is_business: true, ...fields };
      await profiles.replaceProfile(tenant, filled, version, BECAUSE);
    },
    rate: async (month) => {
      const runs = world.service(BillingRunService);
      const { id } = await runs.create(month, BECAUSE);
      await runs.run(id);
    },
    closeMonth: async (month, lines) => {
      await world.invoices(month, [{ lines }]);
      await invoiceWorld.rate(month);
    },
    listed: async (filters) => (await reader.list(PLATFORM, PAGE, filters)).data.slice(),
    draftOf: async (month, tenant) => {
      const [draft] = await invoiceWorld.listed({ period: month, tenant_id: tenant, status: ['draft'] });
      if (!draft) throw new Error(`no draft of ${tenant} in ${month}`);
      return draft;
    },
    linesOf: async (id) => (await reader.lines(PLATFORM, id, PAGE)).data,
    sums: async () => {
      const { rows } = await world.owner.query<{ json: string; net: string; tax: string; total: string; lines: string }>(
        `select d.json, i.net, i.tax, i.total, (select sum(l.net) from tenant_invoice_lines l where l.invoice_id = i.id) as lines
           from tenant_invoices i join tenant_documents d on d.invoice_id = i.id and d.kind = 'invoice'`,
      );
      const wrong = rows.filter(({ json, net, tax, total, lines }) => {
        const document = JSON.parse(json) as TenantDocument;
        const pairs = [
          [document.net, net],
          [document.tax, tax],
          [document.total, total],
          [lines, net],
        ];
        return figuresProblem(document) !== undefined || pairs.some(([one, other]) => Number(one) !== Number(other));
      });
      return { documents: rows.length, wrong };
    },
  };
  await invoiceWorld.fillIssuer();
  for (const tenant of ['acme', 'birch']) await invoiceWorld.fillProfile(tenant);
  return invoiceWorld;
}

import { TenantInvoiceReader, type TenantInvoiceView } from '#libs/tenant-billing';
import { randomUUID } from 'node:crypto';
import { newRatingWorld, type RatingWorld } from './rating-world';

export interface MoneyWorld extends RatingWorld {
  /** An issued invoice, written as its issue leaves it. Nets are in cents. */
  readonly issued: (invoice: IssuedInvoice) => Promise<string>;
  readonly invoice: (id: string) => Promise<TenantInvoiceView>;
  readonly number: (statement: string, values?: readonly unknown[]) => Promise<number>;
}

export interface IssuedInvoice {
  readonly tenant: string;
  readonly nets: readonly number[];
  /** Percent. */
  readonly rate?: number;
  /** Days ago. */
  readonly overdue?: number;
  /** Cents that the money wallet paid. */
  readonly wallet?: number;
}

export const PLATFORM = { kind: 'platform' } as const;

const PARTY = { name: 'Party', address: 'Street 1', country: 'AU', tax_ids: [] };
const TERMS = {
  issuer: { ...PARTY, bank_text: null, logo_sha256: null },
  customer: { ...PARTY, purchase_order: null },
  language: 'en',
  net_days: 14,
  tax: {},
  fx: null,
};

/** Rounded half away from zero, in whole cents. */
export const taxCents = (net: number, rate: number): number => Math.sign(net) * Math.floor((Math.abs(net) * rate + 50) / 100);
export const text = (cents: number): string =>
  `${cents < 0 ? '-' : ''}${Math.floor(Math.abs(cents) / 100)}.${String(Math.abs(cents) % 100).padStart(2, '0')}`;

/** The services of tenant billing over issued invoices. */
export async function newMoneyWorld(tenants: readonly string[]): Promise<MoneyWorld> {
  const world = await newRatingWorld();
  await world.owner.query(
    `insert into tenants (id, name, source) select id, id, 'admin' from unnest($1::text[]) id on conflict do nothing`,
    [tenants],
  );
  let numbers = 0;
  return {
    ...world,
    invoice: (id) => world.service(TenantInvoiceReader).get(PLATFORM, id),
    number: async (statement, values = []) => {
      const { rows } = await world.owner.query<Record<string, unknown>>(statement, [...values]);
      return Number(Object.values(rows[0] ?? {})[0]);
    },
    issued: async ({ tenant, nets, rate = 10, overdue = -14, wallet = 0 }) => {
      const id = randomUUID();
      const net = nets.reduce((sum, one) => sum + one, 0);
      const tax = taxCents(net, rate);
      const category = rate === 0 ? 'Z' : 'S';
      const taxes = [{ category, rate: String(rate), label: `GST ${rate} %`, text: null, net: text(net), tax: text(tax) }];
      const values = [id, tenant, text(net), text(tax), text(net + tax), JSON.stringify(taxes)];
      await world.owner.query(
        `insert into tenant_invoices (id, issuer_id, tenant_id, kind, currency, decimals, net, tax, total, taxes, changed_by)
         values ($1, 'default', $2, 'one_off', 'USD', 2, $3, $4, $5, $6, 'a test')`,
        values,
      );
      for (const [at, one] of nets.entries())
        await world.owner.query(
          `insert into tenant_invoice_lines (invoice_id, line_no, tenant_id, kind, description, unit, exact, net, tax_category, tax_rate, buy, explanation)
           values ($1, $2, $3, 'usage', $4, '', $5, $5, $6, $7, 0, '{}')`,
          [id, at + 1, tenant, `Line ${at + 1}`, text(one), category, rate],
        );
      await world.owner.query(
        `update tenant_invoices set status = 'issued', tax_status = 'decided', terms = $2, number = $3, issued_at = now(), issued_on = current_date - 30,
                due_on = current_date - $4::int, wallet = $5, due = total - $5, line_count = $6,
                payment_status = case when total = $5 then 'paid' when $5 > 0 then 'partly_paid' else 'unpaid' end where id = $1`,
        [id, JSON.stringify(TERMS), `T-${(numbers += 1)}`, overdue, text(wallet), nets.length],
      );
      return id;
    },
  };
}

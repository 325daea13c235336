import { Transaction } from '#libs/database';
import { Money } from '#libs/kernel';
import {
  CreditNotes,
  Payments,
  TenantInvoiceReader,
  Wallets,
  type CreditNoteView,
  type NewCreditNote,
  type NewPayment,
  type TenantInvoiceView,
} from '#libs/tenant-billing';
import { randomUUID } from 'node:crypto';
import type { QueryResultRow } from 'pg';
import type { SeededRandom } from '../../support/seeded-random';
import { BECAUSE, newRatingWorld, type RatingWorld } from './rating-world';

export interface MoneyWorld extends RatingWorld {
  /** An issued invoice, written as its issue leaves it. Nets are in cents. */
  readonly issued: (invoice: IssuedInvoice) => Promise<string>;
  readonly invoice: (id: string) => Promise<TenantInvoiceView>;
  readonly number: (statement: string, values?: readonly unknown[]) => Promise<number>;
  /** A statement of the superuser; several at once take turns. */
  readonly rows: <R extends QueryResultRow>(statement: string, values: readonly unknown[]) => Promise<R[]>;
  readonly pay: (id: string, input: NewPayment) => Promise<unknown>;
  /** Line numbers with nets in cents. */
  readonly credit: (id: string, lines: readonly (readonly [number, number])[], rest?: NewCreditNote['rest']) => Promise<CreditNoteView>;
  /** The id of the payment with a reference. */
  readonly paymentOf: (reference: string) => Promise<string>;
  /** What a wallet has, in cents. */
  readonly balance: (tenant: string, kind?: 'money' | 'promotion') => Promise<number>;
  readonly takeMoney: (tenant: string, cents: number, invoiceId?: string) => Promise<Money>;
  /** Counts what breaks a bound, by sums over the entries that use nothing of the product. */
  readonly beyondBounds: () => Promise<number>;
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

const BEYOND_BOUNDS = `
    select (select count(*) from tenant_invoice_lines l where abs((select coalesce(sum(c.net), 0) from credit_note_lines c
                     where c.invoice_id = l.invoice_id and c.invoice_line_no = l.line_no)) > abs(l.net))
         + (select count(*) from tenant_invoices i where (select coalesce(sum(total), 0) from credit_notes c where c.invoice_id = i.id) > i.total)
         + (select count(*) from payments p where p.kind = 'received'
             and (select coalesce(sum(amount), 0) from payments r where r.returns_id = p.id) > p.amount)
         + (select count(*) from wallet_lots w where (select sum(amount) from wallet_entries e where e.lot_id = w.id) not between 0 and w.amount
             or w.remaining <> (select sum(amount) from wallet_entries e where e.lot_id = w.id))
         + (select count(*) from tenant_invoices i where i.status = 'issued' and i.due <> i.total - i.wallet
             - (select coalesce(sum(lowers_due), 0) from credit_notes c where c.invoice_id = i.id)
             - (select coalesce(sum(case kind when 'received' then to_due else -to_due end), 0) from payments p where p.invoice_id = i.id))`;

export const money = (cents: number): Money => Money.parse(text(cents));
/** Where the rest of a credit note goes, in cents. */
export const rest = (refund = 0, wallet = 0, outOfBand = 0) => ({
  refund: money(refund),
  wallet: money(wallet),
  out_of_band: money(outOfBand),
});

/** A payment of cents with a reference of its own. */
export const payment = (cents: number, more: Partial<NewPayment> = {}): NewPayment => ({
  kind: 'received',
  amount: text(cents),
  reference: `REF-${randomUUID()}`,
  received_on: '2026-11-30',
  payment_id: null,
  ...more,
});

/** The services of tenant billing over issued invoices. */
export async function newMoneyWorld(tenants: readonly string[]): Promise<MoneyWorld> {
  const world = await newRatingWorld();
  await world.owner.query(
    `insert into tenants (id, name, source) select id, id, 'admin' from unnest($1::text[]) id on conflict do nothing`,
    [tenants],
  );
  let numbers = 0;
  const invoice = (id: string) => world.service(TenantInvoiceReader).get(PLATFORM, id);
  let last: Promise<unknown> = Promise.resolve();
  const rows = <R extends QueryResultRow>(statement: string, values: readonly unknown[]): Promise<R[]> => {
    const found = last.then(async () => (await world.owner.query<R>(statement, [...values])).rows);
    last = found.catch(() => undefined);
    return found;
  };
  const number = async (statement: string, values: readonly unknown[] = []) => {
    const [row] = await rows(statement, values);
    return Number(Object.values(row ?? {})[0]);
  };
  const versionOf = (id: string) => number('select version from tenant_invoices where id = $1', [id]);
  return {
    ...world,
    invoice,
    number,
    rows,
    pay: async (id, input) => world.service(Payments).record(id, input, await versionOf(id), BECAUSE),
    credit: async (id, lines, settled = rest()) => {
      const input = { lines: lines.map(([line_no, net]) => ({ line_no, net: money(net) })), rest: settled };
      return world.service(CreditNotes).credit(id, input, await versionOf(id), BECAUSE);
    },
    paymentOf: async (reference) => (await world.service(Payments).list(PLATFORM, { limit: 1 }, { reference })).data[0]?.id ?? '',
    balance: (tenant, kind = 'money') =>
      number('select coalesce(sum(remaining), 0) * 100 from wallet_lots where tenant_id = $1 and kind = $2', [tenant, kind]),
    takeMoney: (tenantId, cents, invoiceId) =>
      world.service(Transaction).run((em) => {
        const origin = { cause: 'applied', by: BECAUSE.by, ...(invoiceId !== undefined && { invoiceId }) } as const;
        return world.service(Wallets).take(em, { tenantId, kind: 'money', currency: 'USD' }, money(cents), origin);
      }),
    beyondBounds: () => number(BEYOND_BOUNDS),
    issued: async ({ tenant, nets, rate = 10, overdue = -14, wallet = 0 }) => {
      const id = randomUUID();
      const net = nets.reduce((sum, one) => sum + one, 0);
      const tax = taxCents(net, rate);
      const category = rate === 0 ? 'Z' : 'S';
      const taxes = [{ category, rate: String(rate), label: `GST ${rate} %`, text: null, net: text(net), tax: text(tax) }];
      const values = [id, tenant, text(net), text(tax), text(net + tax), JSON.stringify(taxes)];
      await rows(
        `insert into tenant_invoices (id, issuer_id, tenant_id, kind, currency, decimals, net, tax, total, taxes, changed_by)
         values ($1, 'default', $2, 'one_off', 'USD', 2, $3, $4, $5, $6, 'a test')`,
        values,
      );
      for (const [at, one] of nets.entries())
        await rows(
          `insert into tenant_invoice_lines (invoice_id, line_no, tenant_id, kind, description, unit, exact, net, tax_category, tax_rate, buy, explanation)
           values ($1, $2, $3, 'usage', $4, '', $5, $5, $6, $7, 0, '{}')`,
          [id, at + 1, tenant, `Line ${at + 1}`, text(one), category, rate],
        );
      await rows(
        `update tenant_invoices set status = 'issued', tax_status = 'decided', terms = $2, number = $3, issued_at = now(), issued_on = current_date - 30,
                due_on = current_date - $4::int, wallet = $5, due = total - $5, line_count = $6,
                payment_status = case when total = $5 then 'paid' when $5 > 0 then 'partly_paid' else 'unpaid' end where id = $1`,
        [id, JSON.stringify(TERMS), `T-${(numbers += 1)}`, overdue, text(wallet), nets.length],
      );
      return id;
    },
  };
}

/** Verbs and movements with random amounts, of which many are refused. */
export function randomOperations(
  world: MoneyWorld,
  random: SeededRandom,
  tenant: string,
): Record<string, (id: string) => Promise<unknown>> {
  const cents = (most: number) => 1 + random.below(most);
  const anyPayment = async (id: string) => {
    const rows = await world.rows<{ id: string }>(
      `select id from payments where invoice_id = $1 and kind = 'received' order by id desc limit 50`,
      [id],
    );
    return rows.length > 0 ? random.pick(rows).id : randomUUID();
  };
  return {
    receive: (id) => world.pay(id, payment(cents(8_000))),
    refund: async (id) => world.pay(id, payment(cents(6_000), { kind: 'refunded', payment_id: await anyPayment(id) })),
    reverse: async (id) => world.pay(id, payment(cents(6_000), { kind: 'reversed', payment_id: await anyPayment(id) })),
    credit: async (id) => {
      const lines: [number, number][] = [1, 2, 3].filter(() => random.chance(0.5)).map((no) => [no, no === 3 ? -cents(400) : cents(5_000)]);
      const due = await world.number('select due * 100 from tenant_invoices where id = $1', [id]);
      const total = Math.round(lines.reduce((sum, [, net]) => sum + net, 0) * 1.1);
      const left = Math.max(total - due, 0);
      const part = random.below(left + 1);
      return world.credit(
        id,
        lines.length > 0 ? lines : [[1, 1]],
        random.pick([rest(part, left - part), rest(0, part, left - part), rest(left), rest()]),
      );
    },
    grant: () => world.service(Wallets).grant(tenant, { kind: 'money', source: random.pick(['granted', 'purchased']), amount: text(cents(500)), currency: 'USD', expires_at: null, reason: 'random' }, BECAUSE), // prettier-ignore
    take: (id) => world.takeMoney(tenant, cents(5_000), id),
    giveBack: (id) => world.service(Transaction).run((em) => world.service(Wallets).giveBack(em, id, BECAUSE.by)),
    writeOff: async (id) =>
      random.chance(0.1) ? world.service(Payments).writeOff(id, (await world.invoice(id)).version, BECAUSE) : undefined,
  };
}

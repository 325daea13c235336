import { Transaction } from '#libs/database';
import { errorCode, Money } from '#libs/kernel';
import { CreditNotes, Dunning, NotificationRequests, Payments, Wallets, type NewCreditNote, type NewPayment } from '#libs/tenant-billing';
import { TenantRegistry, TenantWriter } from '#libs/tenants';
import { randomUUID } from 'node:crypto';
import { SeededRandom } from '../../support/seeded-random';
import { newMoneyWorld, PLATFORM, text, type MoneyWorld } from './money-world';
import { BECAUSE } from './rating-world';

const IS_LONG = process.env.TEST_LONG === '1';
const SEED = Number(process.env.FUZZ_SEED ?? Date.now() % 1_000_000);
const OPERATIONS = IS_LONG ? 100_000 : 500;
jest.setTimeout(IS_LONG ? 7_200_000 : 60_000);

let world: MoneyWorld;
beforeAll(async () => {
  world = await newMoneyWorld(['acme', 'birch', 'cedar', 'dora', 'elm']);
});
afterAll(() => world.close());

const money = (cents: number) => Money.parse(text(cents));
const rest = (refund = 0, wallet = 0, outOfBand = 0) => ({ refund: money(refund), wallet: money(wallet), out_of_band: money(outOfBand) });
const credit = async (id: string, lines: readonly [number, number][], parts = rest()) => {
  const { version } = await world.invoice(id);
  const input: NewCreditNote = { lines: lines.map(([line_no, net]) => ({ line_no, net: money(net) })), rest: parts };
  return world.service(CreditNotes).credit(id, input, version, BECAUSE);
};
const payment = (cents: number, more: Partial<NewPayment> = {}): NewPayment => ({
  ...{ kind: 'received', amount: text(cents), reference: `REF-${randomUUID()}`, received_on: '2026-11-30', payment_id: null, ...more },
});
const pay = async (id: string, input: NewPayment) => world.service(Payments).record(id, input, (await world.invoice(id)).version, BECAUSE);
const paymentOf = async (reference: string) => {
  const { data } = await world.service(Payments).list(PLATFORM, { limit: 1 }, { reference });
  return data[0]?.id ?? '';
};
const balance = (tenant: string, kind = 'money') =>
  world.number('select coalesce(sum(remaining), 0) * 100 from wallet_lots where tenant_id = $1 and kind = $2', [tenant, kind]);
const takeMoney = (tenantId: string, cents: number, invoiceId?: string) =>
  world.service(Transaction).run((em) =>
    world.service(Wallets).take(em, { tenantId, kind: 'money', currency: 'USD' }, money(cents), {
      cause: 'applied',
      by: BECAUSE.by,
      ...(invoiceId && { invoiceId }),
    }),
  );
const codeOf = (outcome: PromiseSettledResult<unknown>): string => (outcome.status === 'fulfilled' ? 'done' : errorCode(outcome.reason));

describe('a payment', () => {
  it('pays an invoice in parts, and what is more than is due goes to the wallet', async () => {
    const id = await world.issued({ tenant: 'acme', nets: [10_000] });
    await pay(id, payment(5_000));
    expect(await world.invoice(id)).toMatchObject({ payment_status: 'partly_paid', due: '60.00' });
    await pay(id, payment(7_500));
    expect(await world.invoice(id)).toMatchObject({ payment_status: 'paid', due: '0.00' });
    expect(await balance('acme')).toBe(1_500);
  });

  it('is recorded once under its reference', async () => {
    const id = await world.issued({ tenant: 'birch', nets: [10_000] });
    const once = payment(1_000);
    await pay(id, once);
    await expect(pay(id, once)).rejects.toMatchObject({ code: 'reference_taken' });
    expect(await world.invoice(id)).toMatchObject({ due: '100.00' });
  });

  it('that the bank takes back makes the invoice due again and takes the overpayment out of the wallet', async () => {
    const id = await world.issued({ tenant: 'birch', nets: [10_000] });
    const received = payment(12_000);
    await pay(id, received);
    const payment_id = await paymentOf(received.reference);
    await pay(id, payment(12_000, { kind: 'reversed', payment_id }));
    expect(await world.invoice(id)).toMatchObject({ payment_status: 'unpaid', due: '110.00' });
    expect(await balance('birch')).toBe(0);
    await expect(pay(id, payment(1, { kind: 'refunded', payment_id }))).rejects.toMatchObject({ code: 'payment_not_returnable' });
  });

  it('that is returned cannot take from the wallet what was spent', async () => {
    const id = await world.issued({ tenant: 'cedar', nets: [10_000] });
    const received = payment(12_000);
    await pay(id, received);
    await takeMoney('cedar', 700);
    const payment_id = await paymentOf(received.reference);
    await expect(pay(id, payment(12_000, { kind: 'reversed', payment_id }))).rejects.toMatchObject({ code: 'payment_not_returnable' });
    await pay(id, payment(11_300, { kind: 'reversed', payment_id }));
    expect(await balance('cedar')).toBe(0);
  });

  it('that comes after the write-off lowers what was never paid', async () => {
    const id = await world.issued({ tenant: 'cedar', nets: [10_000] });
    await world.service(Payments).writeOff(id, (await world.invoice(id)).version, BECAUSE);
    expect(await world.invoice(id)).toMatchObject({ payment_status: 'written_off', due: '110.00' });
    await pay(id, payment(11_000));
    expect(await world.invoice(id)).toMatchObject({ payment_status: 'paid', due: '0.00' });
  });
});

describe('a credit note', () => {
  it('has its own number and the tax of its lines, lowers what is due first, and splits the rest exactly', async () => {
    const id = await world.issued({ tenant: 'dora', nets: [10_000, 5_000, -500], rate: 10 });
    await pay(id, payment(9_950));
    const note = await credit(id, [[1, 8_000], [3, -500]], rest(1_250, 1_000, 0)); // prettier-ignore
    expect(note).toMatchObject({ net: '75.00', tax: '7.50', total: '82.50', lowers_due: '60.00', rest: { refund: '12.50', wallet: '10.00', out_of_band: '0.00' } }); // prettier-ignore
    expect(await world.invoice(id)).toMatchObject({ due: '0.00', payment_status: 'paid' });
    expect(await balance('dora')).toBe(1_000);
    const { rows } = await world.owner.query<{ json: string }>(
      `select json from tenant_documents where invoice_id = $1 and kind = 'credit_note'`,
      [id],
    );
    expect(JSON.parse(rows[0]?.json ?? '{}')).toMatchObject({ kind: 'credit_note', number: note.number, total: '82.50', reason: 'a test' });
  });

  it('takes back of a line and of an invoice no more than is left', async () => {
    const id = await world.issued({ tenant: 'dora', nets: [10_000, -1_000] });
    await credit(id, [[1, 6_000]]);
    await expect(credit(id, [[1, 4_001]])).rejects.toMatchObject({ code: 'not_creditable' });
    await expect(credit(id, [[1, 4_000]])).rejects.toMatchObject({ code: 'not_creditable' });
    await credit(id, [[1, 4_000], [2, -1_000]]); // prettier-ignore
    expect(await world.invoice(id)).toMatchObject({ due: '0.00' });
  });

  it('pays back what a return then carries out, and nothing becomes due by it', async () => {
    const id = await world.issued({ tenant: 'dora', nets: [10_000] });
    const received = payment(11_000);
    await pay(id, received);
    await credit(id, [[1, 2_000]], rest(2_200));
    await pay(id, payment(2_200, { kind: 'refunded', payment_id: await paymentOf(received.reference) }));
    expect(await world.invoice(id)).toMatchObject({ due: '0.00', payment_status: 'paid' });
  });
});

describe('two verbs at the same time', () => {
  it.each(['pay and pay', 'pay and credit', 'credit and credit', 'pay and write off'])(
    '%s: one wins, the other is told that the version moved, and no amount is lost [TBL-5]',
    async (pair) => {
      const id = await world.issued({ tenant: 'dora', nets: [10_000] });
      const { version } = await world.invoice(id);
      const one = () => world.service(Payments).record(id, payment(3_000), version, BECAUSE);
      const other = {
        pay: one,
        credit: () => world.service(CreditNotes).credit(id, { lines: [{ line_no: 1, net: money(2_000) }], rest: rest() }, version, BECAUSE),
        'write off': () => world.service(Payments).writeOff(id, version, BECAUSE),
      };
      const [first, second] = pair.split(' and ') as (keyof typeof other)[];
      const outcomes = await Promise.allSettled([first, second].map((verb) => (verb ? other[verb]() : one())));
      expect(outcomes.map(codeOf).sort()).toEqual(['done', 'version_moved']);
      const lowered = await world.number(
        `select (coalesce((select sum(to_due) from payments where invoice_id = $1), 0) + coalesce((select sum(lowers_due) from credit_notes where invoice_id = $1), 0)) * 100`,
        [id],
      );
      expect((await world.invoice(id)).due).toBe(text(11_000 - lowered));
    },
  );

  it('two amounts taken from one wallet never take more than it has [TBL-5] [TBL-6]', async () => {
    const grant = { kind: 'money', source: 'granted', amount: '10.00', currency: 'USD', expires_at: null, reason: 'a test' } as const;
    await world.service(Wallets).grant('elm', grant, BECAUSE);
    const taken = await Promise.all(Array.from({ length: 6 }, () => takeMoney('elm', 300)));
    expect(Money.sum(taken).toAmountText()).toBe('10.00');
    expect(await balance('elm')).toBe(0);
  });
});

describe('the database itself', () => {
  const refused = async (statement: string, values: readonly unknown[]) => {
    await world.owner.query('begin');
    try {
      await world.owner.query(statement, [...values]);
      await world.owner.query('set constraints all immediate');
      return 'accepted';
    } catch (error) {
      return (error as { code?: string }).code;
    } finally {
      await world.owner.query('rollback');
    }
  };
  const PAYMENT = `insert into payments (invoice_id, tenant_id, kind, amount, currency, reference, received_on, returns_id, to_due, to_wallet, to_refund, created_by)
    values ($1, 'dora', $2, $3::numeric, 'USD', gen_random_uuid()::text, current_date, $4, $3::numeric, 0, 0, 'a test')`;

  it('refuses sums beyond the line, the invoice, the payment and the lot, and every change of an entry [TBL-6]', async () => {
    const id = await world.issued({ tenant: 'dora', nets: [10_000] });
    const received = payment(12_000);
    await pay(id, received);
    const paymentId = await paymentOf(received.reference);
    const note = await credit(id, [[1, 6_000]], rest(0, 0, 6_600));
    const line = `insert into credit_note_lines (credit_note_id, line_no, tenant_id, invoice_id, invoice_line_no, description, net, tax_category, tax_rate)
      values ($1, 9, 'dora', $2, 1, 'more', 40.01, 'S', 10)`;
    expect(await refused(line, [note.id, id])).toBe('23514');
    expect(await refused(PAYMENT, [id, 'received', '0.01', null])).toBe('23514');
    expect(await refused(PAYMENT, [id, 'reversed', '110.01', paymentId])).toBe('23514');
    expect(await refused('update tenant_invoices set due = due + 0.01 where id = $1', [id])).toBe('23514');
    expect(await refused('update tenant_invoices set credited = total + 0.01 where id = $1', [id])).toBe('23514');
    expect(await refused('update payments set amount = 1 where id = $1', [paymentId])).toBe('23514');
    expect(await refused('delete from credit_notes where id = $1', [note.id])).toBe('23514');
    expect(await refused(`update wallet_lots set remaining = -0.01 where tenant_id = $1`, ['dora'])).toBe('23514');
    expect(await refused(`update wallet_entries set amount = 1 where tenant_id = $1`, ['dora'])).toBe('23514');
  });
});

describe('reminding', () => {
  const reasonOf = async (tenant: string) => (await world.service(TenantRegistry).get(tenant)).orders_blocked_reason;
  const kindsOf = async (tenant_id: string) => {
    const { data } = await world.service(NotificationRequests).list({ limit: 200 }, { tenant_id });
    return data.map(({ kind }) => kind).sort();
  };

  it('takes each step of an invoice once, also when two workers do it at the same time, and blocks orders until it is paid', async () => {
    const id = await world.issued({ tenant: 'elm', nets: [10_000], overdue: 25 });
    const dunning = world.service(Dunning);
    await Promise.all([dunning.run(), dunning.run()]);
    expect(await dunning.run()).toBe(0);
    expect(await kindsOf('elm')).toEqual(['dunning_block_orders', 'dunning_notify_admin', 'dunning_remind']);
    expect(await reasonOf('elm')).toContain('is overdue');
    await pay(id, payment(1_000));
    expect(await reasonOf('elm')).toContain('is overdue');
    await pay(id, payment(10_000));
    expect(await reasonOf('elm')).toBeNull();
    expect(await dunning.run()).toBe(0);
  });

  it('leaves the block of somebody else, and keeps the tenant blocked for another overdue invoice', async () => {
    const dunning = world.service(Dunning);
    const [one, two] = [
      await world.issued({ tenant: 'elm', nets: [100], overdue: 22 }),
      await world.issued({ tenant: 'elm', nets: [200], overdue: 21 }),
    ];
    await dunning.run();
    await pay(one, payment(110));
    expect(await reasonOf('elm')).toContain('is overdue');
    await world.service(TenantWriter).update('elm', { orders_blocked_reason: 'a dispute' }, BECAUSE);
    await pay(two, payment(220));
    expect(await reasonOf('elm')).toBe('a dispute');
  });

  it('does nothing to invoices that are not overdue long enough, paid or written off', async () => {
    const before = (await kindsOf('birch')).length;
    await world.issued({ tenant: 'birch', nets: [100], overdue: 2 });
    const written = await world.issued({ tenant: 'birch', nets: [100], overdue: 30 });
    await world.service(Payments).writeOff(written, (await world.invoice(written)).version, BECAUSE);
    await world.service(Dunning).run();
    expect(await kindsOf('birch')).toHaveLength(before);
  });
});

it(`keeps every sum within its bound over ${OPERATIONS} random operations (seed ${SEED}) [TBL-6]`, async () => {
  const random = new SeededRandom(SEED);
  const tenant = 'acme';
  const invoices: string[] = [];
  const outcomes = new Map<string, number>();
  const anyPayment = async (id: string) => {
    const { data } = await world.service(Payments).list(PLATFORM, { limit: 50 }, { invoice_id: id, kind: 'received' });
    return data.length > 0 ? random.pick(data).id : randomUUID();
  };
  const cents = (most: number) => 1 + random.below(most);
  const operations: Record<string, (id: string) => Promise<unknown>> = {
    receive: (id) => pay(id, payment(cents(8_000))),
    refund: async (id) => pay(id, payment(cents(6_000), { kind: 'refunded', payment_id: await anyPayment(id) })),
    reverse: async (id) => pay(id, payment(cents(6_000), { kind: 'reversed', payment_id: await anyPayment(id) })),
    credit: async (id) => {
      const lines: [number, number][] = [1, 2, 3].filter(() => random.chance(0.5)).map((no) => [no, no === 3 ? -cents(400) : cents(5_000)]);
      const { due } = await world.invoice(id);
      const total = Math.round(lines.reduce((sum, [, net]) => sum + net, 0) * 1.1);
      const left = Math.max(total - Math.round(Number(due) * 100), 0);
      const part = random.below(left + 1);
      return credit(
        id,
        lines.length > 0 ? lines : [[1, 1]],
        random.pick([rest(part, left - part), rest(0, part, left - part), rest(left), rest()]),
      );
    },
    grant: () => world.service(Wallets).grant(tenant, { kind: 'money', source: random.pick(['granted', 'purchased']), amount: text(cents(500)), currency: 'USD', expires_at: null, reason: 'random' }, BECAUSE), // prettier-ignore
    take: (id) => takeMoney(tenant, cents(5_000), id),
    giveBack: (id) => world.service(Transaction).run((em) => world.service(Wallets).giveBack(em, id, BECAUSE.by)),
    writeOff: async (id) =>
      random.chance(0.1) ? world.service(Payments).writeOff(id, (await world.invoice(id)).version, BECAUSE) : undefined,
  };
  for (let nth = 0; nth < OPERATIONS; nth += 1) {
    if (nth % 60 === 0) invoices.push(await world.issued({ tenant, nets: [cents(9_000), cents(9_000), -cents(400)] }));
    const name = random.pick(Object.keys(operations));
    const [outcome] = await Promise.allSettled([operations[name]?.(random.pick(invoices.slice(-3)))]);
    const code = codeOf(outcome);
    outcomes.set(`${name} ${code}`, (outcomes.get(`${name} ${code}`) ?? 0) + 1);
    if (nth % 100 === 99) expect(await beyondBounds()).toBe(0);
  }
  expect(await beyondBounds()).toBe(0);
  const names = [...outcomes.keys()];
  for (const name of Object.keys(operations)) expect(names).toContain(`${name} done`);
  const expected = ['done', 'payment_not_returnable', 'payment_not_found', 'not_creditable', 'validation_failed', 'verb_not_possible'];
  expect(names.map((name) => name.split(' ')[1]).filter((code) => !expected.includes(code ?? ''))).toEqual([]);
  expect(names.some((name) => name.endsWith('not_creditable')) && names.some((name) => name.endsWith('payment_not_returnable'))).toBe(true);
});

/** Counts what breaks a bound, by sums over the entries that use nothing of the product. */
const beyondBounds = (): Promise<number> =>
  world.number(`
    select (select count(*) from tenant_invoice_lines l where abs((select coalesce(sum(c.net), 0) from credit_note_lines c
                     where c.invoice_id = l.invoice_id and c.invoice_line_no = l.line_no)) > abs(l.net))
         + (select count(*) from tenant_invoices i where (select coalesce(sum(total), 0) from credit_notes c where c.invoice_id = i.id) > i.total)
         + (select count(*) from payments p where p.kind = 'received'
             and (select coalesce(sum(amount), 0) from payments r where r.returns_id = p.id) > p.amount)
         + (select count(*) from wallet_lots w where (select sum(amount) from wallet_entries e where e.lot_id = w.id) not between 0 and w.amount
             or w.remaining <> (select sum(amount) from wallet_entries e where e.lot_id = w.id))
         + (select count(*) from tenant_invoices i where i.due <> i.total - i.wallet
             - (select coalesce(sum(lowers_due), 0) from credit_notes c where c.invoice_id = i.id)
             - (select coalesce(sum(case kind when 'received' then to_due else -to_due end), 0) from payments p where p.invoice_id = i.id))`);

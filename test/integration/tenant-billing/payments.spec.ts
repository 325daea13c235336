import { errorCode, Money } from '#libs/kernel';
import { CreditNotes, Payments, Wallets } from '#libs/tenant-billing';
import { money, newMoneyWorld, payment, rest, text, type MoneyWorld } from './money-world';
import { BECAUSE } from './rating-world';

let world: MoneyWorld;
beforeAll(async () => {
  world = await newMoneyWorld(['acme', 'birch', 'cedar', 'dora', 'elm']);
});
afterAll(() => world.close());

const codeOf = (outcome: PromiseSettledResult<unknown>): string => (outcome.status === 'fulfilled' ? 'done' : errorCode(outcome.reason));

describe('a payment', () => {
  it('pays an invoice in parts, and what is more than is due goes to the wallet', async () => {
    const id = await world.issued({ tenant: 'acme', nets: [10_000] });
    await world.pay(id, payment(5_000));
    expect(await world.invoice(id)).toMatchObject({ payment_status: 'partly_paid', due: '60.00' });
    await world.pay(id, payment(7_500));
    expect(await world.invoice(id)).toMatchObject({ payment_status: 'paid', due: '0.00' });
    expect(await world.balance('acme')).toBe(1_500);
  });

  it('is recorded once under its reference', async () => {
    const id = await world.issued({ tenant: 'birch', nets: [10_000] });
    const once = payment(1_000);
    await world.pay(id, once);
    await expect(world.pay(id, once)).rejects.toMatchObject({ code: 'reference_taken' });
    expect(await world.invoice(id)).toMatchObject({ due: '100.00' });
  });

  it('that the bank takes back makes the invoice due again and takes the overpayment out of the wallet', async () => {
    const id = await world.issued({ tenant: 'birch', nets: [10_000] });
    const received = payment(12_000);
    await world.pay(id, received);
    const payment_id = await world.paymentOf(received.reference);
    await world.pay(id, payment(12_000, { kind: 'reversed', payment_id }));
    expect(await world.invoice(id)).toMatchObject({ payment_status: 'unpaid', due: '110.00' });
    expect(await world.balance('birch')).toBe(0);
    await expect(world.pay(id, payment(1, { kind: 'refunded', payment_id }))).rejects.toMatchObject({ code: 'payment_not_returnable' });
  });

  it('that is returned cannot take from the wallet what was spent', async () => {
    const id = await world.issued({ tenant: 'cedar', nets: [10_000] });
    const received = payment(12_000);
    await world.pay(id, received);
    await world.takeMoney('cedar', 700);
    const payment_id = await world.paymentOf(received.reference);
    await expect(world.pay(id, payment(12_000, { kind: 'reversed', payment_id }))).rejects.toMatchObject({
      code: 'payment_not_returnable',
    });
    await world.pay(id, payment(11_300, { kind: 'reversed', payment_id }));
    expect(await world.balance('cedar')).toBe(0);
  });

  it('that comes after the write-off lowers what was never paid', async () => {
    const id = await world.issued({ tenant: 'cedar', nets: [10_000] });
    await world.service(Payments).writeOff(id, (await world.invoice(id)).version, BECAUSE);
    expect(await world.invoice(id)).toMatchObject({ payment_status: 'written_off', due: '110.00' });
    await world.pay(id, payment(11_000));
    expect(await world.invoice(id)).toMatchObject({ payment_status: 'paid', due: '0.00' });
  });
});

describe('a credit note', () => {
  it('leaves an invoice written off until something is paid', async () => {
    const id = await world.issued({ tenant: 'cedar', nets: [10_000] });
    await world.service(Payments).writeOff(id, (await world.invoice(id)).version, BECAUSE);
    await world.credit(id, [[1, 3_000]]);
    expect(await world.invoice(id)).toMatchObject({ payment_status: 'written_off', due: '77.00' });
    await world.pay(id, payment(700));
    expect(await world.invoice(id)).toMatchObject({ payment_status: 'partly_paid', due: '70.00' });
    const other = await world.issued({ tenant: 'cedar', nets: [10_000] });
    await world.service(Payments).writeOff(other, (await world.invoice(other)).version, BECAUSE);
    await world.credit(other, [[1, 10_000]]);
    expect(await world.invoice(other)).toMatchObject({ payment_status: 'paid', due: '0.00' });
  });

  it('lowers what is due again after a chargeback of what an earlier one gave back', async () => {
    const id = await world.issued({ tenant: 'dora', nets: [10_000] });
    const received = payment(11_000);
    await world.pay(id, received);
    await world.credit(id, [[1, 4_000]], rest(0, 4_400, 0));
    await world.pay(id, payment(11_000, { kind: 'reversed', payment_id: await world.paymentOf(received.reference) }));
    await expect(world.credit(id, [[1, 6_000]], rest(0, 100, 0))).rejects.toMatchObject({ code: 'validation_failed' });
    await world.credit(id, [[1, 6_000]]);
    expect(await world.invoice(id)).toMatchObject({ payment_status: 'unpaid', due: '44.00' });
    await world.takeMoney('dora', 4_400);
    expect(await world.beyondBounds()).toBe(0);
  });

  it('has its own number and the tax of its lines, lowers what is due first, and splits the rest exactly', async () => {
    const id = await world.issued({ tenant: 'dora', nets: [10_000, 5_000, -500], rate: 10 });
    await world.pay(id, payment(9_950));
    const note = await world.credit(id, [[1, 8_000], [3, -500]], rest(1_250, 1_000, 0)); // prettier-ignore
    expect(note).toMatchObject({ net: '75.00', tax: '7.50', total: '82.50', lowers_due: '60.00', rest: { refund: '12.50', wallet: '10.00', out_of_band: '0.00' } }); // prettier-ignore
    expect(await world.invoice(id)).toMatchObject({ due: '0.00', payment_status: 'paid' });
    expect(await world.balance('dora')).toBe(1_000);
    const { rows } = await world.owner.query<{ json: string }>(
      `select json from tenant_documents where invoice_id = $1 and kind = 'credit_note'`,
      [id],
    );
    expect(JSON.parse(rows[0]?.json ?? '{}')).toMatchObject({ kind: 'credit_note', number: note.number, total: '82.50', reason: 'a test' });
  });

  it('takes back of a line and of an invoice no more than is left', async () => {
    const id = await world.issued({ tenant: 'dora', nets: [10_000, -1_000] });
    await world.credit(id, [[1, 6_000]]);
    await expect(world.credit(id, [[1, 4_001]])).rejects.toMatchObject({ code: 'not_creditable' });
    await expect(world.credit(id, [[1, 4_000]])).rejects.toMatchObject({ code: 'not_creditable' });
    await world.credit(id, [[1, 4_000], [2, -1_000]]); // prettier-ignore
    expect(await world.invoice(id)).toMatchObject({ due: '0.00' });
  });

  it('pays back what a return then carries out, and nothing becomes due by it', async () => {
    const [id, received] = [await world.issued({ tenant: 'dora', nets: [10_000] }), payment(11_000)];
    await world.pay(id, received);
    await world.credit(id, [[1, 2_000]], rest(2_200));
    await world.pay(id, payment(2_200, { kind: 'refunded', payment_id: await world.paymentOf(received.reference) }));
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
      const sums = `select (coalesce((select sum(to_due) from payments where invoice_id = $1), 0)
                         + coalesce((select sum(lowers_due) from credit_notes where invoice_id = $1), 0)) * 100`;
      const lowered = await world.number(sums, [id]);
      expect((await world.invoice(id)).due).toBe(text(11_000 - lowered));
    },
  );

  it('two amounts taken from one wallet never take more than it has [TBL-5] [TBL-6]', async () => {
    const grant = { kind: 'money', source: 'granted', amount: '10.00', currency: 'USD', expires_at: null, reason: 'a test' } as const;
    await world.service(Wallets).grant('elm', grant, BECAUSE);
    const taken = await Promise.all(Array.from({ length: 6 }, () => world.takeMoney('elm', 300)));
    expect(Money.sum(taken).toAmountText()).toBe('10.00');
    expect(await world.balance('elm')).toBe(0);
  });
});

it('shows a tenant its own payments, credit notes and entries only, by the query and by row security [TEN-3] [TEN-4]', async () => {
  const id = await world.issued({ tenant: 'cedar', nets: [10_000] });
  await world.pay(id, payment(12_000));
  await world.credit(id, [[1, 1_000]], rest(0, 1_100));
  const [scope, page] = [{ kind: 'tenant', tenantId: 'dora' }, { limit: 200 }] as const;
  const { data: payments } = await world.service(Payments).list(scope, page);
  const { data: notes } = await world.service(CreditNotes).list(scope, page);
  expect([...new Set([...payments, ...notes].map((row) => row.tenant_id))]).toEqual(['dora']);
  expect(payments.every(({ reason }) => reason === null)).toBe(true);
  await expect(world.service(Wallets).list(scope, 'cedar', page)).rejects.toMatchObject({ code: 'tenant_not_found' });
  for (const table of ['payments', 'credit_notes', 'credit_note_lines', 'wallet_lots', 'wallet_entries']) {
    const found = await world.database.asTenant('dora', (tx) => tx.query<{ tenant_id: string }>(`select distinct tenant_id from ${table}`));
    expect(found).toEqual([{ tenant_id: 'dora' }]);
  }
});

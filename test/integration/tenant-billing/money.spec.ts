import { errorCode, Money } from '#libs/kernel';
import {
  BillingProfiles,
  CreditNotes,
  DraftChanges,
  Dunning,
  InvoiceIssue,
  NotificationRequests,
  Payments,
  TaxRules,
  TenantInvoiceService,
  WalletBalances,
  Wallets,
} from '#libs/tenant-billing';
import { TenantRegistry, TenantWriter } from '#libs/tenants';
import { SeededRandom } from '../../support/seeded-random';
import { money, newMoneyWorld, payment, randomOperations, rest, text, type MoneyWorld } from './money-world';
import { BECAUSE } from './rating-world';

const IS_LONG = process.env.TEST_LONG === '1';
const SEED = Number(process.env.FUZZ_SEED ?? Date.now() % 1_000_000);
const OPERATIONS = IS_LONG ? 100_000 : 500;
if (IS_LONG) jest.setTimeout(7_200_000);

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

/** All rows of a list that is read page by page. */
async function readPages<Row>(
  read: (cursor: {
    readonly cursor?: string;
  }) => Promise<{ readonly data: readonly Row[]; readonly page: { readonly next_cursor: string | null } }>,
): Promise<Row[]> {
  const { data, page } = await read({});
  const rows = [...data];
  for (let next = page.next_cursor; next !== null;) {
    const more = await read({ cursor: next });
    rows.push(...more.data);
    next = more.page.next_cursor;
  }
  return rows;
}

describe('wallets', () => {
  const grant = (kind: 'money' | 'promotion', amount: string) =>
    world
      .service(Wallets)
      .grant('birch', { kind, source: 'granted', amount, currency: 'USD', expires_at: null, reason: 'a test' }, BECAUSE);

  it('lower the net by the promotion at the approval, before tax, and pay by money at the issue; both come back [TBL-8]', async () => {
    const profiles = world.service(BillingProfiles);
    const issuer = await profiles.issuer('default');
    const tax_ids = [{ kind: 'ABN', id: '51 824 753 556' }];
    await profiles.replaceIssuer(
      'default',
      { ...issuer, name: 'Harbour', address: 'Quay 1', country: 'AU', tax_ids },
      issuer.version,
      BECAUSE,
    );
    await world.service(TaxRules).addSet('default', 'AU', BECAUSE);
    const profile = { ...(await profiles.profile('birch')), legal_name: 'Birch', address: 'Road 1', country: 'AU', is_business: true };
    await profiles.replaceProfile('birch', profile, profile.version, BECAUSE);
    await grant('promotion', '10.00');
    await grant('money', '30.00');
    const [invoices, issues] = [world.service(TenantInvoiceService), world.service(InvoiceIssue)];
    const lines = [{ description: 'Work', quantity: '1', unit: 'hour', unit_price: '100.00' }];
    const { id, ...draft } = await invoices.createOneOff('birch', lines, BECAUSE);
    expect(draft).toMatchObject({ net: '90.00', tax: '9.00', total: '99.00' });
    const changes = world.service(DraftChanges);
    expect(await changes.read(id)).toMatchObject({ outdated: false, lines: [] });
    await grant('promotion', '2.50');
    expect(await changes.read(id)).toMatchObject({
      outdated: true,
      net_before: '90.00',
      net_after: '87.50',
      lines: [{ change: 'changed', kind: 'promotion', before: '-10.00', after: '-12.50' }],
    });
    await invoices.refresh(id, null, BECAUSE);
    expect((await changes.read(id)).outdated).toBe(false);
    await invoices.approve(id, null, BECAUSE);
    expect(await world.balance('birch', 'promotion')).toBe(0);
    await invoices.unapprove(id, null, BECAUSE);
    expect(await world.balance('birch', 'promotion')).toBe(1_250);
    const page = { limit: 1 };
    const balances = world.service(WalletBalances);
    const [first, second] = await readPages((cursor) => balances.list({ kind: 'tenant', tenantId: 'birch' }, { ...page, ...cursor }, {}));
    expect([first, second]).toMatchObject([
      { tenant_id: 'birch', kind: 'money', balance: '30.00' },
      { tenant_id: 'birch', kind: 'promotion', balance: '12.50' },
    ]);
    expect((await balances.list({ kind: 'tenant', tenantId: 'dora' }, { limit: 9 }, { tenant_id: 'birch' })).data).toEqual([]);
    await invoices.approve(id, null, BECAUSE);
    await expect(changes.read(id)).rejects.toMatchObject({ code: 'verb_not_possible' });
    expect(await issues.issue(id, null, BECAUSE)).toMatchObject({ due: '66.25', payment_status: 'partly_paid' });
    expect(await world.balance('birch')).toBe(0);
    await issues.void(id, null, BECAUSE);
    expect([await world.balance('birch'), await world.balance('birch', 'promotion')]).toEqual([3_000, 1_250]);
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
    await world.pay(id, received);
    const paymentId = await world.paymentOf(received.reference);
    const note = await world.credit(id, [[1, 6_000]], rest(0, 0, 6_600));
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
    await world.pay(id, payment(1_000));
    expect(await reasonOf('elm')).toContain('is overdue');
    await world.pay(id, payment(10_000));
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
    await world.pay(one, payment(110));
    expect(await reasonOf('elm')).toContain('is overdue');
    await world.service(TenantWriter).update('elm', { orders_blocked_reason: 'a dispute' }, BECAUSE);
    await world.pay(two, payment(220));
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
  const [random, tenant] = [new SeededRandom(SEED), 'acme'];
  const invoices: string[] = [];
  const outcomes = new Set<string>();
  let broken = 0;
  const cents = (most: number) => 1 + random.below(most);
  const operations = randomOperations(world, random, tenant);
  for (let nth = 0; nth < OPERATIONS; nth += 1) {
    if (nth % 60 === 0) invoices.push(await world.issued({ tenant, nets: [cents(9_000), cents(9_000), -cents(400)] }));
    const name = random.pick(Object.keys(operations));
    const [outcome] = await Promise.allSettled([operations[name]?.(random.pick(invoices.slice(-3)))]);
    outcomes.add(`${name} ${codeOf(outcome)}`);
    if (nth % (OPERATIONS / 5) === 99) broken += await world.beyondBounds();
  }
  expect(broken + (await world.beyondBounds())).toBe(0);
  const names = [...outcomes];
  expect(names).toEqual(expect.arrayContaining(Object.keys(operations).map((name) => `${name} done`)));
  const expected = ['done', 'payment_not_returnable', 'payment_not_found', 'not_creditable', 'validation_failed', 'verb_not_possible'];
  expect(names.filter((name) => !expected.includes(name.split(' ')[1] ?? ''))).toEqual([]);
  expect(names.some((name) => name.endsWith('not_creditable')) && names.some((name) => name.endsWith('payment_not_returnable'))).toBe(true);
});

import { errorCode } from '#libs/kernel';
import { SeededRandom } from '../../support/seeded-random';
import { newMoneyWorld, payment, randomOperations, rest, type MoneyWorld } from './money-world';

const IS_LONG = process.env.TEST_LONG === '1';
const SEED = Number(process.env.FUZZ_SEED ?? Date.now() % 1_000_000);
const OPERATIONS = Number(process.env.MONEY_OPERATIONS ?? (IS_LONG ? 100_000 : 500));
const TENANTS = ['acme', 'birch', 'cedar', 'elm'];
if (IS_LONG) jest.setTimeout(7_200_000);

let world: MoneyWorld;
beforeAll(async () => {
  world = await newMoneyWorld([...TENANTS, 'dora']);
});
afterAll(() => world.close());

const codeOf = (outcome: PromiseSettledResult<unknown>): string => (outcome.status === 'fulfilled' ? 'done' : errorCode(outcome.reason));

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

it(`keeps every sum within its bound over ${OPERATIONS} random operations of ${TENANTS.length} tenants at once (seed ${SEED}) [TBL-6]`, async () => {
  const outcomes = new Set<string>();
  const each = OPERATIONS / TENANTS.length;
  const lane = async (tenant: string, nth: number): Promise<number> => {
    const random = new SeededRandom(SEED + nth);
    const cents = (most: number) => 1 + random.below(most);
    const operations = randomOperations(world, random, tenant);
    const invoices: string[] = [];
    let broken = 0;
    for (let done = 0; done < each; done += 1) {
      if (done % 60 === 0) invoices.push(await world.issued({ tenant, nets: [cents(9_000), cents(9_000), -cents(400)] }));
      const name = random.pick(Object.keys(operations));
      const [outcome] = await Promise.allSettled([operations[name]?.(random.pick(invoices.slice(-3)))]);
      outcomes.add(`${name} ${codeOf(outcome)}`);
      if (done % (each / 5) === 24) broken += await world.beyondBounds();
    }
    return broken;
  };
  expect(await Promise.all(TENANTS.map(lane))).toEqual(TENANTS.map(() => 0));
  expect(await world.beyondBounds()).toBe(0);
  const names = [...outcomes];
  const operations = Object.keys(randomOperations(world, new SeededRandom(SEED), 'acme'));
  expect(names).toEqual(expect.arrayContaining(operations.map((name) => `${name} done`)));
  const expected = ['done', 'payment_not_returnable', 'payment_not_found', 'not_creditable', 'validation_failed', 'verb_not_possible'];
  expect(names.filter((name) => !expected.includes(name.split(' ')[1] ?? ''))).toEqual([]);
  expect(names.some((name) => name.endsWith('not_creditable')) && names.some((name) => name.endsWith('payment_not_returnable'))).toBe(true);
});

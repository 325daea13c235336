import { dataSourceOn, DatabaseUnavailableError, Transaction, type Database } from '#libs/database';
import { errorCode } from '#libs/kernel';
import { MESSAGE_TRANSITIONS, Outbox, OutboxMessage, type ClaimedMessage, type Delivery, type MessageState } from '#libs/outbox';
import { Client } from 'pg';
import { Entity, PrimaryColumn, type Repository } from 'typeorm';
import { aDatabase } from '../../support/a-database';
import { createTestDatabase, type TestDatabase } from '../../support/database';

/** An outbox of another library than provider-billing, in a table of this test. */
@Entity('parcel_outbox')
class ParcelMessage extends OutboxMessage {
  @PrimaryColumn('text')
  readonly parcel: string;
}

const POLICY = { leaseMs: 60_000, firstPauseMs: 1_000, longestPauseMs: 60_000, deliverable: `o.parcel <> 'stopped'` };
const STATES = Object.keys(MESSAGE_TRANSITIONS) as MessageState[];

let stored: TestDatabase;
let owner: Client;
let database: Database;
let transaction: Transaction;
let messages: Repository<ParcelMessage>;
let outbox: Outbox<ParcelMessage>;
beforeAll(async () => {
  stored = await createTestDatabase();
  owner = new Client({ connectionString: stored.ownerUrl });
  await owner.connect();
  await owner.query(`create table parcel_outbox (like cloud_finance_outbox including defaults); alter table parcel_outbox drop column invoice_id;
    alter table parcel_outbox add column parcel text primary key; grant select, insert, update on parcel_outbox to arcadia_service`);
  database = aDatabase(stored.appUrl);
  const source = await dataSourceOn(database.platformPool, { database: 'any', entities: [ParcelMessage] }).initialize();
  transaction = new Transaction(database, source);
  messages = source.getRepository(ParcelMessage);
  outbox = new Outbox(messages, transaction, POLICY);
});
beforeEach(() => owner.query('truncate parcel_outbox'));
afterAll(async () => {
  await owner.end();
  await database.close();
  await stored.drop();
});

/** Sends a message by `send`, and collects what the outbox reports. */
class Receiver implements Delivery<string, string> {
  readonly sent: string[] = [];
  readonly recorded: string[] = [];
  readonly failures: string[] = [];

  constructor(
    readonly send: (content: string) => Promise<string> = async (content) => {
      this.sent.push(content);
      return `receipt of ${content}`;
    },
    readonly prepare: (id: string) => Promise<string | undefined> = async (id) => id,
  ) {}

  async record(_em: unknown, _id: string, result: string): Promise<void> {
    this.recorded.push(result);
  }

  onDelivered(_message: ClaimedMessage): void {}

  onFailed(_message: ClaimedMessage, error: unknown): void {
    this.failures.push(errorCode(error));
  }
}

const write = (parcel: string, content: string) => transaction.run((em) => outbox.write(em, parcel, content));
const rowOf = async (parcel: string) => messages.findOneByOrFail({ parcel });
const databaseNow = async () => (await owner.query<{ now: Date }>('select clock_timestamp() as now')).rows[0]?.now.getTime() ?? 0;
const unavailable = async () => Promise.reject(new DatabaseUnavailableError());

function stateOf({ deliveredAt, leaseUntil }: ParcelMessage): MessageState {
  if (deliveredAt !== null) return 'delivered';
  return leaseUntil === null ? 'waiting' : 'claimed';
}

/** Inserts a message in a state. A claim that may be taken over has ended. */
async function aMessage(state: MessageState, { leaseEnded = false } = {}): Promise<string> {
  const parcel = `${state}-${Math.random()}`;
  await owner.query(
    `insert into parcel_outbox (parcel, content_hash, lease_until, delivered_at)
     values ($1, 'a', case when $2 = 'claimed' then clock_timestamp() + $3 * interval '1 minute' end, case when $2 = 'delivered' then clock_timestamp() end)`,
    [parcel, state, leaseEnded ? -1 : 1],
  );
  return parcel;
}

it('commits a message with the change that it announces, or not at all', async () => {
  const failing = transaction.run(async (em) => {
    await outbox.write(em, 'p', 'a');
    throw new Error('changed my mind');
  });
  await expect(failing).rejects.toThrow('changed my mind');
  expect(await messages.count()).toBe(0);
});

it('delivers a message once, and again only when its content has changed', async () => {
  const receiver = new Receiver();
  await write('p', 'a');
  expect(await outbox.isDue()).toBe(true);
  expect(await outbox.deliver(receiver)).toEqual({ delivered: 1, failed: 0 });
  await write('p', 'a');
  expect(await outbox.isDue()).toBe(false);
  expect(await outbox.deliver(receiver)).toEqual({ delivered: 0, failed: 0 });
  await write('p', 'b');
  expect(await outbox.deliver(receiver)).toEqual({ delivered: 1, failed: 0 });
  expect(await rowOf('p')).toMatchObject({ version: 2, contentHash: 'b', attempts: 1, errorCode: null, leaseUntil: null });
  expect(receiver.recorded).toEqual(['receipt of p', 'receipt of p']);
});

it('delivers a version that was written during a delivery after it', async () => {
  const receiver: Receiver = new Receiver(async () => {
    if (receiver.recorded.length === 0) await write('p', 'b');
    return 'receipt';
  });
  await write('p', 'a');
  expect(await outbox.deliver(receiver)).toEqual({ delivered: 2, failed: 0 });
  expect(await rowOf('p')).toMatchObject({ version: 2, contentHash: 'b' });
});

it('doubles the pause after each failure, up to the limit', async () => {
  await write('p', 'a');
  for (const [attempt, pauseMs] of [1_000, 2_000, 4_000].entries()) {
    await owner.query(`update parcel_outbox set next_attempt_at = clock_timestamp()`);
    const before = await databaseNow();
    expect(await outbox.deliver(new Receiver(unavailable))).toEqual({ delivered: 0, failed: 1 });
    const after = await databaseNow();
    const { nextAttemptAt, ...failed } = await rowOf('p');
    expect(failed).toMatchObject({ errorCode: 'database_unavailable', attempts: attempt + 1 });
    expect(nextAttemptAt.getTime()).toBeGreaterThanOrEqual(before + pauseMs / 2 - 1);
    expect(nextAttemptAt.getTime()).toBeLessThanOrEqual(after + pauseMs);
  }
  await owner.query(`update parcel_outbox set attempts = 40, next_attempt_at = clock_timestamp()`);
  await outbox.deliver(new Receiver(unavailable));
  expect((await rowOf('p')).nextAttemptAt.getTime()).toBeLessThanOrEqual((await databaseNow()) + POLICY.longestPauseMs);
});

it('throws an unexpected error after recording it', async () => {
  const receiver = new Receiver(() => Promise.reject(new Error('a bug')));
  await write('p', 'a');
  await expect(outbox.deliver(receiver)).rejects.toThrow('a bug');
  expect(receiver.failures).toEqual(['internal']);
  expect(await rowOf('p')).toMatchObject({ errorCode: 'internal', leaseUntil: null });
});

it('gives two workers two messages', async () => {
  await write('p', 'a');
  await write('q', 'a');
  const [one, two] = [new Receiver(), new Receiver()];
  await Promise.all([outbox.deliver(one), outbox.deliver(two)]);
  expect([...one.sent, ...two.sent].sort()).toEqual(['p', 'q']);
});

it('does not send with a lease that another worker has taken over', async () => {
  await write('p', 'a');
  const other = new Receiver();
  const slow = new Receiver(undefined, async (id) => {
    await owner.query(`update parcel_outbox set lease_until = clock_timestamp() - interval '1 second'`);
    expect(await outbox.deliver(other)).toEqual({ delivered: 1, failed: 0 });
    return id;
  });
  expect(await outbox.deliver(slow)).toEqual({ delivered: 0, failed: 1 });
  expect([slow.sent, other.sent]).toEqual([[], ['p']]);
});

it('leaves a message that may not be delivered', async () => {
  await write('stopped', 'a');
  expect(await outbox.isDue()).toBe(false);
  expect(await outbox.deliver(new Receiver())).toEqual({ delivered: 0, failed: 0 });
});

describe('the states of a message', () => {
  /** What the product can do to a message, with the state that it leads to. */
  const VERBS: Readonly<Record<string, { readonly to: MessageState; readonly act: (parcel: string) => Promise<unknown> }>> = {
    'write the same content': { to: 'waiting', act: (parcel) => write(parcel, 'a') },
    'write other content': { to: 'waiting', act: (parcel) => write(parcel, 'b') },
    'fail to deliver': { to: 'waiting', act: () => outbox.deliver(new Receiver(unavailable)) },
    deliver: { to: 'delivered', act: () => outbox.deliver(new Receiver()) },
    claim: { to: 'claimed', act: () => outbox.deliver(new Receiver(undefined, async () => undefined)) },
  };
  const CASES = STATES.flatMap((from) => Object.entries(VERBS).map(([verb, { to }]) => ({ from, verb, to })));
  /** The moves that a delivery makes pass through `claimed`. */
  const isAllowed = (from: MessageState, to: MessageState) =>
    MESSAGE_TRANSITIONS[from].includes(to) ||
    MESSAGE_TRANSITIONS[from].some((step) => step === 'claimed' && MESSAGE_TRANSITIONS[step].includes(to));

  it.each(CASES)('"$verb" changes a message that is $from only as the table allows', async ({ from, verb }) => {
    const parcel = await aMessage(from);
    const before = await rowOf(parcel);
    await VERBS[verb]?.act(parcel);
    const after = await rowOf(parcel);
    if (stateOf(after) === from) return;
    expect({ from, to: stateOf(after), allowed: isAllowed(from, stateOf(after)) }).toEqual({ from, to: VERBS[verb]?.to, allowed: true });
    expect(after).not.toEqual(before);
  });

  it.each(
    CASES.filter(
      ({ from, verb }) => from !== 'waiting' && ['fail to deliver', 'deliver', 'claim', 'write the same content'].includes(verb),
    ),
  )('does not "$verb" a message that is $from, and changes nothing', async ({ from, verb }) => {
    const parcel = await aMessage(from);
    const before = await rowOf(parcel);
    await VERBS[verb]?.act(parcel);
    expect(await rowOf(parcel)).toEqual(before);
  });

  it.each([
    ['claim', 'claimed'],
    ['deliver', 'delivered'],
    ['fail to deliver', 'waiting'],
  ])('can "%s" a message when the lease of its worker has ended, which makes it %s', async (verb, to) => {
    const parcel = await aMessage('claimed', { leaseEnded: true });
    await VERBS[verb]?.act(parcel);
    const after = await rowOf(parcel);
    expect({ state: stateOf(after), attempts: after.attempts }).toEqual({ state: to, attempts: 1 });
  });

  it('keeps the lease of a running delivery when other content is written', async () => {
    const parcel = await aMessage('claimed');
    const before = await rowOf(parcel);
    await write(parcel, 'b');
    expect(await rowOf(parcel)).toMatchObject({ version: 2, contentHash: 'b', leaseUntil: before.leaseUntil });
  });
});

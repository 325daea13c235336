import { ADVISORY_LOCKS } from '#libs/database';
import { POSTGRES_CONNECTIONS, prepareQueueSchema, Queues, QUEUE_NAMES } from '#libs/queues';
import { Client } from 'pg';
import { createTestDatabase, type TestDatabase } from '../../support/database';
import { until } from '../../support/until';
import { newQueueWorld, type QueueWorld } from '../../support/queue-world';

describe('BullMQ on PostgreSQL as the service role', () => {
  let database: TestDatabase;
  let service: Client;
  beforeAll(async () => {
    database = await createTestDatabase();
    await Promise.all([1, 2, 3].map(() => prepareQueueSchema(database.ownerUrl)));
    service = new Client({ connectionString: database.appUrl });
    await service.connect();
    await service.query('set role arcadia_service');
  });
  afterAll(async () => {
    await service.end();
    await database.drop();
  });

  it.each([
    'create table bullmq.mine (id int)',
    'create sequence bullmq.mine',
    'drop table bullmq.job',
    'alter table bullmq.job add column mine int',
    'truncate bullmq.job',
    'create schema mine',
  ])('forbids the service role to run "%s"', async (statement) => {
    await expect(service.query(statement)).rejects.toMatchObject({ code: '42501' });
  });

  it('creates the id sequence of every queue when several processes prepare the schema at once [OPS-5]', async () => {
    const { rows } = await service.query<{ missing: string }>(
      "select name as missing from unnest($1::text[]) as name where to_regclass(format('bullmq.%I', bullmq.job_id_seq_name(name))) is null",
      [QUEUE_NAMES],
    );
    expect(rows).toEqual([]);
  });

  it('prepares the schema while another session links digests into the chain [OPS-5]', async () => {
    const sealer = new Client({ connectionString: database.ownerUrl });
    await sealer.connect();
    await sealer.query(`begin; select pg_advisory_xact_lock(${ADVISORY_LOCKS.sealing})`);
    const owner = new URL(database.ownerUrl);
    owner.searchParams.set('options', '-c lock_timeout=2s');
    try {
      await expect(prepareQueueSchema(owner.href)).resolves.toBeUndefined();
    } finally {
      await sealer.end();
    }
  });
});

describe('connections to PostgreSQL', () => {
  let world: QueueWorld;
  beforeAll(async () => {
    world = await newQueueWorld('postgres');
  });
  afterAll(() => world.end());

  /** The highest number of connections of the app's login that a query found while the work ran. */
  async function highWater(work: () => Promise<unknown>): Promise<number> {
    let highest = 0;
    const state = { busy: true };
    const done = work().finally(() => (state.busy = false));
    while (state.busy) {
      const [seen] = await world.asOwner<{ n: number }>(
        `select count(*)::int as n from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()`,
      );
      highest = Math.max(highest, seen?.n ?? 0);
    }
    await done;
    return highest;
  }

  const enqueueAll = (enqueuer: ReturnType<QueueWorld['process']>['enqueuer']) =>
    Promise.all(
      Array.from({ length: 200 }, (_, n) =>
        enqueuer.sweep({ queue: QUEUE_NAMES[n % QUEUE_NAMES.length] ?? Queues.billing, kind: `kind-${n}`, trigger: 'manual' }),
      ),
    );

  it(`opens at most ${POSTGRES_CONNECTIONS.forQueues} connections in a process that only enqueues, for all queues together`, async () => {
    const { enqueuer } = world.process();
    expect(await highWater(() => enqueueAll(enqueuer))).toBeLessThanOrEqual(POSTGRES_CONNECTIONS.forQueues);
  });

  it('opens at most 2 more connections per queue in a process that works all queues', async () => {
    const worker = world.process();
    let done = 0;
    const highest = await highWater(async () => {
      for (const queue of QUEUE_NAMES) worker.work(queue, async () => void (done += 1), { concurrency: 5 });
      await until(() => done === 200, { what: 'all jobs' });
    });
    const enqueuing = POSTGRES_CONNECTIONS.forQueues; // The connections of the previous process are idle and not yet closed.
    expect(highest).toBeGreaterThan(QUEUE_NAMES.length);
    expect(highest).toBeLessThanOrEqual(enqueuing + QUEUE_NAMES.length * POSTGRES_CONNECTIONS.perWorker + POSTGRES_CONNECTIONS.forQueues);
  });
});

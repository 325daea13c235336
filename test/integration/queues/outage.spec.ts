import { Queues, QueueUnavailableError } from '#libs/queues';
import { until } from '../../support/until';
import { BACKENDS, newQueueWorld, type QueueWorld } from '../../support/queue-world';

describe.each(BACKENDS)('an outage of the queues on %s', (kind) => {
  let world: QueueWorld;
  const unhandled: unknown[] = [];
  const note = (reason: unknown) => void unhandled.push(reason);
  beforeAll(async () => {
    process.on('unhandledRejection', note);
    process.on('uncaughtException', note);
    world = await newQueueWorld(kind);
  });
  afterEach(() => world.line.restore());
  afterAll(async () => {
    await world.end();
    process.off('unhandledRejection', note);
    process.off('uncaughtException', note);
  });

  const job = { queue: Queues.syncFast, kind: 'droplet', trigger: 'manual' } as const;

  async function refusal(ask: () => Promise<unknown>): Promise<{ error: unknown; tookMs: number }> {
    const from = performance.now();
    const error = await ask().then(
      () => undefined,
      (reason: unknown) => reason,
    );
    return { error, tookMs: performance.now() - from };
  }

  it.each(['cut', 'silence'] as const)(
    'throws a typed error within 2 s under the line fault "%s", also at first use [OPS-3]',
    async (fault) => {
      const used = world.process();
      await used.clients.ping();
      world.line[fault]();
      const before = world.line.faults;
      for (const { enqueuer, clients } of [used, world.process()]) {
        for (const ask of [() => enqueuer.sweep(job), () => clients.ping()]) {
          const { error, tookMs } = await refusal(ask);
          expect(error).toBeInstanceOf(QueueUnavailableError);
          expect(tookMs).toBeLessThan(2_300);
        }
      }
      expect(world.line.faults).toBeGreaterThan(before);
    },
  );

  it('works again within 15 s after the outage, whether it was opened before or during the outage [OPS-3]', async () => {
    const before = world.process();
    let seen = 0;
    before.work(Queues.syncFast, async () => void seen++);
    await before.clients.ping();
    world.line.cut();
    const faults = world.line.faults;
    const during = world.process();
    let seenDuring = 0;
    during.work(Queues.syncFull, async () => void seenDuring++);
    await refusal(() => during.clients.ping());
    await until(() => world.line.faults > faults + 2, { what: 'reconnecting' });
    world.line.restore();
    const restored = performance.now();
    await until(
      () =>
        during.clients.ping().then(
          () => true,
          () => false,
        ),
      { what: 'the queues' },
    );
    await during.enqueuer.sweep(job);
    await before.enqueuer.sweep({ ...job, queue: Queues.syncFull });
    await until(() => seen >= 1 && seenDuring >= 1, { what: 'both workers', withinMs: 20_000 });
    expect(performance.now() - restored).toBeLessThan(15_000);
  });

  it('finishes a job that was running when the line broke [OPS-3]', async () => {
    const worker = world.process();
    let runs = 0;
    let release = () => {};
    const released = new Promise<void>((resolve) => (release = resolve));
    worker.work(Queues.billing, async () => {
      runs += 1;
      await released;
    });
    await worker.enqueuer.sweep({ ...job, queue: Queues.billing });
    await until(() => runs === 1, { what: 'the job' });
    const faults = world.line.faults;
    world.line.cut();
    release();
    await until(() => world.line.faults > faults, { what: 'reconnecting' });
    world.line.restore();
    const queue = worker.clients.queue(Queues.billing);
    const completed = () => queue.getCompletedCount().catch(() => 0);
    await until(async () => (await completed()) === 1, { what: 'the end of the job', withinMs: 20_000 });
    expect(await queue.getJobCounts('active', 'waiting', 'delayed')).toEqual({ active: 0, waiting: 0, delayed: 0 });
  });

  it('leaves no rejection and no exception unhandled [OPS-3]', () => {
    expect(unhandled).toEqual([]);
  });
});

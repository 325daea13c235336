import { Queues, QUEUE_NAMES, type SweepJob } from '#libs/queues';
import type { Job } from 'bullmq';
import { until } from '../../support/until';
import { BACKENDS, newQueueWorld, type QueueWorld } from '../../support/queue-world';

describe.each(BACKENDS)('jobs on %s', (kind) => {
  let world: QueueWorld;
  beforeAll(async () => {
    world = await newQueueWorld(kind);
  });
  afterAll(() => world.end());

  it('carries a job from a process that only enqueues to one that works, on every queue', async () => {
    const api = world.process();
    const worker = world.process();
    const seen: string[] = [];
    for (const queue of QUEUE_NAMES) worker.work(queue, async (job: Job<SweepJob>) => seen.push(`${queue} ${job.name} ${job.data.kind}`));
    await Promise.all(QUEUE_NAMES.map((queue) => api.enqueuer.sweep({ queue, kind: `of-${queue}`, trigger: 'manual' })));
    await until(() => seen.length >= QUEUE_NAMES.length, { what: 'all jobs' });
    expect(seen.toSorted()).toEqual(QUEUE_NAMES.map((queue) => `${queue} sweep of-${queue}`).toSorted());
    await worker.end();
  });

  it('enqueues one job per kind while a job waits or runs, and another one after it ended [INV-10]', async () => {
    const process = world.process();
    const { enqueuer, clients } = process;
    const queue = clients.queue(Queues.syncFast);
    const ask = (kind: string) => enqueuer.sweep({ queue: Queues.syncFast, kind, trigger: 'manual' });
    await Promise.all([ask('droplet'), ask('droplet'), ask('droplet'), ask('volume'), ask('volume')]);
    expect(await queue.getWaitingCount()).toBe(2);

    let release = () => {};
    const released = new Promise<void>((resolve) => (release = resolve));
    const running: string[] = [];
    process.work(
      Queues.syncFast,
      async (job: Job<SweepJob>) => {
        running.push(job.data.kind);
        await released;
      },
      { concurrency: 5 },
    );
    await until(() => running.length === 2, { what: 'two running jobs' });
    await ask('droplet');
    expect(await queue.getWaitingCount()).toBe(0);
    release();
    await until(async () => (await queue.getActiveCount()) === 0, { what: 'the end of all jobs' });
    await ask('droplet');
    await until(() => running.length === 3, { what: 'the third job' });
  });

  it('keeps only names and ids in a job [TEN-8]', async () => {
    const { enqueuer, clients } = world.process();
    await enqueuer.sweep({ queue: Queues.billing, kind: 'droplet', trigger: 'manual' });
    const [job] = await clients.queue(Queues.billing).getWaiting();
    expect(job?.data).toEqual({ kind: 'droplet', trigger: 'manual' });
  });

  it('takes over the job of a dead worker after at most the lock time and one check [OPS-3]', async () => {
    const doomed = world.process();
    const successor = world.process();
    const { lockMs, stalledCheckMs } = successor.config.queues;
    let started = 0;
    let settleDeadJob = () => {};
    const deadJob = new Promise<void>((resolve) => (settleDeadJob = resolve));
    // A dead process neither renews its locks nor finishes its job.
    doomed.work(Queues.syncSlow, () => ((started += 1), deadJob), { skipLockRenewal: true, skipStalledCheck: true });
    await doomed.enqueuer.sweep({ queue: Queues.syncSlow, kind: 'snapshot', trigger: 'schedule' });
    await until(() => started === 1, { what: 'the job of the doomed worker' });
    const died = performance.now();
    const taken: Job[] = [];
    successor.work(Queues.syncSlow, async (job) => taken.push(job));
    await until(() => taken.length === 1, { what: 'the job of the successor' });
    expect(performance.now() - died).toBeLessThan(lockMs + stalledCheckMs + 1_500);
    expect(taken[0]?.stalledCounter).toBe(1);
    settleDeadJob();
  });
});

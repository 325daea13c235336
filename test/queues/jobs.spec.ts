import { Queues, QUEUE_NAMES, type SweepJob } from '#libs/queues';
import type { Job } from 'bullmq';
import { eventually } from './eventually';
import { BACKENDS, newQueueWorld, type QueueWorld } from './queue-world';

jest.setTimeout(60_000);

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
    await eventually('all jobs', () => seen.length >= QUEUE_NAMES.length);
    expect(seen.toSorted()).toEqual(QUEUE_NAMES.map((queue) => `${queue} sweep of-${queue}`).toSorted());
    await worker.end();
  });

  it('INV-10: asks once per kind while a job waits or runs, and again after it ended', async () => {
    const process = world.process();
    const { enqueuer, clients } = process;
    const queue = clients.queue(Queues.syncFast);
    const ask = (kind: string) => enqueuer.sweep({ queue: Queues.syncFast, kind, trigger: 'manual' });
    await Promise.all([ask('droplet'), ask('droplet'), ask('droplet'), ask('volume'), ask('volume')]);
    expect(await queue.getWaitingCount()).toBe(2);

    let release = () => {};
    const held = new Promise<void>((resolve) => (release = resolve));
    const running: string[] = [];
    process.work(
      Queues.syncFast,
      async (job: Job<SweepJob>) => {
        running.push(job.data.kind);
        await held;
      },
      { concurrency: 5 },
    );
    await eventually('two running jobs', () => running.length === 2);
    await ask('droplet');
    expect(await queue.getWaitingCount()).toBe(0);
    release();
    await eventually('the end of all', async () => (await queue.getActiveCount()) === 0);
    await ask('droplet');
    await eventually('the third', () => running.length === 3);
  });

  it('TEN-8: a job holds names and ids, nothing else', async () => {
    const { enqueuer, clients } = world.process();
    await enqueuer.sweep({ queue: Queues.billing, kind: 'droplet', trigger: 'manual' });
    const [job] = await clients.queue(Queues.billing).getWaiting();
    expect(job?.data).toEqual({ kind: 'droplet', trigger: 'manual' });
  });

  it('OPS-3: takes over the job of a worker that died, at most the lock and one look later', async () => {
    const doomed = world.process();
    const heir = world.process();
    const { lockMs, stalledCheckMs } = heir.config.queues;
    let started = 0;
    let bury = () => {};
    const dead = new Promise<void>((resolve) => (bury = resolve));
    // A process that is gone neither renews its locks nor finishes.
    doomed.work(Queues.syncSlow, () => ((started += 1), dead), { skipLockRenewal: true, skipStalledCheck: true });
    await doomed.enqueuer.sweep({ queue: Queues.syncSlow, kind: 'snapshot', trigger: 'schedule' });
    await eventually('the doomed worker', () => started === 1);
    const died = performance.now();
    const taken: Job[] = [];
    heir.work(Queues.syncSlow, async (job) => taken.push(job));
    await eventually('the heir', () => taken.length === 1);
    expect(performance.now() - died).toBeLessThan(lockMs + stalledCheckMs + 1_500);
    expect(taken[0]?.stalledCounter).toBe(1);
    bury();
  });
});

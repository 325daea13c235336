import { Queues, QUEUE_NAMES, type ScheduleEntry, type SweepJob } from '#libs/queues';
import type { Job } from 'bullmq';
import { until } from '../../support/until';
import { BACKENDS, newQueueWorld, type QueueProcess, type QueueWorld } from '../../support/queue-world';

const sweep = (kind: string): { job: 'sweep'; data: SweepJob } => ({ job: 'sweep', data: { kind, trigger: 'schedule' } });
const TIMETABLE: readonly ScheduleEntry[] = [
  { key: 'sweep.droplet', queue: Queues.syncFast, ...sweep('droplet'), cron: '* * * * *' },
  { key: 'sweep.volume', queue: Queues.syncFull, ...sweep('volume'), cron: '*/15 * * * *' },
  { key: 'sweep.dns_zone', queue: Queues.syncFull, ...sweep('dns_zone'), everyMs: 900_000 },
  { key: 'sweep.snapshot', queue: Queues.syncSlow, ...sweep('snapshot'), cron: '33 * * * *' },
];

describe.each(BACKENDS)('schedules on %s', (kind) => {
  let world: QueueWorld;
  beforeEach(async () => {
    world = await newQueueWorld(kind);
  });
  afterEach(() => world.end());

  async function scheduledKeys({ clients }: QueueProcess): Promise<string[]> {
    const all = await Promise.all(QUEUE_NAMES.map((name) => clients.queue(name).getJobSchedulers(0, -1, true)));
    return all.flatMap((schedulers) => schedulers.map(({ key }) => key)).toSorted();
  }

  async function waitingTicks({ clients }: QueueProcess): Promise<number> {
    const counts = await Promise.all(QUEUE_NAMES.map((name) => clients.queue(name).getJobCounts('delayed', 'waiting')));
    return counts.reduce((sum, { delayed = 0, waiting = 0 }) => sum + delayed + waiting, 0);
  }

  const keys = TIMETABLE.map(({ key }) => key).toSorted();

  it('creates the schedules once and then leaves them unchanged', async () => {
    const { schedules } = world.process();
    expect(await schedules.ensure(TIMETABLE)).toEqual({ ours: true, restored: TIMETABLE.map(({ key }) => key), removed: [] });
    expect(await schedules.ensure(TIMETABLE)).toEqual({ ours: true, restored: [], removed: [] });
  });

  it('computes the ticks in UTC', async () => {
    const process = world.process();
    await process.schedules.ensure([{ key: 'sweep.droplet', queue: Queues.syncFast, ...sweep('droplet'), cron: '23 2 * * *' }]);
    const [scheduler] = await process.clients.queue(Queues.syncFast).getJobSchedulers(0, -1, true);
    expect(new Date(scheduler?.next ?? 0).toISOString()).toMatch(/T02:23:00\.000Z$/);
  });

  it('creates each schedule once with any number of workers at once [OPS-5]', async () => {
    const workers = Array.from({ length: 6 }, () => world.process());
    const reports = await Promise.all(workers.map(({ schedules }) => schedules.ensure(TIMETABLE)));
    expect(reports.filter(({ ours }) => ours).length).toBeGreaterThanOrEqual(1);
    const one = world.process();
    expect(await scheduledKeys(one)).toEqual(keys);
    expect(await waitingTicks(one)).toBe(TIMETABLE.length);
  });

  it('applies new timing, new data and another queue of a changed timetable, and removes retired schedules', async () => {
    const process = world.process();
    await process.schedules.ensure(TIMETABLE);
    const changed: ScheduleEntry[] = [
      { key: 'sweep.droplet', queue: Queues.syncFast, ...sweep('droplet'), cron: '*/5 * * * *' },
      { key: 'sweep.dns_zone', queue: Queues.syncSlow, ...sweep('dns_zone'), everyMs: 600_000 },
      { key: 'sweep.volume', queue: Queues.syncFull, ...sweep('disk'), cron: '*/15 * * * *' },
    ];
    const report = await process.schedules.ensure(changed, ['sweep.snapshot']);
    expect(report.restored.toSorted()).toEqual(['sweep.dns_zone', 'sweep.droplet', 'sweep.volume']);
    expect(report.removed.toSorted()).toEqual(['sweep.dns_zone', 'sweep.snapshot']);
    expect(await process.schedules.ensure(changed, ['sweep.snapshot'])).toMatchObject({ restored: [], removed: [] });
    expect(await scheduledKeys(process)).toEqual(['sweep.dns_zone', 'sweep.droplet', 'sweep.volume']);
  });

  it('leaves schedules of another release unchanged', async () => {
    const process = world.process();
    await process.schedules.ensure(TIMETABLE);
    expect(await process.schedules.ensure(TIMETABLE.slice(0, 2))).toMatchObject({ restored: [], removed: [] });
    expect(await scheduledKeys(process)).toEqual(keys);
  });

  it('restores every schedule after all queue data was lost [OPS-4]', async () => {
    const process = world.process();
    await process.schedules.ensure(TIMETABLE);
    await world.loseQueueData();
    expect(await scheduledKeys(process)).toEqual([]);
    expect((await process.schedules.ensure(TIMETABLE)).restored).toHaveLength(TIMETABLE.length);
    expect(await scheduledKeys(process)).toEqual(keys);
    expect(await waitingTicks(process)).toBe(TIMETABLE.length);
  });

  it('restores a tick after its job was deleted on the board [OPS-4]', async () => {
    const process = world.process();
    await process.schedules.ensure(TIMETABLE);
    await process.clients.queue(Queues.syncSlow).drain(true);
    const left = await waitingTicks(process);
    const { restored } = await process.schedules.ensure(TIMETABLE);
    expect(restored).toHaveLength(TIMETABLE.length - left);
    expect(await waitingTicks(process)).toBe(TIMETABLE.length);
  });

  describe('a tick that an operator promotes on the board', () => {
    const entry: ScheduleEntry = { key: 'sweep.snapshot', queue: Queues.syncSlow, ...sweep('snapshot'), cron: '23 2 * * *' };
    const timetable = [entry, ...TIMETABLE.slice(0, 1)];
    let release: () => void;

    async function begun(): Promise<{ process: QueueProcess; job: Job; scheduledJob: () => Promise<Job | undefined> }> {
      const process = world.process();
      await process.schedules.ensure(timetable);
      const queue = process.clients.queue(entry.queue);
      const [scheduler] = await queue.getJobSchedulers(0, -1, true);
      const scheduledJob = () => queue.getJob(`repeat:${entry.key}:${scheduler?.next}`);
      await (await scheduledJob())?.promote();
      const job = await new Promise<Job>((resolve) => {
        process.work(entry.queue, async (taken) => {
          resolve(taken);
          await new Promise<void>((end) => (release = end));
        });
      });
      return { process, job, scheduledJob };
    }

    it('stays with the worker that runs it', async () => {
      const { process, job } = await begun();
      expect(await process.schedules.ensure(timetable)).toMatchObject({ ours: true, restored: [] });
      expect(await job.isActive()).toBe(true);
      release();
      await until(() => job.isCompleted(), { what: 'the end of the job' });
    });

    it('runs again in its regular slot, and blocks no other schedule from being restored', async () => {
      const { process, job, scheduledJob } = await begun();
      release();
      await until(() => job.isCompleted(), { what: 'the end of the job' });
      await process.clients.queue(Queues.syncFast).removeJobScheduler('sweep.droplet');
      expect((await process.schedules.ensure(timetable)).restored.toSorted()).toEqual(['sweep.droplet', 'sweep.snapshot']);
      expect(await (await scheduledJob())?.isDelayed()).toBe(true);
      expect(await process.schedules.ensure(timetable)).toMatchObject({ restored: [] });
    });

    it('blocks no other schedule from being restored when its own scheduler was deleted', async () => {
      const { process, job } = await begun();
      release();
      await until(() => job.isCompleted(), { what: 'the end of the job' });
      await process.clients.queue(entry.queue).removeJobScheduler(entry.key);
      await process.clients.queue(Queues.syncFast).removeJobScheduler('sweep.droplet');
      expect((await process.schedules.ensure(timetable)).restored).toContain('sweep.droplet');
    });
  });

  it('runs each tick once, however many workers there are and however often the timetable is ensured [OPS-7]', async () => {
    const everySecond: ScheduleEntry[] = [{ key: 'sweep.droplet', queue: Queues.syncFast, ...sweep('droplet'), cron: '* * * * * *' }];
    const slots: string[] = [];
    const workers = Array.from({ length: 3 }, () => world.process());
    for (const worker of workers) worker.work(Queues.syncFast, async (job: Job) => void slots.push(String(job.id)));
    await until(
      async () => {
        await Promise.all(workers.map(({ schedules }) => schedules.ensure(everySecond)));
        return slots.length >= 4;
      },
      { what: 'four ticks' },
    );
    expect(new Set(slots).size).toBe(slots.length);
    expect(await waitingTicks(world.process())).toBeLessThanOrEqual(1);
  });

  it('claims a tick by the clock of the database, not of the worker [OPS-7]', async () => {
    const { ticks, database } = world.process();
    const minutely = { cron: '* * * * *' };
    const claims = await Promise.all(Array.from({ length: 5 }, () => ticks.claim('sweep.droplet', minutely)));
    expect(claims.filter(Boolean)).toHaveLength(1);
    expect(await ticks.claim('sweep.volume', minutely)).toBe(true);
    await database.query(`update bullmq.schedule_tick set not_before = now() where key = 'sweep.droplet'`);
    expect(await ticks.claim('sweep.droplet', minutely)).toBe(true);
  });
});

import { TIMETABLE } from '../../../apps/worker/src/jobs/timetable';
import { POSTGRES_CONNECTIONS, QUEUE_NAMES } from '#libs/queues';
import { processorsOf } from '../../../apps/worker/src/worker.module';
import { until } from '../../support/until';
import { ONE_BACKEND } from '../../support/queue-world';
import { ADMIN_HEADER, ACME_HEADER } from '../../support/principals';
import { ProcessWorld, type Kind, type ProcessName } from '../../support/processes/process-world';

const EVERYONE: readonly ProcessName[] = ['one', 'two', 'api'];
const WORKERS = ['one', 'two'] as const;
const KINDS: readonly Kind[] = ['droplet', 'project'];

/** These are the defaults of the environment. */
const POOL = 8;
/**
 * The maximum number of PostgreSQL connections of a process. The api has one pool for the platform scope and one for tenant
 * scopes. A worker needs the first, and two connections for bulk loads. Queues on PostgreSQL add a few connections, and more
 * for each processed queue.
 */
const BULK = 2;
const ON_REDIS = { api: 2 * POOL, worker: POOL + BULK };
const { forQueues, perWorker } = POSTGRES_CONNECTIONS;
const CONNECTIONS = {
  redis: ON_REDIS,
  postgres: { api: ON_REDIS.api + forQueues, worker: ON_REDIS.worker + forQueues + perWorker * processorsOf(QUEUE_NAMES).length },
};

describe.each(ONE_BACKEND)('two workers and an api, queues on %s', (backend) => {
  let world: ProcessWorld;
  beforeAll(async () => {
    world = await ProcessWorld.create(backend);
  });
  afterAll(() => world.end());

  const inventoryIsRight = async () => {
    const expected = JSON.stringify(await world.account.droplets());
    await until(async () => JSON.stringify(await world.listedDroplets()) === expected, { what: 'the account in the inventory' });
  };

  it('waits on an empty database, and becomes ready in all processes after any of them has migrated [OPS-5]', async () => {
    await Promise.all(EVERYONE.map((name) => world.start(name)));
    await until(
      async () => {
        const states = await Promise.all(EVERYONE.map((name) => world.process(name).readiness()));
        return states.every((status) => status === 503);
      },
      { what: 'all alive and waiting' },
    );
    await Promise.all([world.migrate(), world.migrate()]);
    await world.up(...EVERYONE);
    await inventoryIsRight();
    const listed = await world.listedDroplets();
    expect(listed.length).toBeGreaterThan(50);
    expect(new Set(listed.map(({ tenant }) => tenant)).size).toBeGreaterThan(10);
  });

  describe('after the migration', () => {
    beforeAll(async () => {
      await world.migrate();
    });
    beforeEach(() => world.up(...EVERYONE));
    afterEach(() => world.account.release());

    it('ends a sweep as incomplete after kill -9, and another worker sweeps again without counting a strike [OPS-3]', async () => {
      await world.hold('/v2/projects');
      await world.requestSweep('project');
      const [doomed, heir] = await world.blockedWorker('/v2/projects');
      const broken = await world.sweep('the running one', 'project', `status = 'running'`);
      await world.process(doomed).kill();
      await world.account.release();
      await world.sweepAfter(broken, 'project');
      expect(await world.sweep('the broken one', 'project', 'id = $1', [broken.id])).toMatchObject({
        status: 'incomplete',
        reason: 'lease_lapsed',
      });
      expect(world.process(heir).output).toContain('sweep_still_running'); // The worker took over the job before the lease had lapsed.
      expect(await world.strikes()).toBe(0);
    });

    it('serves the same data after kill -9 and a restart of the api [OPS-3]', async () => {
      const before = await world.listedDroplets();
      await world.process('api').kill();
      await world.up('api');
      expect(await world.listedDroplets()).toEqual(before);
    });

    it('continues schedules and sweeps after kill -9 of all workers, and records changes from the time of the outage [OPS-3]', async () => {
      await Promise.all(WORKERS.map((name) => world.process(name).kill()));
      await world.account.change('renamed-in-the-dark');
      const before = await Promise.all(KINDS.map((kind) => world.sweep('the last sweep', kind, `status = 'complete'`)));
      await world.up(...WORKERS);
      for (const [at, kind] of KINDS.entries()) {
        await world.queues.tickNow(`sweep.${kind}`);
        await world.sweepAfter(before[at] ?? { id: '' }, kind, `trigger = 'schedule'`);
      }
      await inventoryIsRight();
      expect((await world.listedDroplets()).map(({ name }) => name)).toEqual(
        expect.arrayContaining(['renamed-in-the-dark', 'renamed-in-the-dark-new']),
      );
      expect(await world.queues.schedules()).toHaveLength(TIMETABLE.length);
    });

    it('writes nothing of a sweep from a worker that was frozen for longer than its lease, and that worker continues to work [OPS-3]', async () => {
      await world.hold('/v2/droplets');
      await world.requestSweep('droplet');
      const [frozen, other] = await world.blockedWorker('/v2/droplets');
      const lost = await world.sweep('the running one', 'droplet', `status = 'running'`);
      world.process(frozen).freeze();
      await world.account.rename('renamed-in-its-sleep');
      await world.sweepAfter(lost, 'droplet');
      const recorded = await world.recorded();
      const closed = await world.sweep('the lost one', 'droplet', `id = $1 and status = 'incomplete' and reason = 'lease_lapsed'`, [
        lost.id,
      ]);

      await world.account.release(); // The list from before the change now waits in the socket of the frozen process.
      world.process(frozen).thaw();
      await until(
        () =>
          world
            .process(frozen)
            .output.split('\n')
            .some((line) => line.includes('"sweep_ended"') && line.includes(lost.id)),
        { what: 'its end of the sweep' },
      );
      expect(await world.recorded()).toEqual(recorded);
      expect(await world.sweep('the lost one', 'droplet', 'id = $1', [lost.id])).toEqual(closed);

      world.process(other).child.kill('SIGTERM');
      expect(await world.process(other).exit()).toBe(0);
      const { id } = await world.requestSweep('droplet');
      await world.sweep('the requested one', 'droplet', `id = $1 and status = 'complete'`, [id]);
      await inventoryIsRight();
    });

    it('restores the schedules and runs a due sweep after the loss of all queue data, without a restart [OPS-4]', async () => {
      const pids = WORKERS.map((name) => world.process(name).child.pid);
      const repairs = () => WORKERS.flatMap((name) => world.process(name).events).filter((event) => event === 'schedules_updated').length;
      const repairsBefore = repairs();
      await world.queues.lose();
      await until(() => repairs() > repairsBefore, { what: 'a repair' });
      await world.letTimePass('project');
      const before = await world.sweep('the last sweep', 'project', `status = 'complete'`);
      await until(async () => (await world.queues.schedules()).length === TIMETABLE.length, { what: 'all schedules' });
      await world.sweepAfter(before, 'project');
      expect(WORKERS.map((name) => world.process(name).child.pid)).toEqual(pids);
    });

    it('opens no more connections than its limit, also under load', async () => {
      const load = Array.from({ length: 200 }, (_, n) =>
        world.ask('/api/v1/inventory?limit=200', { as: n % 2 === 0 ? ADMIN_HEADER : ACME_HEADER }),
      );
      await Promise.all([...KINDS.map((kind) => world.requestSweep(kind)), ...load]);
      for (const kind of KINDS)
        await world.sweep('no running one', kind, `not exists (select 1 from cloud_sweeps where status = 'running')`);
      const { api, worker } = CONNECTIONS[backend];
      expect(world.peaks.highest('api')).toBeLessThanOrEqual(api);
      for (const name of WORKERS) expect(world.peaks.highest(name)).toBeLessThanOrEqual(worker);
      expect(Math.min(...EVERYONE.map((name) => world.peaks.highest(name)))).toBeGreaterThan(0);
    });

    it('exits with 0 on SIGTERM in every process [OPS-6]', async () => {
      await Promise.all(KINDS.map((kind) => world.requestSweep(kind)));
      for (const name of EVERYONE) world.process(name).child.kill('SIGTERM');
      expect(await Promise.all(EVERYONE.map((name) => world.process(name).exit()))).toEqual([0, 0, 0]);
    });
  });
});

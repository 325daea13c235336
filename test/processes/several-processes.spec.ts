import { TIMETABLE } from '../../apps/worker/src/jobs/timetable';
import { POSTGRES_CONNECTIONS, QUEUE_NAMES } from '#libs/queues';
import { processorsOf } from '../../apps/worker/src/worker.module';
import { eventually } from '../queues/eventually';
import { ONE_BACKEND } from '../queues/queue-world';
import { ADMIN, ProcessWorld, TENANT, type Kind, type ProcessName } from './process-world';

jest.setTimeout(60_000);

const EVERYONE: readonly ProcessName[] = ['one', 'two', 'api'];
const WORKERS = ['one', 'two'] as const;
const KINDS: readonly Kind[] = ['droplet', 'project'];

/** As in the defaults of the environment. */
const POOL = 8;
/**
 * Connections to PostgreSQL that a process may have at most. The api has a pool for each way of seeing rows, of the platform and of a tenant;
 * a worker needs the first, and two for bulk loads. With the queues on PostgreSQL come a few of theirs, and more per queue that is worked.
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
    await eventually('the account in the inventory', async () => JSON.stringify(await world.shownDroplets()) === expected);
  };

  it('OPS-5: started together on an empty database they wait, and once somebody has migrated all become ready and work', async () => {
    await Promise.all(EVERYONE.map((name) => world.start(name)));
    await eventually('all alive and waiting', async () => {
      const states = await Promise.all(EVERYONE.map((name) => world.process(name).readiness()));
      return states.every((status) => status === 503);
    });
    await Promise.all([world.migrate(), world.migrate()]);
    await world.up(...EVERYONE);
    await inventoryIsRight();
    const shown = await world.shownDroplets();
    expect(shown.length).toBeGreaterThan(50);
    expect(new Set(shown.map(({ tenant }) => tenant)).size).toBeGreaterThan(10);
  });

  describe('once they work', () => {
    beforeAll(async () => {
      await world.migrate();
    });
    beforeEach(() => world.up(...EVERYONE));
    afterEach(() => world.account.release());

    it('OPS-3: kill -9 in the middle of a sweep: it ends incomplete, another worker sweeps again by itself, nothing is struck', async () => {
      await world.hold('/v2/projects');
      await world.requestSweep('project');
      const [doomed, heir] = await world.held('/v2/projects');
      const broken = await world.sweep('the running one', 'project', `status = 'running'`);
      await world.process(doomed).kill();
      await world.account.release();
      await world.sweepAfter(broken, 'project');
      expect(await world.sweep('the broken one', 'project', 'id = $1', [broken.id])).toMatchObject({
        status: 'incomplete',
        reason: 'lease_lapsed',
      });
      expect(world.process(heir).output).toContain('sweep_still_running'); // it took the job over before the lease had lapsed
      expect(await world.strikes()).toBe(0);
    });

    it('OPS-3: an api that was killed answers again after its restart', async () => {
      const before = await world.shownDroplets();
      await world.process('api').kill();
      await world.up('api');
      expect(await world.shownDroplets()).toEqual(before);
    });

    it('OPS-3: after kill -9 of all workers schedules and sweeps go on with their restart, and what has changed meanwhile arrives', async () => {
      await Promise.all(WORKERS.map((name) => world.process(name).kill()));
      await world.account.change('renamed-in-the-dark');
      const before = await Promise.all(KINDS.map((kind) => world.sweep('the last sweep', kind, `status = 'complete'`)));
      await world.up(...WORKERS);
      for (const [at, kind] of KINDS.entries()) {
        await world.queues.tickNow(`sweep.${kind}`);
        await world.sweepAfter(before[at] ?? { id: '' }, kind, `trigger = 'schedule'`);
      }
      await inventoryIsRight();
      expect((await world.shownDroplets()).map(({ name }) => name)).toEqual(
        expect.arrayContaining(['renamed-in-the-dark', 'renamed-in-the-dark-new']),
      );
      expect(await world.queues.schedules()).toHaveLength(TIMETABLE.length);
    });

    it('OPS-3: a worker that was frozen in a sweep for longer than its lease writes nothing of it, and goes on working', async () => {
      await world.hold('/v2/droplets');
      await world.requestSweep('droplet');
      const [frozen, other] = await world.held('/v2/droplets');
      const lost = await world.sweep('the running one', 'droplet', `status = 'running'`);
      world.process(frozen).freeze();
      await world.account.rename('renamed-in-its-sleep');
      await world.sweepAfter(lost, 'droplet');
      const recorded = await world.recorded();
      const closed = await world.sweep('the lost one', 'droplet', `id = $1 and status = 'incomplete' and reason = 'lease_lapsed'`, [
        lost.id,
      ]);

      await world.account.release(); // the list as it was before the change now waits in the socket of the frozen process
      world.process(frozen).thaw();
      await eventually('its end of the sweep', () =>
        world
          .process(frozen)
          .output.split('\n')
          .some((line) => line.includes('"sweep_ended"') && line.includes(lost.id)),
      );
      expect(await world.recorded()).toEqual(recorded);
      expect(await world.sweep('the lost one', 'droplet', 'id = $1', [lost.id])).toEqual(closed);

      world.process(other).child.kill('SIGTERM');
      expect(await world.process(other).exit()).toBe(0);
      const { id } = await world.requestSweep('droplet');
      await world.sweep('the requested one', 'droplet', `id = $1 and status = 'complete'`, [id]);
      await inventoryIsRight();
    });

    it('OPS-4: when all queue data are lost, schedules are back and a due sweep runs, without a restart', async () => {
      const pids = WORKERS.map((name) => world.process(name).child.pid);
      const repairs = () => WORKERS.flatMap((name) => world.process(name).events).filter((event) => event === 'schedules_updated').length;
      const repairsBefore = repairs();
      await world.queues.lose();
      await eventually('a repair', () => repairs() > repairsBefore);
      await world.letTimePass('project');
      const before = await world.sweep('the last sweep', 'project', `status = 'complete'`);
      await eventually('all schedules', async () => (await world.queues.schedules()).length === TIMETABLE.length);
      await world.sweepAfter(before, 'project');
      expect(WORKERS.map((name) => world.process(name).child.pid)).toEqual(pids);
    });

    it('holds no more connections than it may, also under load', async () => {
      const load = Array.from({ length: 200 }, (_, n) => world.ask('/api/v1/inventory?limit=200', { as: n % 2 === 0 ? ADMIN : TENANT }));
      await Promise.all([...KINDS.map((kind) => world.requestSweep(kind)), ...load]);
      for (const kind of KINDS)
        await world.sweep('no running one', kind, `not exists (select 1 from cloud_sweeps where status = 'running')`);
      const { api, worker } = CONNECTIONS[backend];
      expect(world.peaks.highest('api')).toBeLessThanOrEqual(api);
      for (const name of WORKERS) expect(world.peaks.highest(name)).toBeLessThanOrEqual(worker);
      expect(Math.min(...EVERYONE.map((name) => world.peaks.highest(name)))).toBeGreaterThan(0);
    });

    it('OPS-6: SIGTERM ends each with 0', async () => {
      await Promise.all(KINDS.map((kind) => world.requestSweep(kind)));
      for (const name of EVERYONE) world.process(name).child.kill('SIGTERM');
      expect(await Promise.all(EVERYONE.map((name) => world.process(name).exit()))).toEqual([0, 0, 0]);
    });
  });
});

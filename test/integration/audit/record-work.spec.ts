import { TickClaims } from '#libs/queues';
import { Retention } from '#libs/database';
import { Logger } from '@nestjs/common';
import { ChainSealing, RetentionTask } from '../../../apps/worker/src/maintenance/maintenance.tasks';
import { until } from '../../support/until';
import { ChainWorld } from '../../support/chain-world';
import { testConfig } from '../../support/settings';

Logger.overrideLogger(false);

let world: ChainWorld;
const running: { onModuleDestroy(): Promise<void> }[] = [];
beforeEach(async () => {
  world = await ChainWorld.open();
});
afterEach(async () => {
  for (const work of running.splice(0)) await work.onModuleDestroy();
  await world.close();
});

const configOf = (more: Record<string, string> = {}) => testConfig({ AUDIT_SEAL_MS: '100', ...more });

it('links recorded digests with several workers, and continues after an outage of the database [INV-14]', async () => {
  const works = [0, 1, 2].map(() => new ChainSealing(world.sealer, world.database, configOf()));
  running.push(...works);
  for (const work of works) work.onApplicationBootstrap();
  const allIsLinked = () => world.verify().then(({ waiting }) => waiting === 0);
  const worked = () =>
    world.work(3).then(
      () => true,
      () => false,
    ); // The connection of this query may be one of those that were cut.
  for (let n = 0; n < 5; n += 1) {
    await until(worked, { what: 'some work' });
    await until(allIsLinked, { what: 'all is linked' });
    await world.superuser.query(
      `select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()`,
    );
  }
  for (const work of works) await work.onModuleDestroy();
  const { findings, head } = await world.verify();
  expect(findings).toEqual([]);
  expect(Number(head.no)).toBeGreaterThanOrEqual(10);
});

it('runs maintenance on one of several workers, once an hour, and only where the queue sync-slow is served [OPS-7]', async () => {
  await world.superuser.query(
    `insert into cloud_sweeps (kind, trigger, status, started_at, lease_until)
     select 'droplet', 'schedule', 'complete', now() - interval '40 days' + n * interval '1 second', now() from generate_series(1, 5) n`,
  );
  const left = async () => (await world.database.query<{ n: number }>('select count(*)::int as n from cloud_sweeps'))[0]?.n;
  const ticks = new TickClaims(world.database);
  const applied = jest.spyOn(Retention.prototype, 'apply');
  const workers = ['sync-fast', 'sync-slow', 'sync-slow'].map(
    (queue) => new RetentionTask(new Retention(world.database), world.sealer, ticks, world.database, configOf({ WORKER_QUEUES: queue })),
  );
  running.push(...workers);
  for (const worker of workers) worker.onApplicationBootstrap();
  await until(async () => ((await left()) ?? 5) <= 2, { what: 'the old sweeps are thinned out' });
  for (const worker of workers) await worker.onModuleDestroy();
  expect(applied).toHaveBeenCalledTimes(1);
});

it('gives nobody a tick while migrate has not prepared the queues, which is no failure', async () => {
  await world.superuser.query('alter table bullmq.schedule_tick rename to not_there_yet');
  const claimed = await new TickClaims(world.database).claim('housekeeping', { everyMs: 60_000 });
  await world.superuser.query('alter table bullmq.not_there_yet rename to schedule_tick');
  expect(claimed).toBe(false);
});

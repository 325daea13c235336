import { createServer, type AddressInfo } from 'node:net';
import { once } from 'node:events';
import { TIMETABLE } from '../../../apps/worker/src/jobs/timetable';
import { prepareQueueSchema } from '#libs/queues';
import { Client } from 'pg';
import { SpawnedProcess } from '../../support/processes/spawned-process';
import { createEmptyDatabase, createTestDatabase, migrateAll, type TestDatabase } from '../../support/database';
import { until } from '../../support/until';
import { loseQueueData } from '../../support/queue-data';
import { ProviderStub } from './provider-stub';
import { TcpProxy } from '../../support/tcp-proxy';

describe('a worker process', () => {
  let database: TestDatabase;
  let provider: ProviderStub;
  let owner: Client;
  let env: NodeJS.ProcessEnv;
  const workers: SpawnedProcess[] = [];

  const start = async (more: NodeJS.ProcessEnv = {}): Promise<SpawnedProcess> => {
    const worker = await SpawnedProcess.start('worker', { ...env, ...more });
    workers.push(worker);
    return worker;
  };
  const sweeps = async (status: string): Promise<number> => {
    const { rows } = await owner.query<{ n: number }>(
      `select count(*)::int as n from cloud_sweeps where kind = 'droplet' and status = $1`,
      [status],
    );
    return rows[0]?.n ?? 0;
  };

  beforeEach(async () => {
    database = await createTestDatabase();
    await prepareQueueSchema(database.ownerUrl);
    provider = await ProviderStub.start();
    owner = new Client({ connectionString: database.ownerUrl });
    await owner.connect();
    env = {
      DATABASE_URL: database.appUrl,
      DO_API_URL: provider.url,
      DO_API_TOKEN: 'dop_v1_0123456789abcdef',
      QUEUE_LOCK_MS: '1000',
      QUEUE_STALLED_CHECK_MS: '500',
      SWEEP_LEASE_MS: '1500',
      SCHEDULES_REPAIR_MS: '1000',
      WORKER_QUEUES: 'sync-fast,sync-full,sync-slow,billing', // A saga worker would call the provider for other lists too.
    };
  });
  afterEach(async () => {
    await Promise.all(workers.splice(0).map((worker) => worker.kill()));
    await owner.end();
    await provider.stop();
    await database.drop();
  });

  it('exits with code 78 and one message in a wrong environment', async () => {
    const worker = await start({ WORKER_QUEUES: 'sync-fats', DO_RATE_PER_MINUT: '5', DATABASE_URL: 'hunter2' });
    expect(await worker.exit()).toBe(78);
    await until(() => worker.output.includes('WORKER_QUEUES'), { what: 'the message of the worker' });
    expect(worker.output.trim().split('\n')).toEqual([
      'The configuration has 3 problems:',
      expect.stringContaining('did you mean DO_RATE_PER_MINUTE?'),
      expect.stringContaining('DATABASE_URL must be a URL'),
      expect.stringContaining('WORKER_QUEUES must be all or'),
    ]);
    expect(worker.output).not.toMatch(/hunter2|dop_v1/);
  });

  it('logs one sentence when its port is already in use', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const { port } = taken.address() as AddressInfo;
    const worker = await start({ WORKER_PORT: String(port) });
    expect(await worker.exit()).toBe(1);
    await until(() => worker.output.endsWith('\n'), { what: 'the message of the worker' });
    expect(worker.output).toContain(`Port ${port} on 127.0.0.1 is already in use; set WORKER_PORT to another one.`);
    taken.close();
  });

  it('is alive and not ready until the database is migrated, and then works [OPS-5]', async () => {
    const empty = await createEmptyDatabase();
    const worker = await start({ DATABASE_URL: empty.appUrl });
    await until(async () => (await worker.get('/health'))?.status === 200, { what: 'liveness' });
    const { status, body } = (await worker.get('/health/ready')) ?? {};
    expect(status).toBe(503);
    expect(body).toMatchObject({ status: 'not_ready', checks: { work: 'waiting' } });
    await migrateAll(empty.ownerUrl, empty.appUrl);
    await worker.ready();
    await worker.kill();
    await empty.drop();
  });

  it('sweeps each kind once at its first start, with any number of workers', async () => {
    await Promise.all([start(), start(), start()]);
    await Promise.all(workers.map((worker) => worker.ready()));
    await until(async () => (await sweeps('complete')) > 0, { what: 'the first sweep' });
    const { rows } = await owner.query(`select 1 from cloud_sweeps where kind = 'droplet' and trigger = 'first'`);
    expect(rows).toHaveLength(1); // The tick of a full minute may have added another sweep.
    expect(workers.map(({ output }) => output).join('')).not.toContain('dop_v1_');
  });

  it('exits with 0 on SIGTERM when it is idle, and when its parent process has ended [OPS-6]', async () => {
    const [signalled, orphaned] = [await start(), await start()];
    await Promise.all([signalled.ready(), orphaned.ready()]);
    signalled.child.kill('SIGTERM');
    orphaned.child.disconnect();
    expect(await Promise.all([signalled.exit(), orphaned.exit()])).toEqual([0, 0]);
    expect(signalled.events).toEqual(expect.arrayContaining(['stopping', 'drained']));
  });

  it('returns running work to the queue when it does not end in time, exits with 0, and another worker does the work [OPS-6]', async () => {
    provider.hold();
    const worker = await start({ SHUTDOWN_MS: '4000' });
    await until(() => provider.pendingCount > 0, { what: 'a running sweep' });
    const from = performance.now();
    worker.child.kill('SIGTERM');
    expect(await worker.exit()).toBe(0);
    expect(performance.now() - from).toBeLessThan(4_000);
    expect(await sweeps('complete')).toBe(0);
    provider.release();
    await start();
    await until(async () => (await sweeps('complete')) > 0, { what: 'the sweep', withinMs: 30_000 });
  });

  it('exits at once on a second signal [OPS-6]', async () => {
    provider.hold();
    const worker = await start();
    await until(() => provider.pendingCount > 0, { what: 'a running sweep' });
    worker.child.kill('SIGTERM');
    await until(() => worker.events.includes('stopping'), { what: 'the drain' });
    const from = performance.now();
    await until(
      () => {
        worker.child.kill('SIGTERM'); // The signal is repeated, because signals in quick succession count as one.
        return worker.child.exitCode !== null;
      },
      { what: 'the end of the worker' },
    );
    expect(await worker.exit()).toBe(143);
    expect(performance.now() - from).toBeLessThan(1_000);
  });

  it('takes over the job of a worker after kill -9 [OPS-3]', async () => {
    provider.hold();
    const doomed = await start();
    await until(() => provider.pendingCount > 0, { what: 'a running sweep' });
    const successor = await start();
    await successor.ready();
    await doomed.kill();
    provider.release();
    const from = performance.now();
    await until(async () => (await sweeps('complete')) > 0, { what: 'the sweep' });
    expect(performance.now() - from).toBeLessThan(15_000);
    expect(doomed.events).not.toContain('stopping');
  });

  it('survives an outage of PostgreSQL and works again within 15 s after it [OPS-3]', async () => {
    const target = new URL(database.appUrl);
    const line = await TcpProxy.to(Number(target.port), target.hostname);
    target.host = `127.0.0.1:${line.port}`;
    const worker = await start({ DATABASE_URL: target.href });
    await worker.ready();
    await until(async () => (await sweeps('complete')) === 1, { what: 'the first sweep' });
    line.cut();
    await until(async () => (await worker.get('/health/ready'))?.status === 503, { what: 'readiness to end' });
    expect(await worker.get('/health')).toMatchObject({ status: 200 });
    const { faults } = line;
    await until(() => line.faults > faults + 3, { what: 'attempts to reconnect' });
    await owner.query(`delete from cloud_sweeps`);
    line.restore();
    const from = performance.now();
    await worker.ready();
    await until(async () => (await sweeps('complete')) > 0, { what: 'another sweep', withinMs: 20_000 });
    expect(performance.now() - from).toBeLessThan(15_000);
    await worker.kill();
    await line.end();
  });

  it('restores lost schedules by itself, and sweeps at once what has missed its tick (F) [OPS-4]', async () => {
    const worker = await start();
    await worker.ready();
    const isScheduled = async () => (await owner.query('select 1 from bullmq.scheduler')).rowCount === TIMETABLE.length;
    await until(isScheduled, { what: 'the timetable' });
    await until(async () => (await sweeps('complete')) > 0, { what: 'the first sweep' });
    await owner.query(`update cloud_sweeps set started_at = started_at - interval '61 seconds'`);
    const before = await sweeps('complete');
    await loseQueueData(owner, undefined, '');
    expect(await isScheduled()).toBe(false);
    expect(await until(isScheduled, { what: 'the restored timetable' })).toBe(true);
    await until(async () => (await sweeps('complete')) > before, { what: 'the sweep whose tick was lost' });
  });
});

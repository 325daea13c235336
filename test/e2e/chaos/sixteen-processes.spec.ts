import { migrations } from '../../../libs/platform/database/src/migrations';
import { Client } from 'pg';
import { TIMETABLE } from '../../../apps/worker/src/jobs/timetable';
import { startSimulator, type RunningSimulator } from '../../../apps/simulator/src';
import { migrateProcess } from '../../support/processes/migrate-process';
import { JWT_SECRET } from '../../support/settings';
import { QueueStorage } from '../../support/processes/queue-storage';
import { SpawnedProcess } from '../../support/processes/spawned-process';
import { ONE_BACKEND } from '../../support/queue-world';
import { createEmptyDatabase, type TestDatabase } from '../../support/database';
import { until } from '../../support/until';

const READY_WITHIN_MS = 120_000;

/** Several processes for each group of queues, as they are deployed. Together with four migrations they are sixteen. */
const MIGRATIONS = 4;
const APIS = 4;
const SYNC = 'sync-fast,sync-full,sync-slow';
const WORKERS = [SYNC, SYNC, SYNC, SYNC, 'billing', 'billing', 'provisioning', 'provisioning'];

describe.each(ONE_BACKEND)('sixteen processes at once, queues on %s', (backend) => {
  let provider: RunningSimulator;
  let database: TestDatabase;
  let owner: Client;
  let queues: QueueStorage;
  const running: SpawnedProcess[] = [];
  beforeAll(async () => {
    provider = await startSimulator();
    database = await createEmptyDatabase();
    owner = new Client({ connectionString: database.ownerUrl });
    await owner.connect();
    queues = new QueueStorage(backend, owner, database.appUrl);
  });
  afterAll(async () => {
    await Promise.all(running.map((process) => process.kill()));
    await queues.close();
    await owner.end();
    await provider.close();
    await database.drop();
  });

  const environment = () => ({
    NODE_ENV: 'test',
    JWT_SECRET,
    DATABASE_URL: database.appUrl,
    DATABASE_POOL_SIZE: '3',
    ...queues.env,
  });

  it('runs each migration once on an empty database, and all processes become ready and keep running [OPS-5]', async () => {
    const worker = { ...environment(), DO_API_URL: provider.url, DO_API_TOKEN: provider.token };
    const migrating = Array.from({ length: MIGRATIONS }, () => migrateProcess({ ...environment(), DATABASE_OWNER_URL: database.ownerUrl }));
    const starting = [
      ...Array.from({ length: APIS }, () => SpawnedProcess.start('api', environment())),
      ...WORKERS.map((names) => SpawnedProcess.start('worker', { ...worker, WORKER_QUEUES: names })),
    ];
    running.push(...(await Promise.all(starting)));
    expect(MIGRATIONS + running.length).toBe(16);

    for (const { code, output } of await Promise.all(migrating)) expect({ code, output }).toEqual({ code: 0, output });
    const ran = await owner.query<{ name: string }>('select name from app_migrations order by id');
    expect(ran.rows.map(({ name }) => name)).toEqual(migrations.map(({ name }) => name));
    await Promise.all(running.map((process) => process.ready(READY_WITHIN_MS)));
    await until(async () => (await queues.schedules()).length === TIMETABLE.length, { withinMs: 60_000, what: 'every schedule, once' });
    await until(async () => (await owner.query(`select 1 from cloud_sweeps where status = 'complete'`)).rows.length > 0, {
      withinMs: 60_000,
      what: 'work being done',
    });
    expect(running.map(({ child }) => child.exitCode ?? child.signalCode)).toEqual(running.map(() => null));
  });

  it('exits with 0 in all processes when all are stopped at once [OPS-6]', async () => {
    for (const process of running) process.child.kill('SIGTERM');
    expect(await Promise.all(running.map((process) => process.exit()))).toEqual(running.map(() => 0));
  });
});

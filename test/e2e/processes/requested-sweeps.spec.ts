import { Client } from 'pg';
import { until } from '../../support/until';
import { BACKENDS, type BackendKind } from '../../support/queue-world';
import { TcpProxy } from '../../support/tcp-proxy';
import { ProcessWorld } from '../../support/processes/process-world';

/** The queues do not respond, while everything else works. */
interface Silence {
  readonly env: NodeJS.ProcessEnv;
  begin(): Promise<void>;
  end(): Promise<void>;
  close(): Promise<void>;
}

async function onRedis(): Promise<Silence> {
  const storage = new URL(process.env.TEST_REDIS_URL ?? '');
  const line = await TcpProxy.to(Number(storage.port || 6379), storage.hostname);
  storage.host = `127.0.0.1:${line.port}`;
  return { env: { REDIS_URL: storage.href }, begin: async () => line.silence(), end: async () => line.restore(), close: () => line.end() };
}

async function onPostgres(world: ProcessWorld): Promise<Silence> {
  const holder = new Client({ connectionString: world.ownerUrl });
  await holder.connect();
  return {
    env: {},
    begin: async () => void (await holder.query('begin; lock table bullmq.job in access exclusive mode')),
    end: async () => void (await holder.query('rollback')),
    close: () => holder.end(),
  };
}

describe.each(BACKENDS)('a sweep that a person asks for, queues on %s', (backend: BackendKind) => {
  let world: ProcessWorld;
  let silence: Silence;
  beforeAll(async () => {
    world = await ProcessWorld.create(backend);
    await world.migrate();
    silence = backend === 'redis' ? await onRedis() : await onPostgres(world);
    await world.start('api', silence.env);
  });
  afterEach(() => world.process('one').kill());
  afterAll(async () => {
    await silence.close();
    await world.end();
  });

  const completed = (id: string) => world.sweep('the requested one', 'project', `id = $1 and status = 'complete'`, [id]);

  it('is started at once, long before any repair', async () => {
    await world.start('one', { ...silence.env, SCHEDULES_REPAIR_MS: '600000' });
    await world.up('one', 'api');
    const from = performance.now();
    const { id } = await world.requestSweep('project');
    await completed(id);
    expect(performance.now() - from).toBeLessThan(4_000);
  });

  it('is accepted during an outage of the queues, and started by the repair timer afterwards [OPS-3]', async () => {
    await world.start('one', silence.env);
    await world.up('one', 'api');
    await silence.begin();
    const from = performance.now();
    const { id } = await world.requestSweep('project');
    expect(performance.now() - from).toBeLessThan(2_500);
    expect(world.process('api').events).toContain('sweep_wakeup_failed');
    await silence.end();
    await until(async () => (await world.process('api').readiness()) === 200, { what: 'the api to see the queues' });
    await completed(id);
  });
});

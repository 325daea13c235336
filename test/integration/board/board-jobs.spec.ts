import { randomUUID } from 'node:crypto';
import type { Job, Queue } from 'bullmq';
import { JOB_OPTIONS, workerClass, type JobWorker } from '#libs/queues';
import { BACKENDS } from '../../support/queue-world';
import { until } from '../../support/until';
import { ADMIN, boardRoutes, newBoardWorld, OUR_PAGE, type BoardWorld } from './board-world';
import { testConfig } from '../../support/settings';

/** Values that might get into a job by mistake, each of another form. */
const SECRETS = [
  'dop_v1_0123456789abcdef0123456789abcdef',
  'hunter2',
  'Tr0ub4dor&3',
  'postgres://app:s3cret@db.internal/arcadia',
  'eyJhbGciOiJIUzUxMiJ9.eyJzdWIiOiJvbGdhIn0.c2lnbmF0dXJl',
  '<img src=x onerror=alert(1)>',
];
const WITH_SECRETS = {
  kind: SECRETS[1],
  trigger: SECRETS[0],
  token: SECRETS[0],
  sweep_id: SECRETS[2],
  deep: { url: SECRETS[3] },
  [SECRETS[4] ?? '']: SECRETS[5],
};

describe.each(BACKENDS)('the board on %s', (kind) => {
  let world: BoardWorld;
  let queue: Queue;
  const workers: JobWorker[] = [];
  const read = async (path: string) => (await world.call('get', path).set(ADMIN).expect(200)).body as Record<string, unknown>;
  const act = (path: string) => world.call('put', path).set(ADMIN).set(OUR_PAGE);
  const startWorker = (processor: (job: Job) => Promise<unknown>): void => {
    const { queues } = testConfig({ QUEUE_LOCK_MS: '1000' });
    const Bound = workerClass(world.queues, queues);
    workers.push(new Bound('sync-slow', processor as never));
  };

  beforeAll(async () => {
    world = await newBoardWorld(kind);
    queue = world.queues.queue('sync-slow') as unknown as Queue;
  });
  afterEach(async () => {
    await Promise.all(workers.splice(0).map((worker) => worker.close()));
    await queue.removeJobScheduler('sweep.planted');
    await queue.resume();
    await queue.drain(true);
    for (const state of ['failed', 'completed'] as const) await queue.clean(0, 1_000, state);
  });
  afterAll(() => world.close());

  it('shows our own ids and words, and nothing of a job full of secrets, on any page [TEN-8]', async () => {
    const ended = new Set<string>();
    startWorker(async (job) => {
      await job.log(`called with ${SECRETS[0]}`);
      await job.updateProgress({ at: SECRETS[1] });
      ended.add(String(job.id));
      if (job.data.deep) throw new Error(`connect failed: ${SECRETS[3]}`);
      return { status: 'complete', sweep_id: '01a1fb9b-476f-7661-9e35-6c5baaf19d61', body: SECRETS[4] };
    });
    const plainJob = await queue.add(
      'sweep',
      { kind: 'droplet', trigger: 'manual', saga_id: randomUUID() },
      { ...JOB_OPTIONS, attempts: 1 },
    );
    const secretJob = await queue.add('sweep', WITH_SECRETS, { attempts: 1, deduplication: { id: SECRETS[1] ?? '' } });
    await until(async () => (await queue.getJobCounts()).failed === 1 && (await queue.getJobCounts()).completed === 1);
    await queue.add(SECRETS[2] ?? '', WITH_SECRETS, { delay: 3_600_000 });
    await queue.pause();
    await queue.upsertJobScheduler('sweep.planted', { every: 3_600_000 }, { name: 'sweep', data: WITH_SECRETS });

    const pages = boardRoutes()
      .filter(({ method }) => method === 'get')
      .flatMap(({ path }) =>
        [plainJob.id, secretJob.id].map((id) => path.replace('/sync-fast', '/sync-slow').replace(/\/1(?=\/|$)/, `/${id}`)),
      );
    const lists = ['latest', 'failed', 'completed', 'delayed', 'waiting'].map(
      (status) => `/api/queues?activeQueue=sync-slow&status=${status}&jobsPerPage=100`,
    );
    const run = await act('/api/queues/sync-slow/job-schedulers/sweep.planted/run').expect(200);
    const texts = await Promise.all(
      [...new Set(pages), ...lists].map(async (path) => (await world.call('get', path).set(ADMIN).expect(200)).text ?? ''),
    );
    const all = [run.text, ...texts].join('\n');
    expect(all).toContain('"name":"sweep"');
    for (const secret of SECRETS) expect(all.includes(secret) || all.includes(JSON.stringify(secret).slice(1, -1))).toBe(false);

    expect(await read(`/api/queues/sync-slow/${plainJob.id}`)).toMatchObject({
      job: {
        data: { kind: 'droplet', trigger: 'manual', saga_id: plainJob.data.saga_id as string },
        returnValue: { status: 'complete', sweep_id: '01a1fb9b-476f-7661-9e35-6c5baaf19d61', hidden_fields: 1 },
      },
    });
    expect(await read(`/api/queues/sync-slow/${secretJob.id}`)).toMatchObject({
      job: { data: { hidden_fields: 6 }, failedReason: 'hidden: see job_failed in the log', isFailed: true, stacktrace: [] },
    });
  });

  it('retries, promotes, removes and pauses, and records each action in the audit log with its actor [OPS-9]', async () => {
    const { rows: before } = await world.owner.query<{ seq: string }>('select coalesce(max(seq), 0) as seq from audit_log');
    let fails = true;
    const seen: string[] = [];
    startWorker(async (job) => {
      if (fails) throw new Error('malformed_answer: DigitalOcean answered with something unreadable (name is not text) dop_v1_0123abc');
      seen.push(String(job.id));
    });
    const failing = await queue.add('sweep', { kind: 'snapshot', trigger: 'manual' }, { attempts: 1 });
    const later = await queue.add('sweep', { kind: 'snapshot', trigger: 'manual' }, { delay: 3_600_000 });
    const unwanted = await queue.add('sweep', { kind: 'snapshot', trigger: 'manual' }, { delay: 3_600_000 });
    await until(() => failing.isFailed());
    expect(await read(`/api/queues/sync-slow/${failing.id}`)).toMatchObject({
      job: { failedReason: 'malformed_answer: DigitalOcean answered with something unreadable (name is not text) [token]' },
      status: 'failed',
    });

    fails = false;
    await act(`/api/queues/sync-slow/${failing.id}/retry`).expect(204);
    await act(`/api/queues/sync-slow/${later.id}/promote`).expect(204);
    await act(`/api/queues/sync-slow/${unwanted.id}/clean`).expect(204);
    await until(() => seen.length === 2);
    expect(await queue.getJob(String(unwanted.id))).toBeUndefined();
    await act('/api/queues/sync-slow/pause').expect(200);
    expect(await queue.isPaused()).toBe(true);
    await act('/api/queues/resume').expect(200);
    expect(await queue.isPaused()).toBe(false);
    await act('/api/queues/sync-slow/clean/completed').expect(200);

    const { rows } = await world.owner.query<object>(
      'select actor, action, target_id, details from audit_log where seq > $1 order by seq',
      [before[0]?.seq],
    );
    expect(rows).toEqual([
      { actor: 'olga', action: 'job_retried', target_id: 'sync-slow', details: { job: failing.id } },
      { actor: 'olga', action: 'job_promoted', target_id: 'sync-slow', details: { job: later.id } },
      { actor: 'olga', action: 'job_removed', target_id: 'sync-slow', details: { job: unwanted.id } },
      { actor: 'olga', action: 'queue_paused', target_id: 'sync-slow', details: {} },
      { actor: 'olga', action: 'queues_resumed', target_id: 'all', details: {} },
      { actor: 'olga', action: 'queue_cleaned', target_id: 'sync-slow', details: { status: 'completed' } },
    ]);
  });

  it('does not carry out an action that cannot be recorded [OPS-9]', async () => {
    const kept = await queue.add('sweep', { kind: 'snapshot', trigger: 'manual' }, { delay: 3_600_000 });
    await world.owner.query('alter table audit_log add constraint full_disk check (false) not valid');
    try {
      await act(`/api/queues/sync-slow/${kept.id}/clean`).expect(500);
    } finally {
      await world.owner.query('alter table audit_log drop constraint full_disk');
    }
    expect(await queue.getJob(String(kept.id))).toBeDefined();
  });

  it('shows an id and a general message for an error of the queues [TEN-10]', async () => {
    jest.spyOn(process.stderr, 'write').mockReturnValue(true);
    jest.spyOn(queue, 'getJob').mockRejectedValueOnce(new Error('select * from bullmq.job at /srv/secret.ts'));
    const { body, text } = await world
      .call('get', '/api/queues/sync-slow/1')
      .set(ADMIN)
      .expect(500)
      .expect('content-type', /problem\+json/);
    expect(body).toMatchObject({ code: 'internal', request_id: expect.any(String) as string });
    expect(text).not.toMatch(/select|srv/);
    jest.restoreAllMocks();
  });
});

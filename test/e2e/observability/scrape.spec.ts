import { QUEUE_NAMES } from '#libs/queues';
import { freePort } from '../../../libs/platform/local-stack/src/ports';
import { until } from '../../support/until';
import { ONE_BACKEND } from '../../support/queue-world';
import { TcpProxy } from '../../support/tcp-proxy';
import { ADMIN_HEADER, ACME_HEADER } from '../../support/principals';
import { ProcessWorld } from '../../support/processes/process-world';

const scrape = async (url: string, headers: Record<string, string> = {}) => {
  const answer = await fetch(url, { headers });
  return { status: answer.status, type: answer.headers.get('content-type'), text: await answer.text() };
};
/** The values of a metric by its labels. */
const valuesOf = (text: string, name: string): Record<string, number> =>
  Object.fromEntries(
    [...text.matchAll(new RegExp(`^${name}(?:\\{(.*)\\})? (.*)$`, 'gm'))].map(([, labels = '', value]) => [labels, Number(value)]),
  );

describe.each(ONE_BACKEND)('a scrape, with queues on %s', (backend) => {
  let world: ProcessWorld;
  let line: TcpProxy;
  let metricsUrl: string;

  beforeAll(async () => {
    world = await ProcessWorld.create(backend);
    await world.migrate();
    const direct = new URL(world.appUrl);
    line = await TcpProxy.to(Number(direct.port), direct.hostname);
    direct.host = `127.0.0.1:${line.port}`;
    const metricsPort = await freePort();
    metricsUrl = `http://127.0.0.1:${metricsPort}/metrics`;
    await Promise.all([world.start('api', { METRICS_PORT: String(metricsPort) }), world.start('one', { DATABASE_URL: direct.href })]);
    await world.up('api', 'one');
  });
  afterAll(async () => {
    line.restore();
    await world.end();
    await line.end();
  });

  const ofWorker = () => scrape(`${world.process('one').url}/metrics`);

  it('of a worker returns queues, sweeps, calls and budget', async () => {
    const { text, type } = await until(
      async () => {
        const answer = await ofWorker();
        const ages = Object.values(valuesOf(answer.text, 'arcadia_sweep_age_seconds'));
        return ages.length >= 10 && Math.max(...ages) < 120 ? answer : undefined;
      },
      { what: 'all sweeps' },
    );
    expect(type).toMatch(/^text\/plain; version=0\.0\.4/);
    const jobs = valuesOf(text, 'arcadia_queue_jobs');
    expect(Object.keys(jobs)).toHaveLength(QUEUE_NAMES.length * 4);
    expect(jobs['queue="sync-fast",state="delayed"']).toBeGreaterThan(0); // jobs of future ticks
    // ticks are created long before they are due
    expect(valuesOf(text, 'arcadia_queue_oldest_waiting_seconds')['queue="sync-slow"']).toBeLessThan(60);
    expect(valuesOf(text, 'arcadia_queue_paused')['queue="billing"']).toBe(0);
    expect(valuesOf(text, 'arcadia_sweep_cadence_seconds')['kind="droplet"']).toBe(60);
    expect(valuesOf(text, 'arcadia_provider_calls_total')['purpose="sync-fast",outcome="accepted"']).toBeGreaterThan(0);
    const budget = valuesOf(text, 'arcadia_provider_budget_remaining');
    expect(Object.keys(budget)).toHaveLength(5 * 2);
    expect(budget['purpose="billing",window="hour"']).toBeLessThan(1_000_000);
    expect(valuesOf(text, 'arcadia_provider_breaker_open')['purpose="provisioning"']).toBe(0);
    expect(valuesOf(text, 'arcadia_metric_collection_failures_total')).toEqual({});
  });

  it('of the api is allowed to platform admins, or on a port of its own [TEN-7]', async () => {
    const url = `${world.process('api').url}/metrics`;
    expect((await scrape(url)).status).toBe(401);
    expect((await scrape(url, ACME_HEADER)).status).toBe(403);
    expect((await scrape(url, ADMIN_HEADER)).status).toBe(200);
    expect((await scrape(metricsUrl)).status).toBe(200);
    expect((await scrape(metricsUrl.replace('/metrics', '/api/v1/audit'), ADMIN_HEADER)).status).toBe(404);
  });

  it('of the api counts requests by route, never by address', async () => {
    const id = '01a1fb9b-476f-7661-9e35-6c5baaf19d61';
    await world.ask(`/api/v1/inventory/${id}`);
    await world.ask(`/api/nothing/${id}`);
    const { text } = await scrape(metricsUrl);
    const counts = valuesOf(text, 'arcadia_http_request_seconds_count');
    expect(counts['route="/api/v1/inventory/:id",method="GET",status="404"']).toBe(1);
    expect(counts['route="none",method="GET",status="404"']).toBeGreaterThanOrEqual(1);
    expect(text).not.toContain(id);
  });

  it('returns the number of sagas by status, and the age of the oldest', async () => {
    await world.ask('/api/v1/sagas', { body: { kind: 'demo', input: { steps: ['wait'], wait_ms: 600_000 } } });
    const waiting = 'kind="demo",status="running"';
    const text = await until(
      async () => {
        const answer = await ofWorker();
        const [runs, ages] = ['arcadia_sagas', 'arcadia_saga_oldest_seconds'].map((name) => valuesOf(answer.text, name)[waiting]);
        return runs === 1 && ages !== undefined && ages > 0 ? answer.text : undefined;
      },
      { what: 'the waiting saga' },
    );
    expect(valuesOf(text, 'arcadia_saga_overdue_seconds')['']).toBeLessThan(5);
  });

  it('succeeds while the database is unavailable, omits its gauges, counts the failure, and includes them again afterwards [OPS-3]', async () => {
    line.silence();
    const { status, text } = await until(
      async () => {
        const from = performance.now();
        const answer = await ofWorker();
        expect(performance.now() - from).toBeLessThan(5_000);
        return Object.keys(valuesOf(answer.text, 'arcadia_sweep_age_seconds')).length === 0 ? answer : undefined;
      },
      { what: 'a scrape without gauges' },
    );
    expect(status).toBe(200);
    expect(text).toContain('process_resident_memory_bytes');
    expect(valuesOf(text, 'arcadia_provider_calls_total')['purpose="sync-fast",outcome="accepted"']).toBeGreaterThan(0);
    await until(async () => Object.keys(valuesOf((await ofWorker()).text, 'arcadia_metric_collection_failures_total')).length > 3, {
      what: 'a scrape that counts the failures',
    });
    expect(line.faults).toBeGreaterThan(0);
    line.restore();
    await until(async () => Object.keys(valuesOf((await ofWorker()).text, 'arcadia_sweep_age_seconds')).length >= 10, {
      what: 'the gauges',
      withinMs: 40_000,
    });
  });
});

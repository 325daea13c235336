import { randomBytes } from 'node:crypto';
import { until } from '../../support/until';
import { ONE_BACKEND } from '../../support/queue-world';
import { ADMIN_HEADER } from '../../support/principals';
import { ProcessWorld } from '../../support/processes/process-world';
import { Collector, spanPath } from './collector';

const NEEDLE = 'needle-in-a-query-string';
const aTrace = () => ({ traceId: randomBytes(16).toString('hex'), spanId: randomBytes(8).toString('hex') });

describe.each(ONE_BACKEND)('a trace, with queues on %s', (backend) => {
  let collector: Collector;
  let world: ProcessWorld;

  beforeAll(async () => {
    collector = await Collector.start();
    world = await ProcessWorld.create(backend);
    await world.migrate();
    const tracing = {
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Bearer%20of-the-collector',
      OTEL_BSP_SCHEDULE_DELAY: '100',
    };
    await Promise.all([world.start('api', tracing), world.start('one', tracing)]);
    await world.up('api', 'one');
  });
  afterAll(async () => {
    await world.end();
    collector.close();
  });

  const under = ({ traceId, spanId }: ReturnType<typeof aTrace>) => ({ ...ADMIN_HEADER, traceparent: `00-${traceId}-${spanId}-01` });
  const linesOf = (traceId: string) =>
    world
      .process('one')
      .output.split('\n')
      .filter((line) => line.includes(traceId))
      .map((line) => JSON.parse(line) as Record<string, unknown>);

  it('leads from the request to its job, its sweep and each call of the provider', async () => {
    const trace = aTrace();
    const { status } = await world.ask('/api/v1/sweeps', { body: { kind: 'droplet', reason: NEEDLE }, as: under(trace) });
    expect(status).toBe(202);
    const call = await until(() => collector.spansOf(trace.traceId).find(({ name }) => name === 'GET /v2/droplets'), {
      what: 'the call in the trace',
    });
    const root = await until(() => collector.spansOf(trace.traceId).find(({ parentSpanId }) => parentSpanId === trace.spanId), {
      what: 'the request in the trace',
    });
    expect(root.name).toBe('POST /api/v1/sweeps');
    await until(() => spanPath(collector.spansOf(trace.traceId), call).length >= 5, { what: 'the whole trace' });
    expect(spanPath(collector.spansOf(trace.traceId), call)).toEqual([
      'POST /api/v1/sweeps',
      'enqueue sweep',
      'job sweep',
      'sweep droplet',
      'GET /v2/droplets',
    ]);
    const line = await until(() => linesOf(trace.traceId).find(({ event }) => event === 'sweep_ended'), { what: 'the line of the sweep' });
    expect(line).toMatchObject({
      trace_id: trace.traceId,
      sweep_id: expect.any(String) as string,
      job_id: expect.any(String) as string,
      kind: 'droplet',
    });
  });

  it('leads from the request to the steps of its saga, whichever worker runs them', async () => {
    const trace = aTrace();
    const { body } = await world.ask('/api/v1/sagas', { body: { kind: 'demo', input: { steps: ['echo'] } }, as: under(trace) });
    const { id } = (body as { data: { id: string } }).data;
    const step = await until(() => collector.spansOf(trace.traceId).find(({ name }) => name === 'step echo'), {
      what: 'the step in the trace',
    });
    await until(() => spanPath(collector.spansOf(trace.traceId), step).length >= 3, { what: 'the whole trace' });
    expect(spanPath(collector.spansOf(trace.traceId), step)).toEqual(['POST /api/v1/sagas', 'saga demo', 'step echo']);
    const advanced = await until(() => linesOf(trace.traceId).find(({ event }) => event === 'saga_advanced'), { what: 'its line' });
    expect(advanced).toMatchObject({ saga_id: id, kind: 'demo' });
    expect(advanced).not.toHaveProperty('job_id');
  });

  it('starts a new trace when the caller’s header is malformed', async () => {
    const zeros = { traceId: '0'.repeat(32), spanId: '0'.repeat(16) };
    expect((await world.ask('/api/v1/projects', { as: under(zeros) })).status).toBe(200);
    expect((await world.ask('/api/v1/projects', { as: { ...ADMIN_HEADER, traceparent: 'x'.repeat(5_000) } })).status).toBe(200);
    const { traceId, spanId } = aTrace();
    expect((await world.ask('/api/v1/audit', { as: under({ traceId, spanId }) })).status).toBe(200);
    await until(() => collector.spansOf(traceId)[0], { what: 'a later trace' });
    expect(collector.spansOf(zeros.traceId)).toEqual([]);
  });

  it('contains no query string, header, body, token or login [TEN-8]', async () => {
    const trace = aTrace();
    await world.ask(`/api/v1/inventory?q=${NEEDLE}`, { as: under(trace) });
    await until(() => collector.spansOf(trace.traceId)[0], { what: 'the request in the trace' });
    const all = collector.bodies.join('\n');
    expect(all).toContain('GET /v2/droplets');
    for (const secret of [NEEDLE, 'dop_v1_', 'Bearer', 'eyJ', 'postgres://', 'postgresql://', 'of-the-collector'])
      expect(all).not.toContain(secret);
    expect(collector.headers.every(({ authorization }) => authorization === 'Bearer of-the-collector')).toBe(true);
  });
});

it('keeps the api unaffected by a collector that is unreachable or never responds, and lets it end in time [OPS-6]', async () => {
  const world = await ProcessWorld.create('postgres');
  await world.migrate();
  try {
    const api = await world.start('api', { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9', OTEL_BSP_SCHEDULE_DELAY: '50' });
    await api.ready();
    expect((await world.ask('/api/v1/audit')).status).toBe(200);
    const from = performance.now();
    api.child.kill('SIGTERM');
    expect(await api.exit()).toBe(0);
    expect(performance.now() - from).toBeLessThan(5_000);
  } finally {
    await world.end();
  }
});

import { until } from '../../support/until';
import { run, SagaWorld } from '../../support/saga-world';

const SAGAS = process.env.TEST_LONG ? 5_000 : 400;
const WAIT_MS = process.env.TEST_LONG ? 20_000 : 4_000;

let world: SagaWorld;
beforeAll(async () => {
  world = await SagaWorld.create();
});
afterAll(() => world.end());

const count = async (condition: string): Promise<number> =>
  Number((await world.owner.query<{ n: string }>(`select count(*) as n from saga_runs where ${condition}`)).rows[0]?.n);

it(
  `keeps no lease and no connection for ${SAGAS} waiting sagas, blocks no worker, and continues each of them on time`,
  async () => {
    const process = await world.process([], { SAGA_LEASE_MS: '6000' });
    await world.owner.query(
      `insert into saga_runs (kind, input, steps, created_by)
       select 'demo', jsonb_build_object('steps', array['wait'], 'wait_ms', $2::int), array['wait'], 'test' from generate_series(1, $1)`,
      [SAGAS, WAIT_MS],
    );
    process.engine.start();
    await until(async () => (await count(`epoch > 0 and lease_until is null and wake_at is not null`)) === SAGAS, {
      what: 'all to wait',
      withinMs: WAIT_MS,
    });
    const { rows } = await world.owner.query<{ busy: string }>(
      `select count(*) as busy from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid() and state <> 'idle'`,
    );
    expect(Number(rows[0]?.busy)).toBeLessThanOrEqual(1); // The one busy session is the poll of the reconciler.
    expect((await run(process, 'demo', { steps: ['echo', 'echo'] })).status).toBe('completed');
    await until(async () => (await count(`status = 'completed'`)) === SAGAS + 1, { what: 'all to continue', withinMs: WAIT_MS + 60_000 });
    const late = await world.owner.query<{ p95: number; early: string }>(
      `select percentile_cont(0.95) within group (order by extract(epoch from r.finished_at - s.started_at) * 1000 - $1)::float8 as p95,
              count(*) filter (where extract(epoch from r.finished_at - s.started_at) * 1000 < $1) as early
         from saga_runs r join saga_steps s on s.saga_id = r.id and s.name = 'wait'`,
      [WAIT_MS],
    );
    console.log(`${SAGAS} waiting sagas: p95 ${Math.round(late.rows[0]?.p95 ?? 0)} ms late`);
    expect(Number(late.rows[0]?.early)).toBe(0);
    expect(late.rows[0]?.p95).toBeLessThan(5_000);
  },
  WAIT_MS * 2 + 120_000,
);

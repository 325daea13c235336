import { SeededRandom } from '../../support/seeded-random';
import { until } from '../../support/until';
import { ChaosRun } from './chaos-run';
import { ChaosWorld } from '../../support/chaos-world';

const CRASHES = 5;
/** The lease is shorter than in production, so that the runs of a dead worker are leased again sooner. */
const SETTINGS = { SAGA_LEASE_MS: '2000', SAGA_RENEW_MS: '500' };

interface LeaseState {
  readonly epoch: number;
  readonly status: string;
  /** The process id of the worker with a valid lease on the run. */
  readonly pid: number | null;
  readonly lapsed: boolean;
}

let world: ChaosWorld;
let run: ChaosRun;
beforeAll(async () => {
  world = await ChaosWorld.create(1, SETTINGS);
  run = new ChaosRun(world, new SeededRandom(1), Date.now() % 1_000_000);
});
afterAll(() => world.end());

async function leaseState(id: string): Promise<LeaseState> {
  const [row] = await world.query<LeaseState>(
    `select epoch::int, status, case when lease_until > clock_timestamp() then split_part(lease_owner, '/', 2)::int end as pid,
            coalesce(lease_until <= clock_timestamp(), false) as lapsed from saga_runs where id = $1`,
    [id],
  );
  if (!row) throw new Error(`saga ${id} does not exist`);
  return row;
}

/** The ledger, one line per row. */
async function ledger(id: string): Promise<string[]> {
  const text = `select name || ' ' || status as line from saga_steps where saga_id = $1 order by step_idx`;
  const rows = await world.query<{ line: string }>(text, [id]);
  return rows.map(({ line }) => line);
}

const ended = (id: string, status: string) =>
  until(async () => (await leaseState(id)).status === status, { withinMs: 60_000, what: `the saga being ${status}` });

/** Kills the live worker once it has leased the run. Returns the epoch of that lease. */
async function killLeaseOwner(id: string): Promise<number> {
  const [worker] = world.workers;
  await until(async () => (await leaseState(id)).pid === worker?.child.pid, { withinMs: 60_000, what: 'the worker leasing the run' });
  await worker?.kill();
  return (await leaseState(id)).epoch;
}

const replaceWorker = async () => void (world.workers[0] = await world.startWorker());

it('completes each step once in spite of five crashes in a row and a lost queue [SAG-2, SAG-4, OPS-3, OPS-4]', async () => {
  const steps = ['echo', 'wait', 'echo', 'wait', 'echo', 'wait', 'echo'];
  const deadEpochs: number[] = [];
  let id = '';
  for (let crash = 0; crash < CRASHES; crash += 1) {
    await world.whileNothingIsRecorded(async () => {
      id ||= await run.accepted('five', steps, 200);
      deadEpochs.push(await killLeaseOwner(id));
    });
    if (crash === 2) await world.loseQueues();
    await replaceWorker();
  }
  await ended(id, 'completed');
  expect(deadEpochs).toEqual([...new Set(deadEpochs)]); // Each of the five workers had leased the run.
  expect((await leaseState(id)).epoch).toBeGreaterThan(Math.max(...deadEpochs));
  expect(await ledger(id)).toEqual(steps.map((name) => `${name} completed`));
  expect(await run.twice()).toEqual([]);
  expect(await run.stale()).toEqual([]);
});

it('continues the compensation after a crash during it [SAG-11]', async () => {
  const id = await run.accepted('undoing', ['echo', 'echo', 'wait', 'fail'], 1_500);
  await until(async () => (await ledger(id))[2] === 'wait waiting', { withinMs: 30_000, what: 'the wait' });
  let deadEpoch = 0;
  await world.whileStepIsKept(id, 1, async () => {
    await until(async () => (await ledger(id))[2] === 'wait compensated', { withinMs: 30_000, what: 'the first compensated step' });
    deadEpoch = await killLeaseOwner(id);
    expect((await leaseState(id)).status).toBe('compensating');
    expect((await ledger(id)).slice(0, 2)).toEqual(['echo completed', 'echo completed']);
  });
  await replaceWorker();
  await ended(id, 'rolled_back');
  expect(await ledger(id)).toEqual(['echo compensated', 'echo compensated', 'wait compensated', 'fail failed']);
  const undone = await world.query<{ step_idx: number; after: boolean }>(
    `select step_idx, epoch > $2 as after from witness where saga_id = $1 and status = 'compensated' order by at`,
    [id, deadEpoch],
  );
  expect(undone.map(({ step_idx }) => step_idx)).toEqual([2, 1, 0]);
  expect([undone[0]?.after, undone[2]?.after]).toEqual([false, true]); // The dead worker did the first, its successor the last.
});

it('continues the runs of a crashed worker when it is restarted [OPS-3, SAG-18]', async () => {
  let id = '';
  let deadEpoch = 0;
  await world.whileNothingIsRecorded(async () => {
    id = await run.accepted('restart', ['echo', 'echo', 'echo'], 0);
    deadEpoch = await killLeaseOwner(id);
  });
  await until(async () => (await leaseState(id)).lapsed, { what: 'the end of the lease' });
  await replaceWorker();
  await until(async () => (await world.workers[0]?.get('/api/health')) !== undefined, { withinMs: 30_000, what: 'the worker responding' });
  const upMs = Date.now();
  await ended(id, 'completed');
  const [first] = await world.query<{ ms: number }>(
    'select extract(epoch from min(at))::float8 * 1000 as ms from witness where saga_id = $1 and epoch > $2',
    [id, deadEpoch],
  );
  // The value is negative if the worker continued before the test saw it respond.
  const tookMs = Math.round((first?.ms ?? Infinity) - upMs);
  console.log(`saga restart: ${JSON.stringify({ up_to_next_step_ms: tookMs })}`);
  expect(tookMs).toBeLessThan(10_000);
});

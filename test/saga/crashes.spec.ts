import { SeededRandom } from '../inventory/seeded-random';
import { until } from '../setup/until';
import { ChaosRun } from './chaos-run';
import { ChaosWorld } from './chaos-world';

const CRASHES = 5;
/** Shorter than in production, so that a dead worker's runs come free sooner; everything else is as it is deployed. */
const SETTINGS = { SAGA_LEASE_MS: '2000', SAGA_RENEW_MS: '500' };

interface Held {
  readonly epoch: number;
  readonly status: string;
  /** Of the worker that has the run, while its lease lives. */
  readonly pid: number | null;
  readonly lapsed: boolean;
}

let world: ChaosWorld;
let run: ChaosRun;
beforeAll(async () => {
  world = await ChaosWorld.create(1, SETTINGS);
  run = new ChaosRun(world, new SeededRandom(1), Date.now() % 1_000_000);
}, 60_000);
afterAll(() => world.end(), 60_000);

async function held(id: string): Promise<Held> {
  const [row] = await world.query<Held>(
    `select epoch::int, status, case when lease_until > clock_timestamp() then split_part(lease_owner, '/', 2)::int end as pid,
            coalesce(lease_until <= clock_timestamp(), false) as lapsed from saga_runs where id = $1`,
    [id],
  );
  if (!row) throw new Error(`there is no saga ${id}`);
  return row;
}

/** The ledger, one line per row. */
async function ledger(id: string): Promise<string[]> {
  const text = `select name || ' ' || status as line from saga_steps where saga_id = $1 order by step_idx`;
  const rows = await world.query<{ line: string }>(text, [id]);
  return rows.map(({ line }) => line);
}

const ended = (id: string, status: string) =>
  until(async () => (await held(id)).status === status, { withinMs: 60_000, what: `the saga being ${status}` });

/** The lease of a dead worker does not count: it is the living one that must have the run. Answers the epoch that died. */
async function killTheHolder(id: string): Promise<number> {
  const [worker] = world.workers;
  await until(async () => (await held(id)).pid === worker?.child.pid, { withinMs: 60_000, what: 'the worker having the run in hand' });
  await worker?.kill();
  return (await held(id)).epoch;
}

const replaceWorker = async () => void (world.workers[0] = await world.startWorker());

it('SAG-2, SAG-4, OPS-3, OPS-4: five crashes in a row and a lost queue change nothing', async () => {
  const steps = ['echo', 'wait', 'echo', 'wait', 'echo', 'wait', 'echo'];
  const died: number[] = [];
  let id = '';
  for (let crash = 0; crash < CRASHES; crash += 1) {
    await world.whileNothingIsRecorded(async () => {
      id ||= await run.accepted('five', steps, 200);
      died.push(await killTheHolder(id));
    });
    if (crash === 2) await world.loseQueues();
    await replaceWorker();
  }
  await ended(id, 'completed');
  expect(died).toEqual([...new Set(died)]); // every one of the five had claimed the run
  expect((await held(id)).epoch).toBeGreaterThan(Math.max(...died));
  expect(await ledger(id)).toEqual(steps.map((name) => `${name} completed`));
  expect(await run.twice()).toEqual([]);
  expect(await run.stale()).toEqual([]);
}, 180_000);

it('SAG-11: a crash during compensation continues the compensation', async () => {
  const id = await run.accepted('undoing', ['echo', 'echo', 'wait', 'fail'], 1_500);
  await until(async () => (await ledger(id))[2] === 'wait waiting', { withinMs: 30_000, what: 'the wait' });
  let died = 0;
  await world.whileStepIsKept(id, 1, async () => {
    await until(async () => (await ledger(id))[2] === 'wait compensated', { withinMs: 30_000, what: 'the first step undone' });
    died = await killTheHolder(id);
    expect((await held(id)).status).toBe('compensating');
    expect((await ledger(id)).slice(0, 2)).toEqual(['echo completed', 'echo completed']);
  });
  await replaceWorker();
  await ended(id, 'rolled_back');
  expect(await ledger(id)).toEqual(['echo compensated', 'echo compensated', 'wait compensated', 'fail failed']);
  const undone = await world.query<{ step_idx: number; after: boolean }>(
    `select step_idx, epoch > $2 as after from witness where saga_id = $1 and status = 'compensated' order by at`,
    [id, died],
  );
  expect(undone.map(({ step_idx }) => step_idx)).toEqual([2, 1, 0]);
  expect([undone[0]?.after, undone[2]?.after]).toEqual([false, true]); // some of it by the dead one, the rest by its heir
}, 120_000);

it('OPS-3, SAG-18: a restarted worker goes on with what its former self had in hand', async () => {
  let id = '';
  let died = 0;
  await world.whileNothingIsRecorded(async () => {
    id = await run.accepted('restart', ['echo', 'echo', 'echo'], 0);
    died = await killTheHolder(id);
  });
  await until(async () => (await held(id)).lapsed, { what: 'the lapse of the lease' });
  await replaceWorker();
  await until(async () => (await world.workers[0]?.get('/api/health')) !== undefined, { withinMs: 30_000, what: 'the worker answering' });
  const upMs = Date.now();
  await ended(id, 'completed');
  const [first] = await world.query<{ ms: number }>(
    'select extract(epoch from min(at))::float8 * 1000 as ms from witness where saga_id = $1 and epoch > $2',
    [id, died],
  );
  const tookMs = Math.round((first?.ms ?? Infinity) - upMs); // below zero: it was at work before anybody asked
  console.log(`saga restart: ${JSON.stringify({ up_to_next_step_ms: tookMs })}`);
  expect(tookMs).toBeLessThan(10_000);
}, 120_000);

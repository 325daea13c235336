import { SeededRandom } from '../inventory/seeded-random';
import { until } from '../setup/until';
import { ChaosRun } from './chaos-run';
import { ChaosWorld } from './chaos-world';

interface Held {
  readonly epoch: string;
  readonly status: string;
  readonly leased: boolean;
  readonly pid: number;
}

let world: ChaosWorld;
let run: ChaosRun;
beforeAll(async () => {
  world = await ChaosWorld.create(1, { SAGA_LEASE_MS: '1500', SAGA_RENEW_MS: '300', SAGA_RECONCILE_MS: '200' });
  run = new ChaosRun(world, new SeededRandom(1), Date.now() % 1_000_000);
}, 60_000);
afterAll(() => world.end(), 60_000);

const HELD = `select epoch::text, status, coalesce(lease_until > clock_timestamp(), false) as leased, split_part(lease_owner, '/', 2)::int as pid
  from saga_runs where id = $1`;
const held = async (id: string): Promise<Held | undefined> => (await world.query<Held>(HELD, [id]))[0];
const ended = (id: string) =>
  until(async () => ['completed', 'rolled_back'].includes((await held(id))?.status ?? ''), { withinMs: 60_000, what: 'the end' });
const lines = (id: string) =>
  world.query<{ name: string; status: string }>('select name, status from saga_steps where saga_id = $1 order by step_idx', [id]);

/** Kills the only worker while it has the run in hand, in the status that is asked for. */
async function killWhile(id: string, status: string): Promise<void> {
  const inHand = async () => {
    const now = await held(id);
    return now?.leased === true && now.status === status && now.pid === world.workers[0]?.child.pid;
  };
  await until(inHand, { withinMs: 30_000, what: `the run in work, ${status}` });
  await world.workers[0]?.kill();
}

it('SAG-2, SAG-4, performance S4: five crashes in a row and a lost queue change nothing', async () => {
  const id = await run.accepted('five', ['echo', 'wait', 'echo', 'wait', 'echo', 'wait'], 300);
  for (let crash = 1; crash <= 5; crash += 1) {
    await world.whileNothingIsRecorded(() => killWhile(id, 'running'));
    if (crash === 3) await world.loseQueues();
    world.workers[0] = await world.startWorker();
  }
  await ended(id);
  expect((await lines(id)).map(({ status }) => status)).toEqual(Array(6).fill('completed'));
  expect(Number((await held(id))?.epoch)).toBeGreaterThanOrEqual(6);
  expect(await run.twice()).toEqual([]);
}, 120_000);

/** Holds back whatever records an undone step, until the lock is let go. It belongs to the test's database, not to the product. */
const HOLD_UNDOING = `
create function hold_undoing() returns trigger language plpgsql as $$
begin
  if new.status = 'compensated' then perform pg_advisory_xact_lock_shared(4711); end if;
  return new;
end $$;
create trigger hold_undoing before insert or update on saga_steps for each row execute function hold_undoing()`;

it('SAG-11: a crash during compensation continues the compensation', async () => {
  await world.query(HOLD_UNDOING);
  await world.query('select pg_advisory_lock(4711)');
  const id = await run.accepted('undoing', ['echo', 'wait', 'echo', 'fail'], 300);
  await killWhile(id, 'compensating');
  await world.query('select pg_advisory_unlock(4711)');
  world.workers[0] = await world.startWorker();
  await ended(id);
  expect(await lines(id)).toEqual([
    { name: 'echo', status: 'compensated' },
    { name: 'wait', status: 'compensated' },
    { name: 'echo', status: 'compensated' },
    { name: 'fail', status: 'failed' },
  ]);
  expect(await run.twice()).toEqual([]);
}, 120_000);

it('performance S4: a restarted worker goes on as soon as it is up', async () => {
  const id = await run.accepted('restart', ['echo', 'wait', 'echo'], 60_000);
  await until(async () => (await lines(id)).some(({ status }) => status === 'waiting'), { what: 'the wait' });
  await world.workers[0]?.kill();
  await world.query(`update saga_runs set wake_at = clock_timestamp() where id = $1`, [id]);
  const before = (await held(id))?.epoch;
  const worker = await world.startWorker();
  world.workers[0] = worker;
  await until(async () => (await worker.get('/api/health')) !== undefined, { withinMs: 30_000, what: 'the worker answering' });
  const upMs = performance.now();
  await until(async () => (await held(id))?.epoch !== before, { withinMs: 10_000, what: 'the claim' });
  console.log(`saga restart: ${JSON.stringify({ up_to_claim_ms: Math.round(performance.now() - upMs) })}`);
  expect((await held(id))?.epoch).not.toBe(before);
}, 60_000);

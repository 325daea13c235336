import { setTimeout as sleep } from 'node:timers/promises';
import { signGuardianToken } from '#libs/identity';
import { SeededRandom } from '../inventory/seeded-random';
import { until } from '../setup/until';
import { ChaosWorld, SECRET } from './chaos-world';

const SAGAS = Number(process.env.CHAOS_SAGAS ?? (process.env.TEST_LONG ? 200 : 20));
const SEED = Number(process.env.CHAOS_SEED ?? Date.now() % 1_000_000);
const WORKERS = 3;
/** Longer than a lease (6 s): a thawed worker finds that others have gone on. */
const FREEZE_MS = 8_000;

const FAULTS = ['kill', 'freeze', 'lost queues', 'restart of PostgreSQL'] as const;
type Fault = (typeof FAULTS)[number];

interface Planned {
  readonly id: string;
  readonly expected: 'completed' | 'rolled_back';
}

let world: ChaosWorld;
beforeAll(async () => {
  world = await ChaosWorld.create(WORKERS);
}, 60_000);
afterAll(() => world.end(), 60_000);

it(
  `SAG-1 to SAG-4, SAG-18: ${SAGAS} sagas end right whatever dies around them (seed ${SEED})`,
  async () => {
    console.log(`saga chaos: CHAOS_SEED=${SEED} CHAOS_SAGAS=${SAGAS}`);
    const random = new SeededRandom(SEED);
    const fired: Record<Fault, number> = { kill: 0, freeze: 0, 'lost queues': 0, 'restart of PostgreSQL': 0 };
    const resumedMs: number[] = [];
    const planned: Planned[] = [];
    const starting = (async () => {
      for (let nth = 0; nth < SAGAS; nth += 1) {
        planned.push(await start(random, nth));
        await sleep(random.below(Math.min(1_500, 30_000 / SAGAS)));
      }
    })();

    for (let round = 0; round < Math.max(FAULTS.length * 2, SAGAS / 10); round += 1) {
      await sleep(1_000 + random.below(1_500));
      const fault = FAULTS[round] ?? random.pick(FAULTS);
      const provoke = async () =>
        void planned.push({ id: await accepted(`provoked-${round}`, ['echo', 'echo', 'echo'], 0), expected: 'completed' });
      await inject(fault, random, { resumedMs, provoke });
      fired[fault] += 1;
    }
    await starting;
    expect(planned.length).toBeGreaterThanOrEqual(SAGAS);
    await until(async () => (await open()) === 0, { withinMs: 120_000, what: 'the end of all sagas' });

    const ended = await world.query<{ id: string; status: string }>('select id, status from saga_runs');
    const status = new Map(ended.map((row) => [row.id, row.status]));
    expect(planned.filter(({ id, expected }) => status.get(id) !== expected)).toEqual([]);
    expect(ended).toHaveLength(planned.length); // an answer lost with a restart was asked for again under its key
    expect(await twice()).toEqual([]);
    expect(await stale()).toEqual([]);
    expect(await world.query('select resource from saga_holds')).toEqual([]);
    const counted = await Promise.all(world.workers.map(async ({ url }) => (await fetch(`${url}/metrics`)).text()));
    expect(counted.join('\n')).toMatch(/arcadia_sagas_ended_total\{kind="demo",status="(completed|rolled_back)"\} [1-9]/);
    const p95 = resumedMs.toSorted((a, b) => a - b)[Math.floor(resumedMs.length * 0.95)] ?? 0;
    console.log(`saga chaos: ${JSON.stringify({ fired, resumed: resumedMs.length, resume_p95_ms: Math.round(p95) })}`);
    expect(resumedMs.length).toBeGreaterThan(0);
    expect(p95).toBeLessThan(10_000);
    expect(FAULTS.filter((fault) => fired[fault] === 0)).toEqual([]);
  },
  240_000 + SAGAS * 3_000,
);

/** As a client would: with a key, again and again until there is an answer. */
async function start(random: SeededRandom, nth: number): Promise<Planned> {
  const steps = Array.from({ length: 2 + random.below(4) }, () => random.pick(['echo', 'echo', 'wait']));
  const fails = random.chance(0.3);
  if (fails) steps.push('fail');
  return { id: await accepted(String(nth), steps, 200 + random.below(2_000)), expected: fails ? 'rolled_back' : 'completed' };
}

async function accepted(name: string, steps: readonly string[], waitMs: number): Promise<string> {
  const headers = {
    authorization: `Bearer ${signGuardianToken(SECRET, { sub: 'chaos', roles: ['platform_admin'] })}`,
    'content-type': 'application/json',
    'idempotency-key': `chaos-${SEED}-${name}`,
  };
  const body = JSON.stringify({ kind: 'demo', input: { steps, wait_ms: waitMs } });
  let id: string | undefined;
  await until(
    async () => {
      const answer = await fetch(`${world.api.url}/api/v1/sagas`, {
        method: 'POST',
        headers,
        body,
        signal: AbortSignal.timeout(5_000),
      }).catch(() => undefined);
      if (answer?.status === 202) id = ((await answer.json()) as { data: { id: string } }).data.id;
      return id !== undefined;
    },
    { withinMs: 60_000, what: 'the api accepting a saga' },
  );
  return id ?? '';
}

interface Kills {
  readonly resumedMs: number[];
  /** Starts a saga, so that there is something in hand. */
  readonly provoke: () => Promise<void>;
}

async function inject(fault: Fault, random: SeededRandom, { resumedMs, provoke }: Kills): Promise<void> {
  if (fault === 'lost queues') return world.loseQueues();
  if (fault === 'restart of PostgreSQL') return world.restartPostgres();
  if (fault === 'freeze') {
    const victim = random.pick(world.workers);
    victim.freeze();
    await sleep(FREEZE_MS);
    return victim.thaw();
  }
  const { nth, orphaned } = await killInWork(random.below(WORKERS), provoke);
  const killedMs = performance.now();
  world.workers[nth] = await world.startWorker();
  if (orphaned.length > 0) resumedMs.push(...(await resumeTimes(orphaned, killedMs)));
}

interface Leased {
  readonly id: string;
  readonly epoch: string;
  readonly pid: number;
}

/** Kills a worker that has runs in hand; when none has any within a while, the one that was picked. */
async function killInWork(picked: number, provoke: () => Promise<void>): Promise<{ nth: number; orphaned: Leased[] }> {
  let leased: Leased[] = [];
  let nth = picked;
  await world.whileNothingIsRecorded(async () => {
    await provoke();
    const untilMs = performance.now() + 4_000;
    while (leased.length === 0 && performance.now() < untilMs) {
      leased = await world.query<Leased>(
        `select id, epoch::text, split_part(lease_owner, '/', 2)::int as pid from saga_runs where lease_until > clock_timestamp()`,
      );
      await sleep(20);
    }
    const owner = world.workers.findIndex(({ child }) => child.pid === leased[0]?.pid);
    if (owner >= 0) nth = owner;
    leased = leased.filter(({ pid }) => pid === world.workers[nth]?.child.pid);
    await world.workers[nth]?.kill();
  });
  return { nth, orphaned: leased };
}

/** Until another claim, or the end that the last statement of the dead one still brought. */
async function resumeTimes(orphaned: readonly Leased[], killedMs: number): Promise<number[]> {
  const times = new Map<string, number>();
  await until(
    async () => {
      const rows = await world.query<{ id: string; epoch: string; over: boolean }>(
        'select id, epoch::text, wake_at is null or lease_until is null as over from saga_runs where id = any ($1::uuid[])',
        [orphaned.map(({ id }) => id)],
      );
      for (const { id, epoch, over } of rows) {
        const before = orphaned.find((run) => run.id === id);
        if (!times.has(id) && before && (over || epoch !== before.epoch)) times.set(id, performance.now() - killedMs);
      }
      return times.size === orphaned.length;
    },
    { withinMs: 30_000, what: 'another worker going on' },
  );
  return [...times.values()];
}

const open = async (): Promise<number> =>
  (await world.query<{ n: number }>('select count(*)::int as n from saga_runs where wake_at is not null'))[0]?.n ?? -1;

/** Steps that were recorded as completed, or undone, more than once. */
const twice = () =>
  world.query(
    `select saga_id, step_idx, status, count(*)::int from witness where status in ('completed', 'compensated') group by 1, 2, 3 having count(*) > 1`,
  );

/** Lines written under an older epoch than one before them. */
const stale = () =>
  world.query(
    `select * from (select saga_id, epoch, max(epoch) over (partition by saga_id order by at rows between unbounded preceding and 1 preceding) as seen from witness) w where epoch < seen`,
  );

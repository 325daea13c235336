import { setTimeout as sleep } from 'node:timers/promises';
import { SeededRandom } from '../../support/seeded-random';
import { ChaosRun } from './chaos-run';
import { ChaosWorld } from '../../support/chaos-world';

const SAGAS = Number(process.env.CHAOS_SAGAS ?? (process.env.TEST_LONG ? 200 : 10));
const SEED = Number(process.env.CHAOS_SEED ?? Date.now() % 1_000_000);
const WORKERS = 3;
/** Longer than a lease (6 s), so that other workers have continued the runs of a thawed worker. */
const FREEZE_MS = 8_000;

const FAULTS = ['kill', 'freeze', 'lost queues', 'restart of PostgreSQL'] as const;
type Fault = (typeof FAULTS)[number];

let world: ChaosWorld;
beforeAll(async () => {
  world = await ChaosWorld.create(WORKERS);
});
afterAll(() => world.end());

it(
  `brings ${SAGAS} sagas to their expected ends whichever process crashes (seed ${SEED}) [SAG-1 to SAG-4, SAG-18]`,
  async () => {
    console.log(`saga chaos: CHAOS_SEED=${SEED} CHAOS_SAGAS=${SAGAS}`);
    const random = new SeededRandom(SEED);
    const run = new ChaosRun(world, random, SEED);
    const fired: Record<Fault, number> = { kill: 0, freeze: 0, 'lost queues': 0, 'restart of PostgreSQL': 0 };
    const resumedMs: number[] = [];
    const starting = (async () => {
      for (let nth = 0; nth < SAGAS; nth += 1) {
        await run.start(nth);
        await sleep(random.below(Math.min(1_500, 30_000 / SAGAS))); // spreads the starts over the faults
      }
    })();

    for (let round = 0; round < Math.max(FAULTS.length * 2, SAGAS / 10); round += 1) {
      await sleep(1_000 + random.below(1_500)); // faults come at any moment of a saga
      const fault = FAULTS[round] ?? random.pick(FAULTS);
      if (fault === 'kill') resumedMs.push(...(await run.kill(String(round))));
      else await inject(fault, random);
      fired[fault] += 1;
    }
    await starting;
    expect(run.planned.length).toBeGreaterThanOrEqual(SAGAS);
    await run.allEnded();

    expect(await run.wrongEnds()).toEqual([]);
    // A lost answer was requested again with the same idempotency key.
    expect(await world.query('select id from saga_runs')).toHaveLength(run.planned.length);
    expect(await run.twice()).toEqual([]);
    expect(await run.stale()).toEqual([]);
    expect(await world.query('select resource from saga_holds')).toEqual([]);
    await Promise.all(world.workers.map((worker) => worker.ready(30_000))); // The last replaced worker may still be starting.
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

async function inject(fault: Exclude<Fault, 'kill'>, random: SeededRandom): Promise<void> {
  if (fault === 'lost queues') return world.loseQueues();
  if (fault === 'restart of PostgreSQL') return world.restartPostgres();
  const victim = random.pick(world.workers);
  victim.freeze();
  await sleep(FREEZE_MS); // the length of the fault
  victim.thaw();
}

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { SeededRandom } from '../../support/seeded-random';
import { RedisServer } from '../../support/redis-server';
import { ChaosRun } from './chaos-run';
import { ChaosWorld } from '../../support/chaos-world';

const SAGAS = Number(process.env.CHAOS_SAGAS ?? (process.env.TEST_LONG ? 200 : 6));
const SEED = Number(process.env.CHAOS_SEED ?? Date.now() % 1_000_000);
const WORKERS = 2;
/** How long Redis is down, ms. */
const OUTAGE_MS = 1_000;

const FAULTS = ['kill', 'FLUSHALL', 'restart of Redis'] as const;
type Fault = (typeof FAULTS)[number];

const onRedis = process.env.TEST_REDIS_URL ? describe : describe.skip;
if (!process.env.TEST_REDIS_URL) console.warn('SKIPPED on Redis: TEST_REDIS_URL is not set');

onRedis('with the queues on Redis', () => {
  let folder: string;
  let redis: RedisServer; // This suite has a server of its own, because other suites would lose their data.
  let world: ChaosWorld;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'arcadia-chaos-redis-'));
    redis = await RedisServer.start(folder);
    world = await ChaosWorld.create(WORKERS, { REDIS_URL: redis.url });
  });
  afterAll(async () => {
    await world.end();
    await redis.kill();
    rmSync(folder, { recursive: true, force: true });
  });

  /** Returns the proof that the fault fired: the number of runs of a dead worker, or of lost keys. */
  const inject = async (fault: Fault, run: ChaosRun, round: number): Promise<number> => {
    if (fault === 'kill') return (await run.kill(String(round))).length;
    if (fault === 'FLUSHALL') return loseKeys(redis.url);
    await redis.kill();
    await sleep(OUTAGE_MS); // the length of the fault
    redis = await RedisServer.start(folder, redis.port);
    return 1;
  };

  it(
    `brings ${SAGAS} sagas to their expected ends although Redis loses its data and crashes (seed ${SEED}) [SAG-1 to SAG-4, OPS-3, OPS-4]`,
    async () => {
      console.log(`saga chaos on Redis: CHAOS_SEED=${SEED} CHAOS_SAGAS=${SAGAS}`);
      const random = new SeededRandom(SEED);
      const run = new ChaosRun(world, random, SEED);
      const fired: Record<Fault, number> = { kill: 0, FLUSHALL: 0, 'restart of Redis': 0 };
      const starting = (async () => {
        for (let nth = 0; nth < SAGAS; nth += 1) {
          await run.start(nth);
          await sleep(random.below(Math.min(1_500, 10_000 / SAGAS))); // spreads the starts over the faults
        }
      })();
      for (let round = 0; round < Math.max(FAULTS.length, SAGAS / 10); round += 1) {
        await sleep(500 + random.below(1_000)); // faults come at any moment of a saga
        const fault = FAULTS[round] ?? random.pick(FAULTS);
        fired[fault] += await inject(fault, run, round);
      }
      await starting;
      await run.allEnded();
      console.log(`saga chaos on Redis: ${JSON.stringify({ fired, sagas: run.planned.length })}`);
      expect(run.planned.length).toBeGreaterThanOrEqual(SAGAS);
      expect(await run.wrongEnds()).toEqual([]);
      expect(await world.query('select id from saga_runs')).toHaveLength(run.planned.length);
      expect(await run.twice()).toEqual([]);
      expect(await run.stale()).toEqual([]);
      expect(await world.query('select resource from saga_holds')).toEqual([]);
      expect(FAULTS.filter((fault) => fired[fault] === 0)).toEqual([]);
    },
    180_000 + SAGAS * 3_000,
  );
});

/** Deletes all data of Redis and returns the number of deleted keys. */
async function loseKeys(url: string): Promise<number> {
  const client = new Redis(url);
  const keys = await client.dbsize();
  await client.flushall();
  client.disconnect();
  return keys;
}

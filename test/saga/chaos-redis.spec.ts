import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { SeededRandom } from '../inventory/seeded-random';
import { RedisServer } from '../setup/redis-server';
import { ChaosRun } from './chaos-run';
import { ChaosWorld } from './chaos-world';

const SAGAS = Number(process.env.CHAOS_SAGAS ?? (process.env.TEST_LONG ? 200 : 10));
const SEED = Number(process.env.CHAOS_SEED ?? Date.now() % 1_000_000);
const FAULTS = ['kill', 'flush', 'restart'] as const;

const onRedis = process.env.TEST_REDIS_URL ? describe : describe.skip;

onRedis('with its queues on Redis', () => {
  let folder: string;
  let redis: RedisServer;
  let world: ChaosWorld;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'arcadia-chaos-redis-'));
    redis = await RedisServer.start(folder);
    world = await ChaosWorld.create(2, { REDIS_URL: redis.url });
  }, 60_000);
  afterAll(async () => {
    await world.end();
    await redis.kill();
    rmSync(folder, { recursive: true, force: true });
  }, 60_000);

  it(
    `SAG-2, OPS-3, OPS-4: ${SAGAS} sagas end right although Redis loses everything, and dies (seed ${SEED})`,
    async () => {
      console.log(`saga chaos on Redis: CHAOS_SEED=${SEED} CHAOS_SAGAS=${SAGAS}`);
      const random = new SeededRandom(SEED);
      const run = new ChaosRun(world, random, SEED);
      const fired = { kill: 0, flush: 0, restart: 0 };
      const starting = (async () => {
        for (let nth = 0; nth < SAGAS; nth += 1) {
          await run.start(nth);
          await sleep(random.below(Math.min(1_500, 15_000 / SAGAS)));
        }
      })();
      for (let round = 0; round < Math.max(FAULTS.length, SAGAS / 10); round += 1) {
        await sleep(500 + random.below(1_000));
        const fault = FAULTS[round] ?? random.pick(FAULTS);
        if (fault === 'kill') await run.kill(String(round));
        if (fault === 'flush') await flush(redis.url);
        if (fault === 'restart') {
          await redis.kill();
          await sleep(1_000);
          redis = await RedisServer.start(folder, redis.port);
        }
        fired[fault] += 1;
      }
      await starting;
      await run.allEnded();
      console.log(`saga chaos on Redis: ${JSON.stringify({ fired, sagas: run.planned.length })}`);
      expect(await run.wrongEnds()).toEqual([]);
      expect(await run.twice()).toEqual([]);
      expect(await run.stale()).toEqual([]);
      expect(FAULTS.filter((fault) => fired[fault] === 0)).toEqual([]);
    },
    180_000 + SAGAS * 3_000,
  );
});

async function flush(url: string): Promise<void> {
  const client = new Redis(url);
  await client.flushall();
  client.disconnect();
}

import { Redis } from 'ioredis';
import type { Client } from 'pg';
import { loseQueueData } from '../queues/queue-data';
import type { BackendKind } from '../queues/queue-world';
import { RedisServer } from '../setup/redis-server';
import type { PlantedSecrets } from './planted-secrets';

/** Answers rows of the database's owner. */
type Ask = (text: string) => Promise<{ text: string }[]>;

/** Where the queues are kept: a Redis of its own, or the schema of BullMQ in PostgreSQL. */
export class QueueStore {
  private constructor(
    private readonly homeDir: string,
    private redis: RedisServer | undefined,
  ) {}

  static async open(backend: BackendKind, homeDir: string): Promise<QueueStore> {
    return new QueueStore(homeDir, backend === 'redis' ? await RedisServer.start(homeDir) : undefined);
  }

  /** Empty: the queues are in PostgreSQL. */
  get redisUrl(): string {
    return this.redis?.url ?? '';
  }

  /** OPS-4: everything is gone. Answers how much that was. */
  async lose(owner: Client): Promise<number> {
    const redis = this.client();
    if (redis) {
      const keys = await redis.dbsize();
      await redis.flushall();
      redis.disconnect();
      return keys;
    }
    const { rows } = await owner.query<{ n: number }>('select count(*)::int as n from bullmq.job');
    await loseQueueData(owner, undefined, '');
    return rows[0]?.n ?? 0;
  }

  /** kill -9; `away` is what happens until it is back, empty. */
  async restartRedis(away: () => Promise<void>): Promise<void> {
    if (!this.redis) throw new Error('the queues are not on Redis');
    const { port } = this.redis;
    await this.redis.kill();
    await away();
    this.redis = await RedisServer.start(this.homeDir, port);
  }

  /** Looks through everything that is kept. */
  async lookForSecrets(secrets: PlantedSecrets, ask: Ask): Promise<void> {
    const redis = this.client();
    if (redis) {
      secrets.lookIn('Redis', (await everythingIn(redis)).join('\n'));
      redis.disconnect();
    }
    const tables = await ask(`select format('%I.%I', schemaname, tablename) as text from pg_tables where schemaname = 'bullmq'`);
    for (const { text: table } of tables) {
      const rows = await ask(`select t::text as text from ${table} t`);
      secrets.lookIn(table, rows.map(({ text }) => text).join('\n'));
    }
  }

  async close(): Promise<void> {
    await this.redis?.kill();
  }

  private client(): Redis | undefined {
    if (!this.redis) return undefined;
    const client = new Redis(this.redis.url);
    client.on('error', () => undefined); // the next command says so
    return client;
  }
}

async function everythingIn(redis: Redis): Promise<string[]> {
  const kept: string[] = [];
  for (const key of await redis.keys('*')) kept.push(key, JSON.stringify(await valueOf(redis, key)));
  return kept;
}

async function valueOf(redis: Redis, key: string): Promise<unknown> {
  switch (await redis.type(key)) {
    case 'hash':
      return redis.hgetall(key);
    case 'list':
      return redis.lrange(key, 0, -1);
    case 'set':
      return redis.smembers(key);
    case 'zset':
      return redis.zrange(key, '0', '-1');
    case 'stream':
      return redis.xrange(key, '-', '+');
    case 'string':
      return redis.get(key);
    default:
      return null; // it has gone meanwhile
  }
}

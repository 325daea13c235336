import { Redis } from 'ioredis';
import type { Client } from 'pg';
import { loseQueueData } from '../../support/queue-data';
import type { BackendKind } from '../../support/queue-world';
import { RedisServer } from '../../support/redis-server';
import type { PlantedSecrets } from './planted-secrets';

/** Runs a query as the owner of the database. */
type Ask = (text: string) => Promise<{ text: string }[]>;

/** The storage of the queues: a Redis server of this test, or the schema of BullMQ in PostgreSQL. */
export class QueueStore {
  private constructor(
    private readonly homeDir: string,
    private redis: RedisServer | undefined,
  ) {}

  static async open(backend: BackendKind, homeDir: string): Promise<QueueStore> {
    return new QueueStore(homeDir, backend === 'redis' ? await RedisServer.start(homeDir) : undefined);
  }

  /** The URL is empty when the queues are in PostgreSQL. */
  get redisUrl(): string {
    return this.redis?.url ?? '';
  }

  /** Deletes all queue data and returns the number of deleted entries [OPS-4]. Changes nothing while the queues are empty. */
  async lose(owner: Client): Promise<number> {
    const redis = this.client();
    if (redis) {
      const keys = await redis.dbsize();
      if (keys > 0) await redis.flushall();
      redis.disconnect();
      return keys;
    }
    const { rows } = await owner.query<{ n: number }>('select count(*)::int as n from bullmq.job');
    const entries = rows[0]?.n ?? 0;
    if (entries > 0) await loseQueueData(owner, undefined, '');
    return entries;
  }

  /** Kills Redis with SIGKILL, runs `away` during the outage, and starts it again without data. */
  async restartRedis(away: () => Promise<void>): Promise<void> {
    if (!this.redis) throw new Error('the queues are not on Redis');
    const { port } = this.redis;
    await this.redis.kill();
    await away();
    this.redis = await RedisServer.start(this.homeDir, port);
  }

  /** Scans all stored queue data for secrets. */
  async scanForSecrets(secrets: PlantedSecrets, ask: Ask): Promise<void> {
    const redis = this.client();
    if (redis) {
      secrets.scan('Redis', (await tableContents(redis)).join('\n'));
      redis.disconnect();
    }
    const tables = await ask(`select format('%I.%I', schemaname, tablename) as text from pg_tables where schemaname = 'bullmq'`);
    for (const { text: table } of tables) {
      const rows = await ask(`select t::text as text from ${table} t`);
      secrets.scan(table, rows.map(({ text }) => text).join('\n'));
    }
  }

  async close(): Promise<void> {
    await this.redis?.kill();
  }

  private client(): Redis | undefined {
    if (!this.redis) return undefined;
    const client = new Redis(this.redis.url);
    client.on('error', () => undefined); // The next command reports the error.
    return client;
  }
}

async function tableContents(redis: Redis): Promise<string[]> {
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
      return null; // The key was deleted in the meantime.
  }
}

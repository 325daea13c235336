import { randomBytes } from 'node:crypto';
import { QueueClients, QUEUE_NAMES, type JobQueue } from '#libs/queues';
import { Redis } from 'ioredis';
import type { Client } from 'pg';
import { loseQueueData } from '../queue-data';
import type { BackendKind } from '../queue-world';
import { testConfig } from '../settings';

/** The queue data of a world, with operations on them for tests. */
export class QueueStorage {
  private readonly prefix = `test_${randomBytes(6).toString('hex')}`;
  private readonly clients: QueueClients;
  private readonly redis: Redis | undefined;
  /** The environment of every process of the world. */
  readonly env: NodeJS.ProcessEnv;

  constructor(
    backend: BackendKind,
    private readonly owner: Client,
    databaseUrl: string,
  ) {
    const redisUrl = backend === 'redis' ? (process.env.TEST_REDIS_URL ?? '') : '';
    this.env = { REDIS_URL: redisUrl, QUEUE_PREFIX: this.prefix };
    this.redis = redisUrl ? new Redis(redisUrl) : undefined;
    this.clients = new QueueClients(testConfig({ ...this.env, DATABASE_URL: databaseUrl }));
  }

  /** Returns the keys of schedules with a next tick in the future. */
  async schedules(): Promise<string[]> {
    const all = await Promise.all(this.queues().map((queue) => queue.getJobSchedulers(0, -1, true)));
    const ahead = all.flat().filter(({ next }) => (next ?? 0) > Date.now());
    return ahead.map(({ key }) => key).toSorted();
  }

  /** Returns the time of the next tick in ms. */
  async next(key: string): Promise<number | undefined> {
    const all = await Promise.all(this.queues().map((queue) => queue.getJobSchedulers(0, -1, true)));
    return all.flat().find((scheduler) => scheduler.key === key)?.next;
  }

  /** Makes the next tick of the schedule due now, for the queue and for the database. */
  async tickNow(key: string): Promise<void> {
    for (const queue of this.queues()) {
      const next = (await queue.getJobSchedulers(0, -1, true)).find((scheduler) => scheduler.key === key)?.next;
      if (next === undefined) continue;
      await this.owner.query('update bullmq.schedule_tick set not_before = now() where key = $1', [key]);
      const tick = await queue.getJob(`repeat:${key}:${next}`);
      if (await tick?.isDelayed()) await tick?.promote();
    }
  }

  lose(): Promise<void> {
    return loseQueueData(this.owner, this.redis, this.prefix);
  }

  async close(): Promise<void> {
    await this.clients.onApplicationShutdown();
    this.redis?.disconnect();
  }

  private queues(): JobQueue[] {
    return QUEUE_NAMES.map((name) => this.clients.queue(name));
  }
}

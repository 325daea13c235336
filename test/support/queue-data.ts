import type { Redis } from 'ioredis';
import type { Client } from 'pg';

/** Deletes all data in the storage of the queues. `prefix` is the prefix of the keys on Redis. [OPS-4] */
export async function loseQueueData(owner: Client, redis: Redis | undefined, prefix: string): Promise<void> {
  const keys = redis ? await redis.keys(`${prefix}:*`) : [];
  if (keys.length > 0) await redis?.del(keys);
  await truncate(owner);
}

/** Workers use the tables at the same time. When PostgreSQL ends this statement to resolve a deadlock, it is repeated. */
async function truncate(owner: Client): Promise<void> {
  try {
    await owner.query('truncate bullmq.job, bullmq.scheduler, bullmq.dedup, bullmq.meta, bullmq.event, bullmq.schedule_tick cascade');
  } catch (error) {
    if ((error as { code?: string }).code !== '40P01') throw error;
    await truncate(owner);
  }
}

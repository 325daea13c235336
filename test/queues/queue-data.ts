import type { Redis } from 'ioredis';
import type { Client } from 'pg';

/** OPS-4: everything that the queues' storage holds is gone. `prefix`: of the keys on Redis. */
export async function loseQueueData(owner: Client, redis: Redis | undefined, prefix: string): Promise<void> {
  const keys = redis ? await redis.keys(`${prefix}:*`) : [];
  if (keys.length > 0) await redis?.del(keys);
  await truncate(owner);
}

/** Workers are at it meanwhile: when PostgreSQL ends this one in favour of theirs (deadlock), it is done again. */
async function truncate(owner: Client): Promise<void> {
  try {
    await owner.query('truncate bullmq.job, bullmq.scheduler, bullmq.dedup, bullmq.meta, bullmq.event, bullmq.schedule_tick cascade');
  } catch (error) {
    if ((error as { code?: string }).code !== '40P01') throw error;
    await truncate(owner);
  }
}

import type { Config } from '#libs/config';
import type { BackendFactory } from 'bullmq';
import { openPostgresBackend } from './postgres-backend';
import { openRedisBackend } from './redis-backend';

/** Where the jobs of one process are kept. BullMQ's classes get a factory, never the process-wide default. */
export interface QueueBackend {
  readonly kind: 'postgres' | 'redis';
  /** For queues: all of a process share one small connection. */
  readonly forQueues: BackendFactory;
  /** For workers: each has connections of its own, because it waits on one. */
  readonly forWorkers: BackendFactory;
  /** First part of all keys; PostgreSQL ignores it. */
  readonly prefix: string;
  /** How long an idle worker waits before it looks by itself. Redis wakes nobody when a dead worker's job is put back. */
  readonly idleLookS: number;
  ping(): Promise<unknown>;
  /** Closes the shared connection; workers close their own. */
  close(): Promise<void>;
}

/** BullMQ on PostgreSQL unless `REDIS_URL` is set. Opens no connection yet and does not fail while the server is away. */
export function openBackend(config: Config, onError: (error: Error) => void): QueueBackend {
  const { redisUrl, prefix } = config.queues;
  return redisUrl ? openRedisBackend(redisUrl(), prefix, onError) : openPostgresBackend(config.database.url(), onError);
}

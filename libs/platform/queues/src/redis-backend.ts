import { createRedisBackend } from 'bullmq';
import { Redis } from 'ioredis';
import type { QueueBackend } from './postgres-backend';

/** BullMQ's own strategy backs off to 20 s, but work has to resume within 15 s of the server's return. [OPS-3] */
const retryStrategy = (times: number): number => Math.min(times * 100, 1_000);
const CONNECT_TIMEOUT_MS = 2_000;

/** Redis or Valkey. Queues share one connection; each worker has two of its own, one of which waits for jobs. */
export function openRedisBackend(url: string, prefix: string, onError: (error: Error) => void): QueueBackend {
  const shared = new Redis(url, {
    retryStrategy,
    connectTimeout: CONNECT_TIMEOUT_MS,
    maxRetriesPerRequest: 1,
    commandTimeout: 5_000,
    disconnectTimeout: 500,
  });
  shared.on('error', onError);
  const forWorker = { url, retryStrategy, connectTimeout: CONNECT_TIMEOUT_MS, maxRetriesPerRequest: null };
  return {
    kind: 'redis',
    prefix,
    idlePollS: 1,
    forQueues: (name, options) => createRedisBackend(name, { ...options, connection: shared }),
    forWorkers: (name, options, extra) => createRedisBackend(name, { ...options, connection: forWorker }, extra),
    ping: () => shared.ping(),
    closeShared: async () => {
      if (shared.status === 'ready') await shared.quit().catch(() => undefined);
      shared.disconnect();
    },
  };
}

import { assertSchemaCompatibility, PostgresQueueBackend } from 'bullmq';
import { lastingConnection, QUEUE_SCHEMA } from './lasting-connection';
import type { QueueBackend } from './queue-backend';

/** Connections of one process at most: `forQueues` together, and per worker, where one more waits for notifications. */
export const POSTGRES_CONNECTIONS = { forQueues: 2, perWorker: 1 + 1 } as const;

export function openPostgresBackend(url: string, onError: (error: Error) => void): QueueBackend {
  const shared = lastingConnection(url, POSTGRES_CONNECTIONS.forQueues);
  shared.on('error', onError);
  return {
    kind: 'postgres',
    prefix: '',
    idleLookS: 5,
    forQueues: (name, options) => new PostgresQueueBackend(shared, name, { ...options, connection: {} }, false),
    forWorkers: (name, options) => {
      const own = lastingConnection(url, POSTGRES_CONNECTIONS.perWorker);
      return new PostgresQueueBackend(own, name, { ...options, connection: {} }, true, name);
    },
    ping: () => assertSchemaCompatibility(shared.pool, QUEUE_SCHEMA),
    close: () => shared.close(),
  };
}

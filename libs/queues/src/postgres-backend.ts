import { serviceConnectionString } from '#libs/database';
import { assertSchemaCompatibility, PostgresConnection, PostgresQueueBackend, type PostgresPoolConfig } from 'bullmq';
import type { QueueBackend } from './queue-backend';

/** BullMQ's tables. One schema per database, so demo and real runs never meet. */
export const QUEUE_SCHEMA = 'bullmq';

/** Connections of one process at most: `forQueues` together, and per worker, where one more waits for notifications. */
export const POSTGRES_CONNECTIONS = { forQueues: 2, perWorker: 1 + 1 } as const;

/**
 * BullMQ's connection remembers for ever that its first check failed, so that a queue opened while PostgreSQL is away would stay dead.
 * This one checks again with the next use.
 */
class RecheckingConnection extends PostgresConnection {
  private checked: Promise<void> | undefined;

  override waitUntilReady(): Promise<void> {
    this.checked ??= this.check().catch((error: unknown) => {
      this.checked = undefined;
      throw error;
    });
    return this.checked;
  }

  private async check(): Promise<void> {
    await assertSchemaCompatibility(this.pool, this.schema);
    setImmediate(() => this.emit('ready'));
  }
}

/**
 * Works as the service role. `search_path` stands in the URL too, because a URL's own `options` replace those that BullMQ sets.
 * A server that swallows packets costs 1.5 s at connect and 10 s per query, then the connection is made anew.
 */
function poolConfig(url: string, max: number): PostgresPoolConfig {
  const withPath = new URL(url);
  withPath.searchParams.set('options', [withPath.searchParams.get('options'), `-c search_path=${QUEUE_SCHEMA}`].filter(Boolean).join(' '));
  return {
    connectionString: serviceConnectionString(withPath.href),
    schema: QUEUE_SCHEMA,
    max,
    keepAlive: true,
    connectionTimeoutMillis: 1_500,
    query_timeout: 10_000,
    application_name: 'arcadia-cloud queues',
  };
}

export function openPostgresBackend(url: string, onError: (error: Error) => void): QueueBackend {
  const shared = new RecheckingConnection(poolConfig(url, POSTGRES_CONNECTIONS.forQueues));
  shared.on('error', onError);
  return {
    kind: 'postgres',
    prefix: '',
    idleLookS: 5,
    forQueues: (name, options) => new PostgresQueueBackend(shared, name, { ...options, connection: {} }, false),
    forWorkers: (name, options) => {
      const own = new RecheckingConnection(poolConfig(url, POSTGRES_CONNECTIONS.perWorker - 1));
      return new PostgresQueueBackend(own, name, { ...options, connection: {} }, true, name);
    },
    ping: () => assertSchemaCompatibility(shared.pool, QUEUE_SCHEMA),
    close: () => shared.close(),
  };
}

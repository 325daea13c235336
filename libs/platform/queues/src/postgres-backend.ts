import { serviceConnectionString } from '#libs/database';
import { assertSchemaCompatibility, PostgresConnection, PostgresQueueBackend, type BackendFactory } from 'bullmq';
import { Pool } from 'pg';

/** The storage of this process's jobs. BullMQ's classes get a factory, never the process-wide default. */
export interface QueueBackend {
  readonly kind: 'postgres' | 'redis';
  /** For queues: all queues of a process share one small connection. */
  readonly forQueues: BackendFactory;
  /** For workers: each has connections of its own, because it waits on one. */
  readonly forWorkers: BackendFactory;
  /** First part of all keys; PostgreSQL ignores it. */
  readonly prefix: string;
  /** The time after which an idle worker polls. Redis sends no notification when a dead worker's job is put back. */
  readonly idlePollS: number;
  ping(): Promise<unknown>;
  /** Closes the shared connection; workers close their own. */
  closeShared(): Promise<void>;
}

/** Connections of one process at most: `forQueues` together, and per worker, where one more waits for notifications. */
export const POSTGRES_CONNECTIONS = { forQueues: 2, perWorker: 1 + 1 } as const;

export function openPostgresBackend(url: string, onError: (error: Error) => void): QueueBackend {
  const shared = openPostgresConnection(url, POSTGRES_CONNECTIONS.forQueues);
  shared.on('error', onError);
  return {
    kind: 'postgres',
    prefix: '',
    idlePollS: 5,
    forQueues: (name, options) => new PostgresQueueBackend(shared, name, { ...options, connection: {} }, false),
    forWorkers: (name, options) => {
      const own = openPostgresConnection(url, POSTGRES_CONNECTIONS.perWorker);
      return new PostgresQueueBackend(own, name, { ...options, connection: {} }, true, name);
    },
    ping: () => assertSchemaCompatibility(shared.pool, QUEUE_SCHEMA),
    closeShared: () => shared.close(),
  };
}

/** BullMQ's tables, under its own default name. Each database has one schema, so demo and real runs never share it. */
export const QUEUE_SCHEMA = 'bullmq';

/**
 * Repairs two weaknesses of BullMQ's connection. First, BullMQ remembers a failed first check for ever, so a queue opened while PostgreSQL
 * is away would never recover: this class checks again at the next use. Second, a server may end a connection in the packet that opens it,
 * before BullMQ listens. An error without a listener would end the process, and BullMQ would keep the dead connection for ever: our pool
 * always listens, and repeats the error for BullMQ.
 */
class ResilientPostgresConnection extends PostgresConnection {
  private checked: Promise<void> | undefined;
  /** For each connection that the server ended: emits its error once more, for the listeners added since. */
  private readonly repeatError = new WeakMap<object, () => void>();

  constructor(private readonly connections: Pool) {
    super(connections);
    connections.on('connect', (client) => {
      client.on('error', (error) => this.repeatError.set(client, () => client.emit('error', error)));
    });
  }

  override async getListenClient(): ReturnType<PostgresConnection['getListenClient']> {
    const client = await super.getListenClient();
    this.repeatError.get(client)?.();
    return client;
  }

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

  override async close(): Promise<void> {
    await super.close();
    if (!this.connections.ending) await this.connections.end();
  }
}

/** Opens a pool as the service role. On a silent network a connect fails after 1.5 s and a query after 10 s; then the pool reconnects. */
export function openPostgresConnection(url: string, max: number): ResilientPostgresConnection {
  const withPath = new URL(url);
  withPath.searchParams.set('options', [withPath.searchParams.get('options'), `-c search_path=${QUEUE_SCHEMA}`].filter(Boolean).join(' '));
  const pool = new Pool({
    connectionString: serviceConnectionString(withPath.href),
    max,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    connectionTimeoutMillis: 1_500,
    query_timeout: 10_000,
    application_name: 'arcadia-cloud queues',
  });
  return new ResilientPostgresConnection(pool);
}

import { serviceConnectionString } from '#libs/database';
import { assertSchemaCompatibility, PostgresConnection } from 'bullmq';
import { Pool } from 'pg';

/** BullMQ's tables, under its own default name. One schema per database, so demo and real runs never meet. */
export const QUEUE_SCHEMA = 'bullmq';

/**
 * BullMQ's connection remembers for ever that its first check failed, so that a queue opened while PostgreSQL is away would stay dead:
 * this one checks again with the next use.
 * And it has a pool of ours, from which BullMQ also borrows the connection that waits for notifications. A server may end a connection
 * in the packet that opens it, before BullMQ listens: an error that nobody hears ends the process, and BullMQ would keep the dead
 * connection for ever.
 */
class LastingConnection extends PostgresConnection {
  private checked: Promise<void> | undefined;
  /** For each connection that the server ended: tells it once more to those who listen by now. */
  private readonly ended = new WeakMap<object, () => void>();

  constructor(private readonly connections: Pool) {
    super(connections);
    connections.on('connect', (client) => {
      client.on('error', (error) => this.ended.set(client, () => client.emit('error', error)));
    });
  }

  override async getListenClient(): ReturnType<PostgresConnection['getListenClient']> {
    const client = await super.getListenClient();
    this.ended.get(client)?.();
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

/** Works as the service role. A server that swallows packets costs 1.5 s at connect and 10 s per query, then the connection is made anew. */
export function lastingConnection(url: string, max: number): LastingConnection {
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
  return new LastingConnection(pool);
}

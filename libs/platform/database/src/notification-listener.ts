import { setTimeout as delay } from 'node:timers/promises';
import { Client, escapeIdentifier } from 'pg';

const CONNECT_LIMIT_MS = 5_000;
const RETRY_MS = 1_000;

/**
 * Listens on a channel of PostgreSQL with one connection, until the process ends. A connection that breaks is opened again after a second.
 * `heard` is called for each notification, and for each new connection, because notifications may have been lost before it.
 */
export class NotificationListener {
  private readonly ending = new AbortController();
  private readonly running: Promise<void>;
  private client: Client | undefined;

  constructor(
    private readonly connectionString: string,
    private readonly channel: string,
    private readonly heard: () => void,
    private readonly lost: () => void,
  ) {
    this.running = this.run();
  }

  async close(): Promise<void> {
    this.ending.abort();
    await this.client?.end().catch(() => undefined);
    await this.running;
  }

  private async run(): Promise<void> {
    const { signal } = this.ending;
    while (!signal.aborted) {
      await this.listen().catch(() => undefined);
      if (signal.aborted) return;
      this.lost();
      await delay(RETRY_MS, undefined, { signal, ref: false }).catch(() => undefined);
    }
  }

  /** Resolves when the connection has ended. */
  private async listen(): Promise<void> {
    const client = new Client({
      connectionString: this.connectionString,
      connectionTimeoutMillis: CONNECT_LIMIT_MS,
      keepAlive: true,
      application_name: 'arcadia-cloud events',
    });
    const ended = new Promise<void>((resolve) => client.once('end', resolve).once('error', () => resolve()));
    client.on('error', () => undefined);
    client.on('notification', this.heard);
    this.client = client;
    try {
      await client.connect();
      await client.query(`listen ${escapeIdentifier(this.channel)}`);
      this.heard();
      await ended;
    } finally {
      await client.end().catch(() => undefined);
    }
  }
}

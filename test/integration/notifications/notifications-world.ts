import { AuditModule, ChainSealer } from '#libs/audit';
import { Database } from '#libs/database';
import { EventLog, EventSequencer, type NewEvent } from '#libs/events';
import { InventoryModule } from '#libs/inventory';
import { NotificationsModule, WebhookDeliveries, WebhookSender, type DeliveryView, type WebhookWithSecret } from '#libs/notifications';
import { OutboundHttpModule } from '#libs/outbound-http';
import type { INestApplicationContext } from '@nestjs/common';
import { randomBytes } from 'node:crypto';
import { Client } from 'pg';
import { createTestDatabase, type TestDatabase } from '../../support/database';
import { ADMIN_HEADER } from '../../support/principals';
import { createTestApp, type TestApp } from '../../support/test-app';
import { createTestWorker } from '../../support/test-worker';
import { Receiver } from './receiver';

export const SECRETS_KEY = randomBytes(32).toString('base64');
type Headers = Readonly<Record<string, string>>;

/** The api, the services of a worker and a receiver over one database with the tenants `acme` and `birch`. */
export class NotificationsWorld {
  private constructor(
    private readonly stored: TestDatabase,
    /** A session of the database owner, which sees every row. */
    readonly owner: Client,
    private readonly api: TestApp,
    private readonly worker: INestApplicationContext,
    readonly receiver: Receiver,
    readonly env: Readonly<Record<string, string>>,
  ) {}

  static async open(more: Readonly<Record<string, string>> = {}): Promise<NotificationsWorld> {
    const stored = await createTestDatabase();
    const owner = new Client({ connectionString: stored.ownerUrl });
    await owner.connect();
    const env = { DATABASE_URL: stored.appUrl, SECRETS_KEY, OUTBOUND_TIMEOUT_MS: '1500', EVENT_STREAM_HEARTBEAT_MS: '200', ...more };
    const api = await createTestApp(env);
    await api.becomes('/api/health/ready', 200);
    const worker = await createTestWorker([AuditModule, InventoryModule, OutboundHttpModule, NotificationsModule], env);
    return new NotificationsWorld(stored, owner, api, worker, await Receiver.open(), env);
  }

  get http() {
    return this.api.http;
  }

  get app() {
    return this.api.app;
  }

  get database(): Database {
    return this.service(Database);
  }

  service<T>(type: abstract new (...args: never[]) => T): T {
    return this.worker.get<T>(type, { strict: false });
  }

  async post<T>(path: string, body: object, who: Headers = ADMIN_HEADER, expected = 200): Promise<T> {
    const { body: answer } = await this.http().post(`/api/v1/${path}`).set(who).send(body).expect(expected);
    return (answer as { readonly data: T }).data;
  }

  async get<T>(path: string, who: Headers = ADMIN_HEADER): Promise<T> {
    const { body } = await this.http().get(`/api/v1/${path}`).set(who).expect(200);
    return (body as { readonly data: T }).data;
  }

  /** An endpoint at a path of the receiver. */
  webhook(path: string, types: readonly string[] = ['*'], who: Headers = ADMIN_HEADER): Promise<WebhookWithSecret> {
    return this.post('webhooks', { url: this.receiver.url(path), types }, who, 201);
  }

  deliveries(id: string): Promise<DeliveryView[]> {
    return this.get(`webhooks/${id}/deliveries`);
  }

  /** Commits events, and lets a worker number them and write their deliveries. */
  async happen(...events: readonly NewEvent[]): Promise<void> {
    await this.database.transaction((tx) => this.service(EventLog).append(tx, events));
    await this.number();
    await this.service(WebhookDeliveries).fanOut();
  }

  async number(): Promise<void> {
    await this.service(ChainSealer).seal();
    await this.service(EventSequencer).number();
  }

  async send(): Promise<void> {
    await this.service(WebhookSender).send();
  }

  /** Lets the pauses between attempts pass. */
  async passPauses(): Promise<void> {
    await this.owner.query(`update webhook_deliveries set next_attempt_at = clock_timestamp() where status = 'pending'`);
  }

  async close(): Promise<void> {
    await this.api.close();
    await this.worker.close();
    this.receiver.close();
    await this.owner.end();
    await this.stored.drop();
  }
}

/** An event about a tenant, which needs no other row. */
export const anEvent = (tenantId: string | null, name: string, more: Partial<NewEvent> = {}): NewEvent => ({
  type: 'tenant.changed',
  tenantId,
  actor: { sub: 'ada', role: 'platform_admin' },
  source: 'api',
  subject: { type: 'tenant', id: tenantId ?? 'none', name },
  ...more,
});

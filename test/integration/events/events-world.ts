import { AuditModule, ChainSealer } from '#libs/audit';
import { Database, type Queryable } from '#libs/database';
import { EventLog, EventReader, EventSequencer, type EventFilters, type FoundEvent, type NewEvent } from '#libs/events';
import type { Scope } from '#libs/identity';
import { InventoryModule } from '#libs/inventory';
import type { INestApplicationContext } from '@nestjs/common';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { Client } from 'pg';
import { createTestDatabase, type TestDatabase } from '../../support/database';
import { insert } from '../../support/factories';
import { JWT_SECRET } from '../../support/settings';
import { createTestWorker } from '../../support/test-worker';

export const PLATFORM: Scope = { kind: 'platform' };

/** The feed over one database: its services in this process, and further processes that only number. */
export class EventsWorld {
  private readonly numbering = new Set<ChildProcess>();

  private constructor(
    private readonly stored: TestDatabase,
    /** A session of the database owner, which sees every row. */
    readonly owner: Client,
    private readonly context: INestApplicationContext,
    readonly account: string,
  ) {}

  static async open(): Promise<EventsWorld> {
    const stored = await createTestDatabase();
    const owner = new Client({ connectionString: stored.ownerUrl });
    await owner.connect();
    const context = await createTestWorker([AuditModule, InventoryModule], { DATABASE_URL: stored.appUrl, DATABASE_POOL_SIZE: '20' });
    const account = await insert(owner, 'cloud_accounts', { provider_account_id: 'team-1', identified_by: 'team' });
    return new EventsWorld(stored, owner, context, account);
  }

  get database(): Database {
    return this.service(Database);
  }

  get ownerUrl(): string {
    return this.stored.ownerUrl;
  }

  get appUrl(): string {
    return this.stored.appUrl;
  }

  service<T>(type: abstract new (...args: never[]) => T): T {
    return this.context.get<T>(type, { strict: false });
  }

  append(tx: Queryable, events: NewEvent | readonly NewEvent[]): Promise<void> {
    return this.service(EventLog).append(tx, events);
  }

  /** Links and numbers everything that is committed, as a run of a worker does. */
  async number(): Promise<number> {
    await this.service(ChainSealer).seal();
    return this.service(EventSequencer).number();
  }

  /** All events of the feed that a caller gets, page by page. */
  async read(scope: Scope = PLATFORM, filters: EventFilters = {}, limit = 200): Promise<FoundEvent[]> {
    const found: FoundEvent[] = [];
    for (let cursor: string | null | undefined; cursor !== null;) {
      const { data, page } = await this.service(EventReader).list(scope, filters, { limit, ...(cursor !== undefined && { cursor }) });
      found.push(...data);
      cursor = page.next_cursor;
    }
    return found;
  }

  /** Starts a process that numbers until it is killed. */
  async startNumbering(): Promise<ChildProcess> {
    const runner = join(__dirname, '../../support/run-typescript.cjs');
    const child = spawn(process.execPath, ['-r', runner, join(__dirname, 'numbering-process.ts')], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { PATH: process.env.PATH, DATABASE_URL: this.stored.appUrl, JWT_SECRET, DATABASE_POOL_SIZE: '2' },
    });
    this.numbering.add(child);
    await once(child.stdout, 'data');
    return child;
  }

  async kill(child: ChildProcess): Promise<void> {
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    if (child.exitCode === null && child.signalCode === null) await exited;
    this.numbering.delete(child);
  }

  async close(): Promise<void> {
    for (const child of this.numbering) await this.kill(child);
    await this.context.close();
    await this.owner.end();
    await this.stored.drop();
  }
}

/** An event about a tenant, which needs no other row. */
export const anEventOf = (tenantId: string | null, id: string, more: Partial<NewEvent> = {}): NewEvent => ({
  type: 'tenant.changed',
  tenantId,
  actor: { sub: 'ada', role: 'platform_admin' },
  source: 'api',
  subject: { type: 'tenant', id },
  ...more,
});

import { CONFIG, type Config } from '#libs/config';
import { Inject, Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import { setTimeout as delay } from 'node:timers/promises';
import { escapeLiteral, Pool, type ClientBase } from 'pg';
import { platformConnectionString, serviceConnectionString } from './connection-string';
import { bulkLoadOn, type BulkLoad } from './bulk-load';
import { inTransaction, queryableOn, withConnection } from './connections';
import { DatabaseBusyError } from './database.errors';
import type { Queryable, Statement } from './queryable';
import { schemaState } from './schema-version';

/** A statement or an idle transaction that lasts longer is ended by the server, so that a frozen process cannot hold locks for ever. */
const STATEMENT_LIMIT_MS = 60_000;
const IDLE_TRANSACTION_LIMIT_MS = 15_000;
/** A bulk load of a million rows takes tens of seconds; how many of them at once, so that they cannot use up the server's
 * connections: a third one waits for its turn. */
const BULK_LIMIT_MS = 900_000;
const BULK_CONNECTIONS = 2;
/** No answer so long after the server would have ended the statement: the network is silent. */
const SILENCE_MS = 5_000;
const CONNECT_LIMIT_MS = 5_000;
const USUAL_LIMITS = { statementMs: STATEMENT_LIMIT_MS, connectMs: CONNECT_LIMIT_MS };
/** An idle connection is probed from then on, so that one that nobody answers any more is noticed before it is used. */
const KEEP_ALIVE_AFTER_MS = 10_000;
const SCHEMA_POLL_MS = 250;
/** A wait for the schema that lasts longer is told, with its reason. */
const SCHEMA_PATIENCE_MS = 5_000;
const BEGIN = 'begin';
/** Repetitions of a transaction that gave way to others, and the longest pause before the first one. */
const MOST_REPETITIONS = 3;
const REPEAT_PAUSE_MS = 50;

/**
 * The door to PostgreSQL. Every connection works as the service role, so row security always applies: methods run in
 * platform scope, except `asTenant`, and `withoutScope`, which sees no rows at all.
 * Failures are typed: `DatabaseUnavailableError` and `DatabaseBusyError` pass by themselves, `ServiceRoleUnavailableError` when
 * `migrate` has run; anything else is a bug.
 */
@Injectable()
export class Database implements Queryable, OnApplicationShutdown {
  private readonly log = new Logger(Database.name);
  private readonly platform: Pool;
  private readonly unscoped: Pool;
  private readonly bulk: Pool;
  private readonly pools: Pool[] = [];

  constructor(@Inject(CONFIG) config: Config) {
    const { url, poolSize } = config.database;
    this.platform = this.open(platformConnectionString(url()), poolSize);
    this.unscoped = this.open(serviceConnectionString(url()), poolSize);
    this.bulk = this.open(platformConnectionString(url()), BULK_CONNECTIONS, { statementMs: BULK_LIMIT_MS, connectMs: BULK_LIMIT_MS });
  }

  /** The pool in platform scope, for the repositories of the same process. */
  get platformPool(): Pool {
    return this.platform;
  }

  query<R>(text: string, values?: readonly unknown[]): Promise<R[]> {
    return withConnection(this.platform, (client) => queryableOn(client).query<R>(text, values));
  }

  prepared<R>(name: string, text: string, values?: readonly unknown[]): Promise<R[]> {
    return withConnection(this.platform, (client) => queryableOn(client).prepared<R>(name, text, values));
  }

  texts<R extends Readonly<Record<keyof R, string | null>>>(statement: Statement): Promise<R[]> {
    return withConnection(this.platform, (client) => queryableOn(client).texts<R>(statement));
  }

  /**
   * Platform scope; commits when `work` resolves, rolls back when it throws. When PostgreSQL ends it in favour of another (deadlock,
   * serialisation conflict) the whole of `work` is done again, at most three times: it must be repeatable and change nothing
   * outside of its transaction, in memory or elsewhere.
   */
  async transaction<T>(work: (tx: Queryable, client: ClientBase) => Promise<T>): Promise<T> {
    for (let repetitions = 0; ; repetitions++) {
      try {
        return await inTransaction(this.platform, BEGIN, work);
      } catch (error) {
        const repeatable = error instanceof DatabaseBusyError && error.gaveWay;
        if (!repeatable || repetitions === MOST_REPETITIONS) throw error;
        await delay(Math.random() * REPEAT_PAUSE_MS * 2 ** repetitions);
      }
    }
  }

  /** Platform scope; a transaction that may take minutes, on connections of its own. Not done again when it gave way to others. */
  bulkLoad<T>(work: (tx: BulkLoad) => Promise<T>): Promise<T> {
    return inTransaction(this.bulk, BEGIN, (_tx, client) => work(bulkLoadOn(client)));
  }

  /** One transaction that sees the rows of this tenant only, by row security (TEN-4). */
  asTenant<T>(tenantId: string, work: (tx: Queryable, client: ClientBase) => Promise<T>): Promise<T> {
    return inTransaction(this.unscoped, `begin; select set_config('arcadia.tenant_id', ${escapeLiteral(tenantId)}, true)`, work);
  }

  /** One transaction in which nobody said whose rows may be seen: every protected table looks empty. */
  withoutScope<T>(work: (tx: Queryable) => Promise<T>): Promise<T> {
    return inTransaction(this.unscoped, BEGIN, work);
  }

  async ping(): Promise<void> {
    await this.query('select 1');
  }

  /** Resolves once every migration of this build is applied; until then it waits, whatever is wrong, and soon tells what. Rejects when aborted. */
  async waitForSchema(signal?: AbortSignal): Promise<void> {
    const patientUntilMs = performance.now() + SCHEMA_PATIENCE_MS;
    let told: string | undefined;
    for (;;) {
      signal?.throwIfAborted();
      const { current, reason, message } = await schemaState(this);
      if (current) return;
      if (performance.now() > patientUntilMs && reason !== told) {
        told = reason;
        this.log.warn({ event: 'schema_awaited', reason, message });
      }
      await delay(SCHEMA_POLL_MS);
    }
  }

  async onApplicationShutdown(): Promise<void> {
    await this.close();
  }

  async close(): Promise<void> {
    await Promise.all(this.pools.splice(0).map((pool) => pool.end()));
  }

  private open(connectionString: string, max: number, { statementMs, connectMs } = USUAL_LIMITS): Pool {
    const pool = new Pool({
      connectionString,
      max,
      keepAlive: true,
      keepAliveInitialDelayMillis: KEEP_ALIVE_AFTER_MS,
      idleTimeoutMillis: 30_000,
      connectionTimeoutMillis: connectMs,
      statement_timeout: statementMs,
      query_timeout: statementMs + SILENCE_MS,
      idle_in_transaction_session_timeout: IDLE_TRANSACTION_LIMIT_MS,
      application_name: 'arcadia-cloud',
    });
    pool.on('error', () => this.log.warn({ event: 'database_connection_lost' }));
    // A server may end a connection in the packet that opens it, before its borrower listens; an error that nobody hears ends the process.
    pool.on('connect', (client) => client.on('error', () => undefined));
    this.pools.push(pool);
    return pool;
  }
}

import { CONFIG, type Config } from '#libs/config';
import { Inject, Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import { setTimeout as delay } from 'node:timers/promises';
import { escapeLiteral, Pool, type ClientBase } from 'pg';
import { platformConnectionString, serviceConnectionString } from './connection-string';
import { bulkLoadOn, type BulkLoad } from './bulk-load';
import { DatabaseBusyError, DatabaseUnavailableError, translateConnectError, translateDatabaseError } from './database.errors';
import { NotificationListener } from './notification-listener';
import type { Queryable, Statement } from './queryable';
import { schemaState } from './schema-version';

/** The server ends a statement or an idle transaction that lasts longer, so that a suspended process cannot keep locks for ever. */
const STATEMENT_LIMIT_MS = 60_000;
const IDLE_TRANSACTION_LIMIT_MS = 15_000;
/** A bulk load of a million rows takes tens of seconds. Two run at once; a third waits, so that they cannot use up the connections. */
const BULK_LIMIT_MS = 900_000;
const BULK_CONNECTIONS = 2;
/** The network counts as silent when no response arrives within this time after the server must have ended the statement. */
const SILENCE_MS = 5_000;
const CONNECT_LIMIT_MS = 5_000;
const DEFAULT_LIMITS = { statementMs: STATEMENT_LIMIT_MS, connectMs: CONNECT_LIMIT_MS };
/** An idle connection is probed after this time, so that a dead connection is noticed before it is used. */
const KEEP_ALIVE_AFTER_MS = 10_000;
const SCHEMA_POLL_MS = 250;
/** A wait for the schema that lasts longer is logged with its reason. */
const SCHEMA_LOG_AFTER_MS = 5_000;
const BEGIN = 'begin';
/** Retries of a transaction after a conflict, and the longest pause before the first retry. */
const MAX_RETRIES = 3;
const RETRY_PAUSE_MS = 50;

/**
 * The connections to PostgreSQL. Every connection works as the service role, so row security always applies: methods run in platform
 * scope, except `asTenant`, and `withoutScope`, which sees no rows at all. Failures are typed: `DatabaseUnavailableError` and
 * `DatabaseBusyError` are temporary, `ServiceRoleUnavailableError` lasts until `migrate` has run; any other error is a bug.
 */
@Injectable()
export class Database implements Queryable, OnApplicationShutdown {
  private readonly log = new Logger(Database.name);
  private readonly platform: Pool;
  private readonly unscoped: Pool;
  private readonly bulk: Pool;
  private readonly pools: Pool[] = [];
  private readonly listeners: NotificationListener[] = [];

  constructor(@Inject(CONFIG) private readonly config: Config) {
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
   * Platform scope; commits when `work` resolves, rolls back when it throws. After a deadlock or serialisation failure the whole of
   * `work` is repeated, at most three times, so it must be repeatable and change nothing outside its transaction, in memory or elsewhere.
   * `first` is SQL without parameters that is sent together with the begin, which saves a round trip.
   */
  async transaction<T>(work: (tx: Queryable, client: ClientBase) => Promise<T>, first?: string): Promise<T> {
    for (let retries = 0; ; retries++) {
      try {
        return await inTransaction(this.platform, first === undefined ? BEGIN : `${BEGIN}; ${first}`, work);
      } catch (error) {
        const inConflict = error instanceof DatabaseBusyError && error.conflict;
        if (!inConflict || retries === MAX_RETRIES) throw error;
        await delay(Math.random() * RETRY_PAUSE_MS * 2 ** retries);
      }
    }
  }

  /** Platform scope; a transaction that may take minutes, on connections of its own. It is not repeated after a conflict. */
  bulkLoad<T>(work: (tx: BulkLoad, client: ClientBase) => Promise<T>): Promise<T> {
    return inTransaction(this.bulk, BEGIN, (_tx, client) => work(bulkLoadOn(client, queryableOn(client)), client));
  }

  /** One transaction that sees only the rows of this tenant, by row security. [TEN-4] */
  asTenant<T>(tenantId: string, work: (tx: Queryable, client: ClientBase) => Promise<T>): Promise<T> {
    return inTransaction(this.unscoped, `begin; select set_config('arcadia.tenant_id', ${escapeLiteral(tenantId)}, true)`, work);
  }

  /** One transaction without a scope: every protected table appears empty. */
  withoutScope<T>(work: (tx: Queryable) => Promise<T>): Promise<T> {
    return inTransaction(this.unscoped, BEGIN, work);
  }

  async ping(): Promise<void> {
    await this.clockMs();
  }

  /** The time of the database's clock, in ms since 1970, with microseconds as fraction. */
  async clockMs(): Promise<number> {
    const [clock] = await this.query<{ ms: number }>('select extract(epoch from clock_timestamp())::float8 * 1000 as ms'); // SQL: it reads no table
    return clock?.ms ?? Number.NaN;
  }

  /** Resolves once every migration of this build is applied. Waits through any failure, logs its reason after 5 s; rejects when aborted. */
  async waitForSchema(signal?: AbortSignal): Promise<void> {
    const logAfterMs = performance.now() + SCHEMA_LOG_AFTER_MS;
    let logged: string | undefined;
    for (;;) {
      signal?.throwIfAborted();
      const { current, reason, message } = await schemaState(this);
      if (current) return;
      if (performance.now() > logAfterMs && reason !== logged) {
        logged = reason;
        this.log.warn({ event: 'waiting_for_schema', reason, message });
      }
      await delay(SCHEMA_POLL_MS);
    }
  }

  /** Calls `heard` for each notification on a channel, on one connection of its own, and once for each time that it is opened. */
  listen(channel: string, heard: () => void): void {
    const lost = () => this.log.warn({ event: 'database_connection_lost' });
    this.listeners.push(new NotificationListener(platformConnectionString(this.config.database.url()), channel, heard, lost));
  }

  async onApplicationShutdown(): Promise<void> {
    await this.close();
  }

  async close(): Promise<void> {
    await Promise.all(this.listeners.splice(0).map((listener) => listener.close()));
    await Promise.all(this.pools.splice(0).map((pool) => pool.end()));
  }

  private open(connectionString: string, max: number, { statementMs, connectMs } = DEFAULT_LIMITS): Pool {
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
    // A server may end a connection in the packet that opens it, before its user listens; an error without a listener ends the process.
    pool.on('connect', (client) => client.on('error', () => undefined));
    this.pools.push(pool);
    return pool;
  }
}

/** The indicator of the database for the readiness of a process. */
@Injectable()
export class DatabaseHealth {
  readonly name = 'database';

  constructor(private readonly database: Database) {}

  ping(): Promise<void> {
    return this.database.ping();
  }
}

/** Field values stay text, as PostgreSQL writes them. */
const TEXT_TYPES = { getTypeParser: () => (text: string) => text };

async function run<R>(on: ClientBase, { name, text, values = [] }: Statement, types?: typeof TEXT_TYPES): Promise<R[]> {
  try {
    const result = await on.query({ name, text, values: [...values], types });
    return result.rows as R[];
  } catch (error) {
    throw translateDatabaseError(error);
  }
}

/** SQL of an array of these texts, for a statement without parameters. */
export const textArraySql = (texts: readonly string[]): string => `array[${texts.map(escapeLiteral).join(', ')}]::text[]`;

/** The `Queryable` of one connection. */
export function queryableOn(client: ClientBase): Queryable {
  return {
    query: (text, values) => run(client, { text, values }),
    prepared: (name, text, values) => run(client, { name, text, values }),
    texts: (statement) => run(client, statement, TEXT_TYPES),
  };
}

/**
 * Runs `work` with a connection of the pool. A connection that broke, was discarded, or may still wait for a result on a silent network
 * is closed and not returned to the pool, because the next statement on it would wait behind the lost one. The server then rolls back
 * its open transaction. [OPS-3]
 */
async function withConnection<T>(pool: Pool, work: (client: ClientBase, discard: () => void) => Promise<T>): Promise<T> {
  const client = await pool.connect().catch((error: unknown) => {
    throw translateConnectError(error);
  });
  let broken = false;
  const discard = () => {
    broken = true;
  };
  client.on('error', discard);
  try {
    return await work(client, discard);
  } catch (error) {
    if (error instanceof DatabaseUnavailableError) discard();
    throw error;
  } finally {
    client.off('error', discard);
    client.release(broken);
  }
}

/** Commits when `work` resolves, rolls back when it throws. `opening` begins the transaction and may contain further settings. */
function inTransaction<T>(pool: Pool, opening: string, work: (tx: Queryable, client: ClientBase) => Promise<T>): Promise<T> {
  return withConnection(pool, async (client, discard) => {
    try {
      await run(client, { text: opening });
      const result = await work(queryableOn(client), client);
      await run(client, { text: 'commit' });
      return result;
    } catch (error) {
      const failure = translateDatabaseError(error);
      if (failure instanceof DatabaseUnavailableError) throw failure; // the connection is lost, so a rollback cannot be sent
      await run(client, { text: 'rollback' }).catch(discard);
      throw failure;
    }
  });
}

import { Injectable } from '@nestjs/common';
import type { ClientBase } from 'pg';
import { DataSource, type EntityManager } from 'typeorm';
import type { BulkLoad } from '../bulk-load';
import { Database, queryableOn } from '../database';
import type { Queryable } from '../queryable';

/** The connection of each transaction that has an entity manager. */
const CONNECTIONS = new WeakMap<EntityManager, ClientBase>();

/** Transactions in platform scope for code that uses repositories. */
@Injectable()
export class Transaction {
  constructor(
    private readonly database: Database,
    private readonly source: DataSource,
  ) {}

  /**
   * Commits when `work` resolves and rolls back when it throws. Like `Database.transaction` it repeats `work` after a deadlock or a
   * serialisation conflict, so `work` must change nothing outside of the transaction.
   */
  run<T>(work: (em: EntityManager) => Promise<T>): Promise<T> {
    return this.database.transaction((_tx, client) => withManager(this.source, client, work));
  }

  /** A transaction that may take minutes, on connections of its own. It is not repeated after a conflict. */
  bulkLoad<T>(work: (em: EntityManager, tx: BulkLoad) => Promise<T>): Promise<T> {
    return this.database.bulkLoad((tx, client) => withManager(this.source, client, (em) => work(em, tx)));
  }
}

/** Transactions that see the rows of one tenant only, by row security. [TEN-4] */
@Injectable()
export class TenantTransaction {
  constructor(
    private readonly database: Database,
    private readonly source: DataSource,
  ) {}

  run<T>(tenantId: string, work: (em: EntityManager) => Promise<T>): Promise<T> {
    return this.database.asTenant(tenantId, (_tx, client) => withManager(this.source, client, work));
  }
}

/** Runs SQL in the transaction of an entity manager. It sees what the repositories of the transaction have written. */
export function sql<R>(em: EntityManager, statement: string, params: readonly unknown[] = []): Promise<R[]> {
  return queryableOf(em).query<R>(statement, params);
}

/** The transaction of an entity manager, for methods that take a `Queryable`. Throws for a manager outside of a transaction. */
export function queryableOf(em: EntityManager): Queryable {
  const client = CONNECTIONS.get(em);
  if (!client) throw new Error('SQL needs the entity manager of a running transaction');
  return queryableOn(client);
}

/** `Database` begins, ends and repeats the transaction; the manager only uses its connection, and becomes unusable at the end. */
async function withManager<T>(source: DataSource, client: ClientBase, work: (em: EntityManager) => Promise<T>): Promise<T> {
  const runner = source.createQueryRunner();
  Object.assign(runner, { databaseConnection: client, isTransactionActive: true, transactionDepth: 1 });
  const em = source.createEntityManager(runner);
  CONNECTIONS.set(em, client);
  try {
    return await work(em);
  } finally {
    CONNECTIONS.delete(em);
    await runner.release(); // gives nothing back: the connection is not the runner's
  }
}

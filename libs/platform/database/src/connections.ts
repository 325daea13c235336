import type { ClientBase, Pool } from 'pg';
import { DatabaseUnavailableError, translateConnectError, translateDatabaseError } from './database.errors';
import type { Queryable, Statement } from './queryable';

/** Field values stay text, as PostgreSQL writes them. */
const TEXT_TYPES = { getTypeParser: () => (text: string) => text };

export async function run<R>(on: ClientBase, { name, text, values = [] }: Statement, types?: typeof TEXT_TYPES): Promise<R[]> {
  try {
    const result = await on.query({ name, text, values: [...values], types });
    return result.rows as R[];
  } catch (error) {
    throw translateDatabaseError(error);
  }
}

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
export async function withConnection<T>(pool: Pool, work: (client: ClientBase, discard: () => void) => Promise<T>): Promise<T> {
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
export function inTransaction<T>(pool: Pool, opening: string, work: (tx: Queryable, client: ClientBase) => Promise<T>): Promise<T> {
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

import type { ClientBase, Pool } from 'pg';
import { DatabaseUnavailableError, translateConnectError, translateDatabaseError } from './database.errors';
import type { Queryable, Statement } from './queryable';

/** How fields become values: not at all. */
const AS_WRITTEN = { getTypeParser: () => (text: string) => text };

export async function run<R>(on: ClientBase, { name, text, values = [] }: Statement, types?: typeof AS_WRITTEN): Promise<R[]> {
  try {
    const answer = await on.query({ name, text, values: [...values], types });
    return answer.rows as R[];
  } catch (error) {
    throw translateDatabaseError(error);
  }
}

/** One connection as whoever reads and writes sees it. */
export function queryableOn(client: ClientBase): Queryable {
  return {
    query: (text, values) => run(client, { text, values }),
    prepared: (name, text, values) => run(client, { name, text, values }),
    texts: (statement) => run(client, statement, AS_WRITTEN),
  };
}

/**
 * Lends a connection of the pool to `work`. One that broke, that was discarded, or that may still be waiting for an answer on a
 * silent network, is closed instead of given back: the next statement on it would wait behind the lost one. The server then rolls
 * back what was open.
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

/** Commits when `work` resolves, rolls back when it throws. `opening` begins the transaction, and may say more in the same message. */
export function inTransaction<T>(pool: Pool, opening: string, work: (tx: Queryable, client: ClientBase) => Promise<T>): Promise<T> {
  return withConnection(pool, async (client, discard) => {
    try {
      await run(client, { text: opening });
      const result = await work(queryableOn(client), client);
      await run(client, { text: 'commit' });
      return result;
    } catch (error) {
      const failure = translateDatabaseError(error);
      if (failure instanceof DatabaseUnavailableError) throw failure; // nobody would hear a rollback
      await run(client, { text: 'rollback' }).catch(discard);
      throw failure;
    }
  });
}

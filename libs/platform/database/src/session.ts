import { Client } from 'pg';
import { queryableOn } from './connections';
import { PLATFORM_SCOPE, platformConnectionString, withSettings } from './connection-string';
import { translateConnectError } from './database.errors';
import type { Queryable } from './queryable';

/** Statements that cannot run out of time, and each may ask for a transaction of its own. */
export interface Session extends Queryable {
  /** Commits when `work` resolves, rolls back when it throws. */
  transaction<T>(work: (tx: Queryable) => Promise<T>, mode?: 'read committed' | 'snapshot'): Promise<T>;
}

/**
 * One connection of its own, without time limits, for what an operator's command does: as the `service`, or as whoever the URL logs in
 * (`owner`), both in platform scope. It ends with `work`.
 * A `snapshot` transaction only reads, and sees the database as it was at its first statement.
 */
export async function withSession<T>(url: string, as: 'service' | 'owner', work: (session: Session) => Promise<T>): Promise<T> {
  const connectionString = as === 'service' ? platformConnectionString(url) : withSettings(url, { 'arcadia.scope': PLATFORM_SCOPE });
  const client = new Client({
    connectionString,
    connectionTimeoutMillis: 5_000,
    keepAlive: true,
    application_name: 'arcadia-cloud command',
  });
  client.on('error', () => undefined); // the statement that waits for the answer is told
  await client.connect().catch((error: unknown) => {
    throw translateConnectError(error);
  });
  const on = queryableOn(client);
  try {
    return await work({
      ...on,
      transaction: async (inside, mode = 'read committed') => {
        await on.query(mode === 'snapshot' ? 'begin isolation level repeatable read read only' : 'begin');
        try {
          const result = await inside(on);
          await on.query('commit');
          return result;
        } catch (error) {
          await on.query('rollback').catch(() => undefined); // the connection is gone, and with it the transaction
          throw error;
        }
      },
    });
  } finally {
    await client.end().catch(() => undefined);
  }
}

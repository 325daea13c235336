import { Client } from 'pg';
import { PLATFORM_SCOPE, platformConnectionString, withSettings } from './connection-string';
import { queryableOn } from './database';
import { translateConnectError } from './database.errors';
import type { Queryable } from './queryable';

/** A connection without time limits, with explicit transactions. */
export interface Session extends Queryable {
  /** Commits when `work` resolves, rolls back when it throws. */
  transaction<T>(work: (tx: Queryable) => Promise<T>, mode?: 'read committed' | 'snapshot'): Promise<T>;
}

/**
 * Opens one connection without time limits for an operator's command: as the service role (`service`) or as the login role of the URL
 * (`owner`), both in platform scope. The connection closes when `work` ends.
 * A `snapshot` transaction only reads, and sees the state of the database at its first statement.
 */
export async function withSession<T>(url: string, as: 'service' | 'owner', work: (session: Session) => Promise<T>): Promise<T> {
  const connectionString = as === 'service' ? platformConnectionString(url) : withSettings(url, { 'arcadia.scope': PLATFORM_SCOPE });
  const client = new Client({
    connectionString,
    connectionTimeoutMillis: 5_000,
    keepAlive: true,
    application_name: 'arcadia-cloud command',
  });
  client.on('error', () => undefined); // the statement under way rejects with the error
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
          await on.query('rollback').catch(() => undefined); // the connection is lost, and its transaction with it
          throw error;
        }
      },
    });
  } finally {
    await client.end().catch(() => undefined);
  }
}

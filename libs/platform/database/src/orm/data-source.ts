import { Money } from '#libs/kernel';
import pg, { type ClientBase, type Pool } from 'pg';
import { DataSource, DefaultNamingStrategy, QueryFailedError, type ColumnType, type QueryRunner } from 'typeorm';
import { DatabaseUnavailableError, translateConnectError, translateDatabaseError } from '../database.errors';

/** The oldest PostgreSQL that the product supports. TypeORM asks for the version to choose its SQL. */
const POSTGRES_VERSION = '15.0';

export interface DataSourceOnPoolOptions {
  /** The name of the database. */
  readonly database: string;
  readonly entities: NonNullable<DataSource['options']['entities']>;
}

/** The column of the property `memoryMb` is `memory_mb`. */
class SnakeCaseNaming extends DefaultNamingStrategy {
  override columnName(propertyName: string, customName: string | undefined, prefixes: string[]): string {
    return customName ?? snakeCase([...prefixes, propertyName].join('_'));
  }
}

/** The name of the column of a property. */
export const snakeCase = (name: string): string => name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/** The options of a `numeric` column with an amount, which every digit passes unchanged. The provider bills in US dollars only. */
export const MONEY = {
  transformer: {
    from: (stored: string | null): Money | null => (stored === null ? null : Money.parse(stored)),
    /** Undefined stays undefined, so that an insert without the column takes its default. */
    to: (amount: Money | null | undefined): string | null | undefined => (amount === null ? null : amount?.toText()),
  },
};

/**
 * A TypeORM data source on a pool of `Database`: repositories use the same connections, limits and scope as SQL by hand, and the process
 * opens no connection more. `initialize` builds the metadata and does not connect, so a process starts while the database is
 * unavailable. [OPS-3]
 */
export function dataSourceOn(pool: Pool, { database, entities }: DataSourceOnPoolOptions): DataSource {
  const source = new DataSource({
    type: 'postgres',
    driver: pg,
    database,
    entities,
    namingStrategy: new SnakeCaseNaming(),
    synchronize: false,
  });
  const { driver } = source;
  driver.supportedDataTypes.push('xid8' as ColumnType); // a type of PostgreSQL 13 that TypeORM does not list
  const createQueryRunner = driver.createQueryRunner.bind(driver);
  const broken = new WeakSet<object>();
  const schema = { version: POSTGRES_VERSION, searchSchema: 'public', schema: 'public', isGeneratedColumnsSupported: true };
  Object.assign(driver, schema, {
    master: { connect: (done: OnConnection) => void lend(pool, broken, done) },
    connect: () => Promise.resolve(),
    afterConnect: () => Promise.resolve(),
    disconnect: () => Promise.resolve(), // `Database` closes its pools
    createQueryRunner: (mode: 'master' | 'slave') => translating(createQueryRunner(mode), broken),
  });
  return source;
}

type OnConnection = (error: unknown, client?: ClientBase, release?: (error?: unknown) => void) => void;

/** Lends a connection to a query runner. One that broke or timed out is closed when it is released, never used again. [OPS-3] */
async function lend(pool: Pool, broken: WeakSet<object>, done: OnConnection): Promise<void> {
  try {
    const client = await pool.connect();
    done(undefined, client, (error) => client.release(error !== undefined || broken.has(client)));
  } catch (error) {
    done(translateConnectError(error));
  }
}

/** Makes a query runner throw the typed errors of `Database`, and remember connections that must not be used again. */
function translating(runner: QueryRunner, broken: WeakSet<object>): QueryRunner {
  const query = runner.query.bind(runner) as (...args: readonly unknown[]) => Promise<unknown>;
  return Object.assign(runner, {
    query: async (...args: readonly unknown[]) => {
      try {
        return await query(...args);
      } catch (error) {
        const failure = translateDatabaseError(error instanceof QueryFailedError ? error.driverError : error);
        if (failure instanceof DatabaseUnavailableError) markBroken(runner, broken);
        throw failure;
      }
    },
  });
}

function markBroken(runner: object, broken: WeakSet<object>): void {
  const connection = 'databaseConnection' in runner ? runner.databaseConnection : undefined;
  if (typeof connection === 'object' && connection !== null) broken.add(connection);
}

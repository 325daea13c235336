import { CONFIG, type Config } from '#libs/config';
import { Global, Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import type { Pool } from 'pg';
import { Database, DatabaseHealth } from './database';
import { dataSourceOn } from './orm/data-source';
import { TenantTransaction, Transaction } from './orm/transaction';
import { Retention } from './retention';

/** One data source per process, on the pool of `Database`; it has the entities that the modules of the process register. */
const REPOSITORIES = TypeOrmModule.forRootAsync({
  inject: [Database, CONFIG],
  useFactory: (database: Database, config: Config) => ({
    type: 'postgres' as const,
    database: new URL(config.database.url()).pathname.slice(1),
    extra: database.platformPool,
    autoLoadEntities: true,
    retryAttempts: 0,
  }),
  dataSourceFactory: async (options) => {
    if (options?.type !== 'postgres') throw new Error('the data source has no options');
    return dataSourceOn(options.extra as Pool, { database: String(options.database), entities: options.entities ?? [] });
  },
});

@Global()
@Module({
  imports: [REPOSITORIES],
  providers: [Database, DatabaseHealth, Retention, Transaction, TenantTransaction],
  exports: [Database, DatabaseHealth, Retention, Transaction, TenantTransaction],
})
export class DatabaseModule {}

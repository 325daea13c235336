export { ADVISORY_LOCKS, lockSession, lockTransaction, tryLockSession, tryLockTransaction } from './advisory-locks';
export { copyRow, type BulkLoad } from './bulk-load';
export { platformConnectionString, serviceConnectionString, SERVICE_ROLE } from './connection-string';
export { Database, DatabaseHealth, textArraySql } from './database';
export {
  DatabaseBusyError,
  DatabaseUnavailableError,
  isServerFailure,
  ServiceRoleRequiredError,
  ServiceRoleUnavailableError,
  translateDatabaseError,
} from './database.errors';
export { DatabaseModule } from './database.module';
export { databaseGauges, type DatabaseGauge } from './database.metrics';
export { GroupCommit } from './group-commit';
export { migrate, type MigrateOptions } from './migrate';
export { dataSourceOn, MONEY, snakeCase, type DataSourceOnPoolOptions } from './orm/data-source';
export { Lease, type LeaseChange, type LeaseClaim } from './orm/lease';
export { queryableOf, sql, TenantTransaction, Transaction } from './orm/transaction';
export type { Queryable, Statement } from './queryable';
export { SignatureChangedError, type RepeatableSql } from './repeatable-sql';
export { Retention, type RetentionRule } from './retention';
export { withSession, type Session } from './session';

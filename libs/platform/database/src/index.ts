export { ADVISORY_LOCKS } from './advisory-locks';
export { copyRow, type BulkLoad } from './bulk-load';
export { platformConnectionString, serviceConnectionString, SERVICE_ROLE } from './connection-string';
export { Database } from './database';
export {
  DatabaseBusyError,
  DatabaseUnavailableError,
  ServiceRoleRequiredError,
  ServiceRoleUnavailableError,
  translateDatabaseError,
} from './database.errors';
export { DatabaseModule } from './database.module';
export { databaseGauges, type DatabaseGauge } from './gauges/database-gauges';
export { migrate, type MigrateOptions } from './migrate';
export { dataSourceOn, type DataSourceOnPoolOptions } from './orm/data-source';
export { queryableOf, sql, TenantTransaction, Transaction } from './orm/transaction';
export type { Queryable, Statement } from './queryable';
export { withSession, type Session } from './session';
export { rfc3339 } from './written-time';
export { Retention } from './retention/retention';
export { type RetentionRule } from './retention/retention-rule';
export { RetentionModule } from './retention/retention.module';

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
export { migrate, type MigrateOptions } from './migrate';
export type { Queryable } from './queryable';

export { AuditLog, type Actor, type AuditEntry, type AuditView, type Because } from './audit-log';
export { AuditModule } from './audit.module';

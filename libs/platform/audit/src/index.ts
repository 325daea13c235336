export {
  AUDIT_LOG_STREAM,
  AUDIT_ROW,
  AuditLog,
  auditRow,
  recordFrom,
  type Actor,
  type AuditFilters,
  type AuditView,
  type AuditContext,
} from './audit-log';
export { AuditModule } from './audit.module';
export type { AppendOnlyStream } from './chain/append-only-stream';
export { NO_HEAD, parseHead, UnreadableHeadError, type ChainHead } from './chain/chain-sealer';
export { chainFunctions } from './functions/chain.sql';
export type { Finding } from './chain/finding';
export { ChainSealer, SEAL_RECORDS } from './chain/chain-sealer';
export { verifyChain, type Verified, type VerifyProgress } from './chain/verify-chain';

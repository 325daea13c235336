import { DomainError, domainError } from '#libs/kernel';
import { isNativeError } from 'node:util/types';
import { DatabaseError } from 'pg';
import { SERVICE_ROLE } from './connection-string';

/** PostgreSQL is unreachable, starting or stopping, or cut the connection. Temporary; a COMMIT with a lost response ends so too. */
export class DatabaseUnavailableError extends domainError(
  'database_unavailable',
  'unavailable',
  'The database is not reachable at the moment',
  { retryAfterMs: 1_000 },
) {}

/** PostgreSQL aborted the transaction (deadlock, serialisation failure, lock or statement time limit). A retry can succeed. */
export class DatabaseBusyError extends domainError('database_busy', 'unavailable') {
  override readonly retryAfterMs = 250;

  /** `conflict`: a deadlock or serialisation failure. The other transaction has ended, so the same work can succeed at once. */
  constructor(readonly conflict = false) {
    super('The database is too busy for this at the moment');
  }
}

/** The login role of `DATABASE_URL` is not a member of the service role, or that role does not exist. `migrate` repairs both. */
export class ServiceRoleUnavailableError extends domainError(
  'service_role_unavailable',
  'unavailable',
  `The database login may not work as ${SERVICE_ROLE}: "npm run migrate" with DATABASE_URL and DATABASE_OWNER_URL set arranges that`,
  { retryAfterMs: 5_000 },
) {}

/** `migrate` lacks the right to create the service role or to grant it. The message contains the statements for the administrator. */
export class ServiceRoleRequiredError extends domainError(
  'service_role_required',
  'forbidden',
  (statements: readonly string[]) =>
    `The role that migrates may not prepare ${SERVICE_ROLE}: ask the administrator of the server to run: ${statements.join(' ')}`,
) {}

/** SQLSTATE classes of a server that stops, starts or is full: connection exceptions, operator intervention, insufficient resources. */
const UNAVAILABLE = /^(08|53|57P0[1-5]|25P03)/;
/** Serialisation failure, deadlock. */
const CONFLICT = new Set(['40001', '40P01']);
/** Lock not available, query cancelled by a time limit. */
const TOOK_TOO_LONG = new Set(['55P03', '57014']);
/** The server refuses a connection with a role setting: the login lacks the role, or the role does not exist. */
const ROLE_REFUSED = new Set(['42501', '22023']);

/**
 * SQLSTATE classes of a statement that PostgreSQL can never run, or that our own function refuses: our bugs. A read-only server and a database
 * that does not exist have classes among them, but are states of the server.
 */
const OF_THE_STATEMENT = /^(?!25006|3D)(0|2[^8]|3|42|44|P0)/;

/** Whether PostgreSQL failed for a reason of its own, such as a full disk or an internal error, and not because of the statement. */
export function isServerFailure(error: unknown): boolean {
  return error instanceof DatabaseError && !OF_THE_STATEMENT.test(error.code ?? '');
}

/** Translates a failure of `pg`. Errors of the statement itself stay unchanged, because they are our bugs. */
export function translateDatabaseError(error: unknown): unknown {
  if (error instanceof DomainError) return error;
  if (error instanceof DatabaseError) {
    const state = error.code ?? '';
    if (UNAVAILABLE.test(state)) return new DatabaseUnavailableError();
    if (CONFLICT.has(state)) return new DatabaseBusyError(true);
    return TOOK_TOO_LONG.has(state) ? new DatabaseBusyError() : error;
  }
  return isConnectionFailure(error) ? new DatabaseUnavailableError() : error;
}

/** Translates a failure to open a connection. */
export function translateConnectError(error: unknown): unknown {
  if (error instanceof DatabaseError && ROLE_REFUSED.has(error.code ?? '')) return new ServiceRoleUnavailableError();
  return translateDatabaseError(error);
}

/** `pg` reports a broken or silent socket and a closed pool as a plain Error, with a system code or one of a few fixed messages. */
function isConnectionFailure(error: unknown): boolean {
  if (!isNativeError(error)) return false;
  if ('code' in error && typeof error.code === 'string' && /^E[A-Z]+$/.test(error.code)) return true;
  return /connection|timeout exceeded|read timeout|client (was closed|has encountered)|not queryable|end on the pool/i.test(error.message);
}

import { DomainError } from '#libs/kernel';
import { isNativeError } from 'node:util/types';
import { DatabaseError } from 'pg';
import { SERVICE_ROLE } from './connection-string';

/** PostgreSQL cannot be reached, is starting or stopping, or cut the connection. Passes by itself; a lost COMMIT answer looks the same. */
export class DatabaseUnavailableError extends DomainError {
  readonly code = 'database_unavailable';
  readonly category = 'unavailable';
  override readonly retryAfterMs = 1_000;

  constructor() {
    super('The database is not reachable at the moment');
  }
}

/** PostgreSQL ended this transaction in favour of others (deadlock, serialisation, lock or statement time limit). Trying again helps. */
export class DatabaseBusyError extends DomainError {
  readonly code = 'database_busy';
  readonly category = 'unavailable';
  override readonly retryAfterMs = 250;

  /** `gaveWay`: chosen in a deadlock or a serialisation conflict, where the same work succeeds at once now that the other is done. */
  constructor(readonly gaveWay = false) {
    super('The database is too busy for this at the moment');
  }
}

/** The login role of `DATABASE_URL` is no member of the service role, or that does not exist yet. Every connection fails until `migrate` has run. */
export class ServiceRoleUnavailableError extends DomainError {
  readonly code = 'service_role_unavailable';
  readonly category = 'unavailable';
  override readonly retryAfterMs = 5_000;

  constructor() {
    super(
      `The database login may not work as ${SERVICE_ROLE}: "npm run migrate" with DATABASE_URL and DATABASE_OWNER_URL set arranges that`,
    );
  }
}

/** `migrate` may not make the service role, or not admit the login role to it. The message, for whoever runs it, says what to ask the administrator for. */
export class ServiceRoleRequiredError extends DomainError {
  readonly code = 'service_role_required';
  readonly category = 'forbidden';

  constructor(statements: readonly string[]) {
    super(`The role that migrates may not prepare ${SERVICE_ROLE}: ask the administrator of the server to run: ${statements.join(' ')}`);
  }
}

/** SQLSTATE classes of servers that go, come or are full: connection exceptions, operator intervention, insufficient resources. */
const UNAVAILABLE = /^(08|53|57P0[1-5]|25P03)/;
/** Serialisation failure, deadlock. */
const GAVE_WAY = new Set(['40001', '40P01']);
/** Lock not available, query cancelled by a time limit. */
const TOOK_TOO_LONG = new Set(['55P03', '57014']);
/** Why a connection is refused that wants to work as a role: it must not, or there is no such role. */
const ROLE_REFUSED = new Set(['42501', '22023']);

/** What a failure of `pg` means to us; errors about the statement itself stay as they are, because they are our bugs. */
export function translateDatabaseError(error: unknown): unknown {
  if (error instanceof DomainError) return error;
  if (error instanceof DatabaseError) {
    const state = error.code ?? '';
    if (UNAVAILABLE.test(state)) return new DatabaseUnavailableError();
    if (GAVE_WAY.has(state)) return new DatabaseBusyError(true);
    return TOOK_TOO_LONG.has(state) ? new DatabaseBusyError() : error;
  }
  return isConnectionFailure(error) ? new DatabaseUnavailableError() : error;
}

/** What it means that a connection could not be opened. */
export function translateConnectError(error: unknown): unknown {
  if (error instanceof DatabaseError && ROLE_REFUSED.has(error.code ?? '')) return new ServiceRoleUnavailableError();
  return translateDatabaseError(error);
}

/** `pg` reports a broken or silent socket, and a pool that its process has closed, as a plain Error, with a system code or with one of its own few sentences. */
function isConnectionFailure(error: unknown): boolean {
  if (!isNativeError(error)) return false;
  if ('code' in error && typeof error.code === 'string' && /^E[A-Z]+$/.test(error.code)) return true;
  return /connection|timeout exceeded|read timeout|client (was closed|has encountered)|not queryable|end on the pool/i.test(error.message);
}

import { domainError, quotedWord } from '#libs/kernel';
import type { TenantStatus } from './tenant.states';

export class TenantNotFoundError extends domainError('tenant_not_found', 'not_found', 'There is no such tenant') {}

/** A second id that differs in letter case only would be mistaken for the first one. */
export class TenantExistsError extends domainError('tenant_exists', 'conflict', (id: string, existing: string) =>
  id === existing
    ? `The tenant ${quotedWord(id)} exists already; change it with PATCH`
    : `The tenant ${quotedWord(existing)} exists already, and ${quotedWord(id)} differs from it in letter case only`,
) {}

/** A change of owner names an id that is not registered. [TNT-1] */
export class UnknownTenantError extends domainError('unknown_tenant', 'invalid', (id: string, nearest?: string) =>
  withNearest(`There is no tenant ${quotedWord(id)}: register it with POST /api/v1/tenants first`, nearest),
) {}

/** The token is genuine, but no tenant with its id is registered: it reads no rows and changes nothing. [TNT-1] */
export class TenantNotRegisteredError extends domainError(
  'tenant_not_registered',
  'forbidden',
  (id: string) => `The tenant ${quotedWord(id)} of this token is not registered; ask the operator of this service to register it`,
) {}

/** A closed tenant reads nothing. */
export class TenantClosedError extends domainError(
  'tenant_closed',
  'forbidden',
  (id: string) => `The tenant ${quotedWord(id)} is closed: ask the operator of this service`,
) {}

/** The status of the tenant allows neither new sagas nor, when it leaves, new things. */
export class TenantNotActiveError extends domainError(
  'tenant_not_active',
  'conflict',
  (id: string, status: TenantStatus, refused: string) => `The tenant ${quotedWord(id)} is ${status}, so ${refused}`,
) {}

/** Orders of the tenant are blocked, such as for an unpaid invoice. Everything else goes on. */
export class OrdersBlockedError extends domainError(
  'orders_blocked',
  'conflict',
  (id: string, reason: string) =>
    `New orders of the tenant ${quotedWord(id)} are blocked until the operator of this service lifts it: ${reason}`,
) {}

/** A closed tenant would still own something, or a saga of it would still run. */
export class TenantNotEmptyError extends domainError(
  'tenant_not_empty',
  'conflict',
  (id: string, holds: string) => `The tenant ${quotedWord(id)} cannot be closed: it still has ${holds}, which must go first`,
) {}

export class TenantTransitionError extends domainError(
  'tenant_status_refused',
  'conflict',
  (from: TenantStatus, to: TenantStatus) => `A tenant that is ${from} cannot become ${to}`,
) {}

function withNearest(sentence: string, nearest: string | undefined): string {
  return nearest === undefined ? sentence : `${sentence}; did you mean ${nearest}?`;
}

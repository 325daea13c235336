import { domainError } from '#libs/kernel';

/** There is no token, or it fails a check. The error never names the check, which would help a forger only. */
export class UnauthenticatedError extends domainError(
  'unauthenticated',
  'unauthenticated',
  'A valid access token is required, as "Authorization: Bearer <token>"',
) {}

/** The token is genuine but names neither a tenant nor the platform role, so it can read nothing. A new token would not help. [TEN-2] */
export class NoScopeError extends domainError('no_scope', 'forbidden', 'The token names neither a tenant nor the platform role') {}

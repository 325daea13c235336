import { DomainError } from '#libs/kernel';

/** There is no token, or it fails a check. The error never names the check, which would help a forger only. */
export class UnauthenticatedError extends DomainError {
  readonly code = 'unauthenticated';
  readonly category = 'unauthenticated';

  constructor() {
    super('A valid access token is required');
  }
}

/** The token is genuine but names neither a tenant nor the platform role, so it can read nothing. A new token would not help. [TEN-2] */
export class NoScopeError extends DomainError {
  readonly code = 'no_scope';
  readonly category = 'forbidden';

  constructor() {
    super('The token names neither a tenant nor the platform role');
  }
}

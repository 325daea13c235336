import { DomainError } from '#libs/kernel';

/** No token, or one that does not pass. It never says which check failed: that would help only a forger. */
export class UnauthenticatedError extends DomainError {
  readonly code = 'unauthenticated';
  readonly category = 'unauthenticated';

  constructor() {
    super('A valid access token is required');
  }
}

/** The token is genuine but names neither a tenant nor the platform role, so it can read nothing (TEN-2). Another token of the same kind would not help: 403. */
export class NoScopeError extends DomainError {
  readonly code = 'no_scope';
  readonly category = 'forbidden';

  constructor() {
    super('The token names neither a tenant nor the platform role');
  }
}

import { DomainError } from '#libs/kernel';

/** Something in the request is for platform admins only. */
export class AdminsOnlyError extends DomainError {
  readonly code = 'admins_only';
  readonly category = 'forbidden';

  constructor(what: string) {
    super(`${what} may be given by platform admins only`);
  }
}

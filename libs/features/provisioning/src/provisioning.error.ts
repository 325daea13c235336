import { DomainError } from '#libs/kernel';

/** Something in the request is for platform admins only. */
export class AdminsOnlyError extends DomainError {
  readonly code = 'admins_only';
  readonly category = 'forbidden';

  constructor(what: string) {
    super(`${what} may be given by platform admins only`);
  }
}

/** The provider cannot make it so in place, or not without losing something. The message says why. */
export class NotRevertibleError extends DomainError {
  readonly code = 'not_revertible';
  readonly category = 'conflict';

  constructor(reason: string) {
    super(`Cannot be reverted: ${reason}`);
  }
}

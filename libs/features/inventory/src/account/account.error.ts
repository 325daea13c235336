import { DomainError } from '#libs/kernel';

/** The token answers for another provider account than the one this service is bound to: nothing may be synced with it (INV-6). */
export class OtherAccountError extends DomainError {
  readonly code = 'other_account';
  readonly category = 'conflict';

  constructor() {
    super('The provider token belongs to another account than the one this service is bound to');
  }
}

/** The provider answered, but not with anything that tells which account it is. */
export class AccountUnknownError extends DomainError {
  readonly code = 'account_unknown';
  readonly category = 'conflict';

  constructor() {
    super('The provider does not tell which account the token belongs to');
  }
}

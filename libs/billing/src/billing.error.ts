import { DomainError } from '#libs/kernel';

/** The balance has never been read: the provider could not be asked yet. */
export class BalanceNotReadError extends DomainError {
  readonly code = 'balance_not_read';
  readonly category = 'not_found';

  constructor() {
    super('The balance has not been read yet');
  }
}

import { ProviderError } from '#libs/digitalocean';
import { DomainError, type ErrorCategory } from '#libs/kernel';

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

/**
 * No call was made, because it is not known that the token belongs to the account that this service is bound to. It ends as an outage
 * does: once the right token is configured, or once the provider answers.
 */
export class AccountNotCheckedError extends ProviderError {
  readonly code: string;
  readonly category: ErrorCategory = 'unavailable';

  private constructor(code: string, waitsFor: string, retryAfterMs?: number) {
    super(`waiting for ${waitsFor}`, {}, retryAfterMs);
    this.code = code;
  }

  /** An operator must see why the saga waits. */
  override get reportedWhileWaiting(): boolean {
    return true;
  }

  /** The token belongs to another account, or does not show which. */
  static refused({ code }: OtherAccountError | AccountUnknownError): AccountNotCheckedError {
    const found = code === 'other_account' ? 'the present one belongs to another account' : 'the present one does not show its account';
    return new AccountNotCheckedError(code, `a token of the account that this service is bound to: ${found}`);
  }

  /** The provider could not be asked. */
  static unanswered({ message, retryAfterMs }: ProviderError): AccountNotCheckedError {
    return new AccountNotCheckedError('account_not_checked', `the check of the token's account: ${message}`, retryAfterMs);
  }
}

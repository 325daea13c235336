import { ProviderError } from '#libs/digitalocean';
import { domainError, type ErrorCategory, type WriteFailure } from '#libs/kernel';

/** The token belongs to another provider account than the one this service is bound to. Nothing may be synced with it. [INV-6] */
export class OtherAccountError extends domainError(
  'other_account',
  'conflict',
  'The provider token belongs to another account than the one this service is bound to',
) {}

/** The provider's responses do not identify the account of the token. */
export class AccountUnknownError extends domainError(
  'account_unknown',
  'conflict',
  'The provider does not show which account the token belongs to',
) {}

/**
 * No call was sent, because the token is not known to belong to the account that this service is bound to. Callers treat it as an outage,
 * which ends once a token of the right account is configured, or once the provider responds.
 */
export class AccountNotCheckedError extends ProviderError {
  readonly category: ErrorCategory = 'unavailable';

  private constructor(
    readonly code: string,
    waitsFor: string,
    retryAfterMs?: number,
  ) {
    super(`waiting for ${waitsFor}`, {}, retryAfterMs);
  }

  /** An operator must see why the saga waits. */
  override get reportedWhileWaiting(): boolean {
    return true;
  }

  override get writeFailure(): WriteFailure {
    return { is: 'postponed', why: this.message };
  }

  /** The token belongs to another account, or its account cannot be determined. */
  static refused({ code }: OtherAccountError | AccountUnknownError): AccountNotCheckedError {
    const finding = code === 'other_account' ? 'the current one belongs to another account' : 'the current one does not show its account';
    return new AccountNotCheckedError(code, `a token of the account that this service is bound to: ${finding}`);
  }

  /** The check failed, because the provider did not respond. */
  static unanswered({ message, retryAfterMs }: ProviderError): AccountNotCheckedError {
    return new AccountNotCheckedError('account_not_checked', `the check of the token's account: ${message}`, retryAfterMs);
  }
}

export class ProjectNotFoundError extends domainError('project_not_found', 'not_found', 'There is no such project') {}

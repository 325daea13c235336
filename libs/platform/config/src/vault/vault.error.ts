import { DomainError } from '#libs/kernel';

/** Vault does not hand out what we need. The message is one sentence for people, without a value of anything. */
export class VaultError extends DomainError {
  readonly code = 'secrets_unavailable';
  readonly category = 'unavailable';

  constructor(
    message: string,
    /** Of Vault's answer, when there was one. */
    readonly status?: number,
  ) {
    super(message);
  }
}

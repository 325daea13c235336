import { DomainError } from '#libs/kernel';

/** The environment cannot be used. The message names every problem and no value: it may be a secret, also in the wrong variable. */
export class ConfigError extends DomainError {
  readonly code = 'configuration_invalid';
  readonly category = 'internal';

  constructor(readonly problems: readonly string[]) {
    super(
      problems.length === 1
        ? `Configuration problem: ${problems[0]}`
        : [`The configuration has ${problems.length} problems:`, ...problems].join('\n  - '),
    );
  }
}

/** Vault did not return the secrets. The message is one sentence for people and contains no value. */
export class VaultError extends DomainError {
  readonly code = 'secrets_unavailable';
  readonly category = 'unavailable';

  constructor(
    message: string,
    /** The HTTP status of Vault's response, when there was one. */
    readonly status?: number,
  ) {
    super(message);
  }
}

import { domainError } from '#libs/kernel';

/** The environment cannot be used. The message names every problem and no value: it may be a secret, also in the wrong variable. */
export class ConfigError extends domainError('configuration_invalid', 'internal') {
  constructor(readonly problems: readonly string[]) {
    super(
      problems.length === 1
        ? `Configuration problem: ${problems[0]}`
        : [`The configuration has ${problems.length} problems:`, ...problems].join('\n  - '),
    );
  }
}

/** Vault did not return the secrets. The message is one sentence for people and contains no value. */
export class VaultError extends domainError('secrets_unavailable', 'unavailable') {
  /** `status` is the HTTP status of Vault's response, when there was one. */
  constructor(
    message: string,
    readonly status?: number,
  ) {
    super(message);
  }
}

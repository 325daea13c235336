import { DomainError } from '#libs/kernel';

/** The environment cannot be used. Names every problem at once and never a value: values may be secrets, also in the wrong variable. */
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

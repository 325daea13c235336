import { DomainError } from '#libs/kernel';

/** A command cannot do its work. The message is one sentence for the person at the terminal; the exit code is 1. */
export class LaunchError extends DomainError {
  readonly category = 'internal';

  constructor(
    readonly code:
      | 'data_dir_in_use'
      | 'data_dir_unusable'
      | 'port_in_use'
      | 'process_failed'
      | 'launch_configuration_invalid'
      | 'nothing_running'
      | 'not_ready',
    message: string,
  ) {
    super(message);
  }
}

/**
 * The embedded server cannot be used. The message is one sentence that names the file or folder and what to do.
 * The class has the shape of a DomainError but imports no #libs, because jest's global setup loads it before libraries can be resolved.
 */
export class EmbeddedPostgresError extends Error {
  readonly category = 'unavailable';

  constructor(
    readonly code: 'embedded_postgres_unsupported' | 'embedded_postgres_data_unusable' | 'embedded_postgres_start_failed',
    message: string,
  ) {
    super(message);
    this.name = 'EmbeddedPostgresError';
  }
}

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

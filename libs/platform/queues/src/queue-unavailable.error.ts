import { DomainError } from '#libs/kernel';

/** The storage of the queues (PostgreSQL or Redis) did not answer in time, refused the connection, or is not prepared. Passes by itself. */
export class QueueUnavailableError extends DomainError {
  readonly code = 'queue_unavailable';
  readonly category = 'unavailable';
  override readonly retryAfterMs = 1_000;

  /** `reason` is a code of the system or driver, never text that could hold an address or a password. */
  constructor(readonly reason: string) {
    super('The job queues cannot be reached at the moment');
  }
}

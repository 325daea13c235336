import { DomainError } from '#libs/kernel';

/** Something that every request needs is missing: the database, its schema, the queues, or the will to go on. */
export class NotReadyError extends DomainError {
  readonly code = 'not_ready';
  readonly category = 'unavailable';
  override readonly retryAfterMs = 1_000;

  constructor(readonly checks: Readonly<Record<string, string>>) {
    super('The service cannot work at the moment');
  }
}

import { DomainError } from '#libs/kernel';

/** States of a dependency. */
export const CHECKS = ['ok', 'down', 'schema_missing', 'stopping'] as const;
export type Check = (typeof CHECKS)[number];

/** A dependency of every request is missing (the database, its schema or the queues), or the process is stopping. */
export class NotReadyError extends DomainError {
  readonly code = 'not_ready';
  readonly category = 'unavailable';
  override readonly retryAfterMs = 1_000;

  constructor(readonly checks: Readonly<Record<string, string>>) {
    super('The service cannot work at the moment');
  }
}

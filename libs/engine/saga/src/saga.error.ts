import { DomainError } from '#libs/kernel';

export class UnknownSagaKindError extends DomainError {
  readonly code = 'unknown_saga_kind';
  readonly category = 'invalid';

  constructor(kind: string) {
    super(`There is no saga of the kind "${kind}"`);
  }
}

export class SagaNotFoundError extends DomainError {
  readonly code = 'saga_not_found';
  readonly category = 'not_found';

  constructor(readonly sagaId: string) {
    super('There is no such object');
  }
}

/** Another run holds what this one needs. */
export class ResourceBusyError extends DomainError {
  readonly code = 'resource_busy';
  readonly category = 'conflict';

  constructor(readonly resource: string) {
    super(`Another saga is at work on ${resource}`);
  }
}

/** The key was used for another request before (SAG-17). */
export class IdempotencyKeyReusedError extends DomainError {
  readonly code = 'idempotency_key_reused';
  readonly category = 'conflict';

  constructor() {
    super('This Idempotency-Key was used with another body');
  }
}

/** One tenant has as many sagas under way as it may (TEN-6). */
export class TooManySagasError extends DomainError {
  readonly code = 'too_many_sagas';
  readonly category = 'rate_limited';
  override readonly retryAfterMs = 5_000;

  constructor(most: number) {
    super(`No more than ${most} sagas of a tenant run at once: try again when one has ended`);
  }
}

/** The message says why: it has ended, or passed its pivot. */
export class NotCancellableError extends DomainError {
  readonly code = 'not_cancellable';
  readonly category = 'conflict';
}

export class NotRetryableError extends DomainError {
  readonly code = 'not_retryable';
  readonly category = 'conflict';

  constructor(status: string) {
    super(`A saga that is ${status} cannot be tried again`);
  }
}

export class NotReleasableError extends DomainError {
  readonly code = 'not_releasable';
  readonly category = 'conflict';

  constructor(status: string) {
    super(`A saga that is ${status} needs what it holds`);
  }
}

/** Another worker may own the run by now: whatever this one does about it is refused. */
export class LeaseLostError extends DomainError {
  readonly code = 'saga_lease_lost';
  readonly category = 'unavailable';

  constructor(readonly sagaId: string) {
    super('The lease of the saga was lost');
  }
}

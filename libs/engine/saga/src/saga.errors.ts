import { DomainError } from '#libs/kernel';

export class UnknownSagaKindError extends DomainError {
  readonly code = 'unknown_saga_kind';
  readonly category = 'invalid';

  constructor(kind: string) {
    super(`There is no saga of the kind "${kind}"`);
  }
}

/** The saga does not exist, or belongs to another tenant. */
export class SagaNotFoundError extends DomainError {
  readonly code = 'saga_not_found';
  readonly category = 'not_found';

  constructor(readonly sagaId: string) {
    super('There is no such object');
  }
}

/** Another saga has a hold on a resource that this saga needs. */
export class ResourceBusyError extends DomainError {
  readonly code = 'resource_busy';
  readonly category = 'conflict';

  constructor(readonly resource: string) {
    super(`Another saga is at work on ${resource}`);
  }
}

/** The key has been used for another request. [SAG-17] */
export class IdempotencyKeyReusedError extends DomainError {
  readonly code = 'idempotency_key_reused';
  readonly category = 'conflict';

  constructor() {
    super('This Idempotency-Key was used with another body');
  }
}

/** The tenant has the allowed number of open sagas. [TEN-6] */
export class TooManySagasError extends DomainError {
  readonly code = 'too_many_sagas';
  readonly category = 'rate_limited';
  override readonly retryAfterMs = 5_000;

  constructor(limit: number) {
    super(`A tenant may have at most ${limit} open sagas: try again when one has ended`);
  }
}

/** The message contains the reason: the saga has ended, or has passed its pivot. */
export class NotCancellableError extends DomainError {
  readonly code = 'not_cancellable';
  readonly category = 'conflict';
}

export class NotRetryableError extends DomainError {
  readonly code = 'not_retryable';
  readonly category = 'conflict';

  constructor(status: string) {
    super(`A saga that is ${status} cannot be retried`);
  }
}

export class NotReleasableError extends DomainError {
  readonly code = 'not_releasable';
  readonly category = 'conflict';

  constructor(status: string) {
    super(`The holds of a saga that is ${status} cannot be released`);
  }
}

/** Another worker may have claimed the run. The database refuses every further write of this worker for the run. */
export class LeaseLostError extends DomainError {
  readonly code = 'saga_lease_lost';
  readonly category = 'unavailable';

  constructor(readonly sagaId: string) {
    super('The lease of the saga was lost');
  }
}

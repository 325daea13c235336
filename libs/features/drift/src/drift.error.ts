import { DomainError } from '#libs/kernel';

export class DriftNotFoundError extends DomainError {
  readonly code = 'drift_not_found';
  readonly category = 'not_found';

  constructor(readonly driftId: string) {
    super('There is no such drift');
  }
}

/** The message says what has moved on since the drift was shown: whoever decided did not decide about this (DRF-4). */
export class DriftMovedOnError extends DomainError {
  readonly code = 'drift_moved_on';
  readonly category = 'conflict';
}

/** One at a time: what the other finds shows in the inbox. */
export class DetectionRunningError extends DomainError {
  readonly code = 'detection_running';
  readonly category = 'conflict';

  constructor() {
    super('A detection is running; the drifts will show what it found');
  }
}

export class RuleNotFoundError extends DomainError {
  readonly code = 'drift_rule_not_found';
  readonly category = 'not_found';

  constructor(readonly ruleId: string) {
    super('There is no such rule');
  }
}

/** Accepting the live value now would undo what the revert is about to reach. */
export class RevertUnderWayError extends DomainError {
  readonly code = 'revert_under_way';
  readonly category = 'conflict';

  constructor() {
    super('A revert of this drift is under way');
  }
}

export class AlreadyManagedError extends DomainError {
  readonly code = 'already_managed';
  readonly category = 'conflict';

  constructor(readonly resourceId: string) {
    super('The resource has a desired state already');
  }
}

export class ResourceGoneError extends DomainError {
  readonly code = 'resource_gone';
  readonly category = 'conflict';

  constructor(readonly resourceId: string) {
    super('The resource is deleted: there is nothing to take over');
  }
}

import { DomainError } from '#libs/kernel';

export class DriftNotFoundError extends DomainError {
  readonly code = 'drift_not_found';
  readonly category = 'not_found';

  constructor(readonly driftId: string) {
    super('There is no drift with this id');
  }
}

/** The drift has changed since the operator read it, so the decision does not apply to it. The message names the change. [DRF-4] */
export class DriftMovedOnError extends DomainError {
  readonly code = 'drift_moved_on';
  readonly category = 'conflict';
}

/** One detection runs at a time. The caller finds the result of the running one in the list of drifts. */
export class DetectionRunningError extends DomainError {
  readonly code = 'detection_running';
  readonly category = 'conflict';

  constructor() {
    super('A drift detection is already running; its result will appear in the list of drifts');
  }
}

export class RuleNotFoundError extends DomainError {
  readonly code = 'drift_rule_not_found';
  readonly category = 'not_found';

  constructor(readonly ruleId: string) {
    super('There is no drift ignore rule with this id');
  }
}

/** Accepting the live value now would contradict the saga that is about to change it. */
export class RevertUnderWayError extends DomainError {
  readonly code = 'revert_under_way';
  readonly category = 'conflict';

  constructor() {
    super('A revert of this drift is running');
  }
}

export class AlreadyManagedError extends DomainError {
  readonly code = 'already_managed';
  readonly category = 'conflict';

  constructor(readonly resourceId: string) {
    super('The resource already has a desired state');
  }
}

export class ResourceDeletedError extends DomainError {
  readonly code = 'resource_gone';
  readonly category = 'conflict';

  constructor(readonly resourceId: string) {
    super('The resource has been deleted and cannot be adopted');
  }
}

import { domainError } from '#libs/kernel';

export class DriftNotFoundError extends domainError('drift_not_found', 'not_found', 'There is no drift with this id') {}

/** The drift has changed since the operator read it, so the decision does not apply to it. The message names the change. [DRF-4] */
export class DriftMovedOnError extends domainError('drift_moved_on', 'conflict') {}

/** One detection runs at a time. The caller finds the result of the running one in the list of drifts. */
export class DetectionRunningError extends domainError(
  'detection_running',
  'conflict',
  'A drift detection is already running; its result will appear in the list of drifts',
) {}

export class RuleNotFoundError extends domainError('drift_rule_not_found', 'not_found', 'There is no drift ignore rule with this id') {}

/** Accepting the live value now would contradict the saga that is about to change it. */
export class RevertUnderWayError extends domainError(
  'revert_under_way',
  'conflict',
  'A revert of this drift is running: wait for its end',
) {}

export class AlreadyManagedError extends domainError('already_managed', 'conflict', 'The resource already has a desired state') {}

import { domainError, quotedWord, unknownWord } from '#libs/kernel';
import type { SagaPlan } from './definition/plan';

export class UnknownSagaKindError extends domainError(
  'unknown_saga_kind',
  'invalid',
  (kind: string, known: readonly string[] = []) => `There is no saga of the kind ${quotedWord(kind)}: kind ${unknownWord(kind, known)}`,
) {}

/** The saga does not exist, or belongs to another tenant. */
export class SagaNotFoundError extends domainError('saga_not_found', 'not_found', 'There is no such object') {}

/** Another saga has a hold on a resource that this saga needs. */
export class ResourceBusyError extends domainError(
  'resource_busy',
  'conflict',
  (resource: string) => `Another saga is at work on ${resource}: try again when it has ended`,
) {
  constructor(readonly resource: string) {
    super(resource);
  }
}

/** The key has been used for another request. [SAG-17] */
export class IdempotencyKeyReusedError extends domainError(
  'idempotency_key_reused',
  'conflict',
  'This Idempotency-Key was used with another body: send a new key for a new request',
) {}

/** The tenant has the allowed number of open sagas. [TEN-6] */
export class TooManySagasError extends domainError(
  'too_many_sagas',
  'rate_limited',
  (limit: number) => `A tenant may have at most ${limit} open sagas: try again when one has ended`,
  { retryAfterMs: 5_000 },
) {}

/** The message contains the reason: the saga has ended, or has passed its pivot. */
export class NotCancellableError extends domainError('not_cancellable', 'conflict') {}

export class NotRetryableError extends domainError(
  'not_retryable',
  'conflict',
  (status: string) => `A saga that is ${status} cannot be retried, only one that is failed or compensation_failed`,
) {}

/** The tenant sees the saga, because it works on a resource of the tenant, but an operator started it. */
export class OperatorSagaError extends domainError(
  'operator_saga',
  'forbidden',
  'An operator started this saga; only operators can cancel or retry it',
) {}

/** The decision was made already, or the start needed none. */
export class NotAwaitingApprovalError extends domainError(
  'not_awaiting_approval',
  'conflict',
  (status: string) => `The saga does not await approval: it is ${status}`,
) {}

export class OwnApprovalError extends domainError(
  'own_approval',
  'forbidden',
  'Who started a saga or proposed an output for it cannot decide about it: another admin has to approve or reject it',
) {}

/**
 * The saga would do something else by now than the plan that was shown, or than what waits for approval. The message names the change; the
 * answer contains the new plan where there is one. [TNT-3, TNT-4]
 */
export class PlanChangedError extends domainError('plan_changed', 'conflict') {
  constructor(
    change: string,
    readonly plan?: SagaPlan,
  ) {
    super(change);
  }
}

/** The statuses of sagas that have released their holds themselves. */
const ENDED: readonly string[] = ['completed', 'rolled_back', 'rejected'];

export class NotReleasableError extends domainError('not_releasable', 'conflict', (status: string) =>
  ENDED.includes(status)
    ? `A saga that is ${status} holds nothing`
    : `A saga that is ${status} needs what it holds: cancel it, or wait for its end`,
) {}

/** Another worker may have claimed the run. The database refuses every further write of this worker for the run. */
export class LeaseLostError extends domainError('saga_lease_lost', 'unavailable', 'The lease of the saga was lost') {}

/** The table of verbs does not allow it now. */
export class VerbNotAllowedError extends domainError(
  'verb_not_allowed',
  'conflict',
  (verb: string, why: string) => `${verb} is not possible now: ${why}. The field actions of the saga lists what is`,
) {}

/** Another person has changed the saga since the caller read it. */
export class VersionMovedError extends domainError(
  'version_moved',
  'conflict',
  (version: number) => `Somebody has changed the saga meanwhile: read it again, and send its version, which is ${version}`,
) {}

/** Later steps use the output of the step. */
export class OutputRequiredError extends domainError(
  'output_required',
  'conflict',
  (step: string) => `Later steps need the output of ${step}: give it as output, or cancel the saga`,
) {}

/** The step does not find the effect of the output at the provider. */
export class OutputRefusedError extends domainError(
  'output_refused',
  'conflict',
  (step: string, why: string) => `The output cannot be that of ${step}: ${why}`,
) {}

/** The step has an outcome by now, so the proposed output is void. */
export class StepMovedOnError extends domainError(
  'step_moved_on',
  'conflict',
  (step: string) => `The step ${step} has gone on since its output was proposed: the proposal is void`,
) {}

/** A saga that repeats this one is open, has ended well, or waits for a person. */
export class AlreadyRedrivenError extends domainError(
  'already_redriven',
  'conflict',
  (saga: string) => `The saga ${saga} repeats this one already: see how that one ends`,
) {}

export class BulkJobNotFoundError extends domainError('bulk_job_not_found', 'not_found', 'There is no bulk job of sagas with this id') {}

export class TooManySagasInBulkError extends domainError(
  'too_many_sagas_in_bulk',
  'conflict',
  (most: number) => `The filter selects more than ${most} sagas: narrow it, and create several jobs`,
) {}

import { domainError, quotedWord, unknownWord } from '#libs/kernel';

/** The resource does not exist, or it belongs to another tenant: the response is the same for both. [TEN-3] */
export class ResourceNotFoundError extends domainError('resource_not_found', 'not_found', 'There is no such resource') {}

/** Only a living resource can be adopted or protected. */
export class ResourceDeletedError extends domainError('resource_gone', 'conflict', 'The resource has been deleted') {}

/** A change of owner that would count only after the end of the resource. */
export class OwnerAfterEndError extends domainError(
  'resource_gone',
  'conflict',
  (endedAt: Date) =>
    `The resource ended at ${endedAt.toISOString()}, and keeps its last owner: an earlier effective_from corrects the owner that it had`,
) {}

/** The sweep's lease lapsed and another sweep replaced it, or the sweep was closed. It may write nothing more. */
export class SweepLeaseLostError extends domainError(
  'sweep_lease_lost',
  'conflict',
  (sweepId: string) => `Sweep ${sweepId} is no longer the running one`,
) {}

export class SweepNotFoundError extends domainError(
  'sweep_not_found',
  'not_found',
  (sweepId: string) => `Sweep ${sweepId} does not exist`,
) {}

/** Only a suspect sweep can be released, and only until a newer sweep of its kind is complete or suspect. */
export class SweepNotReleasableError extends domainError(
  'sweep_not_releasable',
  'conflict',
  (sweepId: string) => `Sweep ${sweepId} is not suspect, or a newer sweep of its kind has replaced it`,
) {}

/** A request for a sweep of a kind that has none. */
export class UnknownKindError extends domainError(
  'unknown_kind',
  'invalid',
  (kind: string, known: readonly string[] = []) => `There is no kind ${quotedWord(kind)} to sweep: kind ${unknownWord(kind, known)}`,
) {}

/** The events of the requested time have been archived, so the inventory of that time is unknown. */
export class EventsArchivedError extends domainError(
  'events_archived',
  'gone',
  (before: string) => `The inventory is not known for times before ${before}: events before ${before} have been archived`,
) {}

export class ArchiveBusyError extends domainError('archive_busy', 'conflict', 'Another session is archiving events at this moment') {}

export class AttributionRuleNotFoundError extends domainError(
  'attribution_rule_not_found',
  'not_found',
  'There is no attribution rule with this id',
) {}

/** The move was confirmed, or no rule asks for it any more. */
export class AttributionFindingNotFoundError extends domainError(
  'attribution_finding_not_found',
  'not_found',
  'No move of this resource waits for a confirmation',
) {}

/** The rules give the resource to another tenant by now. */
export class FindingChangedError extends domainError('finding_changed', 'conflict', (tenantId: string | null) =>
  tenantId === null
    ? 'The rules give the resource to no tenant by now: read the findings again'
    : `The rules give the resource to ${quotedWord(tenantId)} by now: read the findings again, and confirm that tenant`,
) {}

import { DomainError } from '#libs/kernel';

/** The resource does not exist, or it belongs to another tenant: the response is the same for both. [TEN-3] */
export class ResourceNotFoundError extends DomainError {
  readonly code = 'resource_not_found';
  readonly category = 'not_found';

  constructor(readonly resourceId: string) {
    super('There is no such resource');
  }
}

/** The sweep's lease lapsed and another sweep replaced it, or the sweep was closed. It may write nothing more. */
export class SweepLeaseLostError extends DomainError {
  readonly code = 'sweep_lease_lost';
  readonly category = 'conflict';

  constructor(readonly sweepId: string) {
    super(`Sweep ${sweepId} is no longer the running one`);
  }
}

/** There is no sweep with this id. */
export class SweepNotFoundError extends DomainError {
  readonly code = 'sweep_not_found';
  readonly category = 'not_found';

  constructor(readonly sweepId: string) {
    super(`Sweep ${sweepId} does not exist`);
  }
}

/** Only a suspect sweep can be released, and only until a newer sweep of its kind is complete or suspect. */
export class SweepNotReleasableError extends DomainError {
  readonly code = 'sweep_not_releasable';
  readonly category = 'conflict';

  constructor(readonly sweepId: string) {
    super(`Sweep ${sweepId} is not suspect, or a newer sweep of its kind has replaced it`);
  }
}

/** No sweep has this name. */
export class UnknownKindError extends DomainError {
  readonly code = 'unknown_kind';
  readonly category = 'invalid';

  constructor(readonly kind: string) {
    super(`There is no kind "${kind.slice(0, 60)}" to sweep`);
  }
}

/** The events of the requested time have been archived, so the inventory of that time is unknown. */
export class EventsArchivedError extends DomainError {
  readonly code = 'events_archived';
  readonly category = 'gone';

  constructor(readonly before: string) {
    super(`The inventory is not known for times before ${before}: events before ${before} have been archived`);
  }
}

/** Another session is archiving events. */
export class ArchiveBusyError extends DomainError {
  readonly code = 'archive_busy';
  readonly category = 'conflict';

  constructor() {
    super('Another session is archiving events at this moment');
  }
}

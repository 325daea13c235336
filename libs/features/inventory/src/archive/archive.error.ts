import { DomainError } from '#libs/kernel';

/** The events of that time have been archived, so the inventory of that time is not known any more. */
export class EventsArchivedError extends DomainError {
  readonly code = 'events_archived';
  readonly category = 'gone';

  constructor(readonly before: string) {
    super(`The inventory is not known for times before ${before}: events before ${before} have been archived`);
  }
}

/** Somebody else lets events leave at this moment. */
export class ArchiveBusyError extends DomainError {
  readonly code = 'archive_busy';
  readonly category = 'conflict';

  constructor() {
    super('Another session is letting events leave at this moment');
  }
}

import { DomainError } from '#libs/kernel';

/** The process was told to end while it worked; the work is handed back. */
export class WorkStoppedError extends DomainError {
  readonly code = 'work_stopped';
  readonly category = 'unavailable';

  constructor() {
    super('The worker is ending; another one takes over');
  }
}

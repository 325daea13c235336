import { DomainError } from '#libs/kernel';

/** Nothing is on offer: that is a token without the scope, whose lists come back empty, and never a catalogue. */
export class EmptyCatalogError extends DomainError {
  readonly code = 'empty_catalogue';
  readonly category = 'unavailable';

  constructor() {
    super('DigitalOcean lists nothing that could be ordered');
  }
}

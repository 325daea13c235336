import { DomainError } from '#libs/kernel';

/** The sweep was silent for longer than its lease and another took its place, or it was closed: it may write nothing more. */
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

/** Only a suspect sweep can be released, and only while no newer sweep of its kind has been complete or suspect. */
export class SweepNotReleasableError extends DomainError {
  readonly code = 'sweep_not_releasable';
  readonly category = 'conflict';

  constructor(readonly sweepId: string) {
    super(`Sweep ${sweepId} is not suspect, or a newer sweep of its kind has replaced it`);
  }
}

/** No kind of this name has a list of its own that could be swept. */
export class UnknownKindError extends DomainError {
  readonly code = 'unknown_kind';
  readonly category = 'invalid';

  constructor(readonly kind: string) {
    super(`There is no kind "${kind.slice(0, 60)}" to sweep`);
  }
}

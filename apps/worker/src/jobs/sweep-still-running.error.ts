import { DomainError } from '#libs/kernel';

/**
 * A job that was taken over found its kind being swept: most likely by the dead worker, whose lease has not lapsed yet. Tried again, so that
 * the kind does not wait for its next tick. When a living worker is at it, its sweep is as good, and giving up costs nothing.
 */
export class SweepStillRunningError extends DomainError {
  readonly code = 'sweep_still_running';
  readonly category = 'unavailable';

  constructor(readonly sweepId: string) {
    super(`Sweep ${sweepId} still holds the place of its kind`);
  }
}

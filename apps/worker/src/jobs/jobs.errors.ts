import { domainError } from '#libs/kernel';

/**
 * A job that was taken over found its kind being swept, most likely by the dead worker before its lease has lapsed. The job is retried, so
 * that the kind does not wait for its next tick. If a living worker runs that sweep, the retries end with its result.
 */
export class SweepStillRunningError extends domainError('sweep_still_running', 'unavailable') {
  constructor(readonly sweepId: string) {
    super(`Sweep ${sweepId} is still running, so no other sweep of its kind can start; the job is tried again`);
  }
}

/** The process ended before the work was complete, so the job is handed back to the queue. */
export class WorkStoppedError extends domainError(
  'work_stopped',
  'unavailable',
  'The worker is ending; another worker takes the job over',
) {}

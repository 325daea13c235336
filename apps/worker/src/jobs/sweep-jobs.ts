import { Injectable } from '@nestjs/common';
import type { Job } from 'bullmq';
import { isSweepable, SweepService, type SweepStatus } from '#libs/inventory';
import { withLogFields } from '#libs/observability';
import { TickClaims, type SweepJob } from '#libs/queues';
import { StopSignal } from './run-job';
import { claimTick, isRetry } from './timetable';
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

/** Stored with a finished job. `not_due`: another job claimed the tick, the kind rests, or only another release knows the kind. */
export type SweepOutcome = { readonly status: SweepStatus; readonly sweep_id: string } | { readonly status: 'not_due' };

/** Runs sweeps for jobs. A tick of a schedule runs once, by the database's clock; every other job runs whenever it is enqueued. [OPS-7] */
@Injectable()
export class SweepJobs {
  constructor(
    private readonly sweeps: SweepService,
    private readonly ticks: TickClaims,
    private readonly stop: StopSignal,
  ) {}

  /**
   * Throws `WorkStoppedError` when the process ended before the sweep did: another worker then takes the job over. Throws
   * `SweepStillRunningError` when the job was taken over before the lease of the dead worker's sweep has lapsed.
   */
  async run(job: Job<SweepJob>): Promise<SweepOutcome> {
    const { kind, trigger } = job.data;
    if (!isSweepable(kind) || !(await this.isDue(job))) return { status: 'not_due' };
    const { signal } = this.stop;
    const sweep = await withLogFields({ kind }, () => this.sweeps.run(kind, { trigger, signal }));
    if (signal.aborted && sweep.status !== 'complete') throw new WorkStoppedError();
    if (sweep.status === 'running' && isRetry(job)) throw new SweepStillRunningError(sweep.id);
    return { status: sweep.status, sweep_id: sweep.id };
  }

  private async isDue(job: Job<SweepJob>): Promise<boolean> {
    const { kind, trigger } = job.data;
    if (trigger !== 'manual' && (await this.sweeps.shouldSkip(kind))) return false;
    return claimTick(this.ticks, job);
  }
}

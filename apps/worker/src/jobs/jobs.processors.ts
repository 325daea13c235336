import { Processor, WorkerHost } from '@nestjs/bullmq';
import { Injectable } from '@nestjs/common';
import type { Job } from 'bullmq';
import { DriftDetectionService, DetectionRunningError, type DetectionReport } from '#libs/drift';
import { Queues, TickClaims, type JobName, type SweepJob } from '#libs/queues';
import { runJob } from './run-job';
import { SweepJobs, type SweepOutcome } from './sweep-jobs';
import { claimTick, type JobAttempt } from './timetable';
import { SagaEngine } from '#libs/saga';

/** Stored with a finished job. `not_due`: another job claimed the tick, or a detection was running already. */
export type DriftOutcome = DetectionReport | { readonly status: 'not_due' };

/** Runs drift detections for jobs. A tick of the schedule runs once, by the database's clock. [OPS-7] */
@Injectable()
export class DriftJobs {
  constructor(
    private readonly detection: DriftDetectionService,
    private readonly ticks: TickClaims,
  ) {}

  async run(job: JobAttempt): Promise<DriftOutcome> {
    if (!(await claimTick(this.ticks, job))) return { status: 'not_due' };
    try {
      return await this.detection.run();
    } catch (error) {
      if (error instanceof DetectionRunningError) return { status: 'not_due' };
      throw error;
    }
  }
}

/** Sweeps the kinds that are due every minute. Two at once, so that the action feed does not wait for the droplets. */
@Processor(Queues.syncFast, { concurrency: 2 })
export class SyncFastProcessor extends WorkerHost {
  constructor(private readonly sweeps: SweepJobs) {
    super();
  }

  process(job: Job<SweepJob>): Promise<SweepOutcome> {
    return runJob(job, () => this.sweeps.run(job));
  }
}

/** Sweeps the kinds that are due every quarter of an hour, and detects drift against their desired state. */
@Processor(Queues.syncFull, { concurrency: 3 })
export class SyncFullProcessor extends WorkerHost {
  constructor(
    private readonly sweeps: SweepJobs,
    private readonly drift: DriftJobs,
  ) {
    super();
  }

  process(job: Job<SweepJob, unknown, JobName>): Promise<SweepOutcome | DriftOutcome> {
    return runJob<SweepOutcome | DriftOutcome>(job, () => (job.name === 'drift' ? this.drift.run(job) : this.sweeps.run(job)));
  }
}

/** Sweeps the kinds that are due every hour. */
@Processor(Queues.syncSlow, { concurrency: 2 })
export class SyncSlowProcessor extends WorkerHost {
  constructor(private readonly sweeps: SweepJobs) {
    super();
  }

  process(job: Job<SweepJob>): Promise<SweepOutcome> {
    return runJob(job, () => this.sweeps.run(job));
  }
}

/** A job is a wake-up: it carries no work. The engine claims the sagas that are due and runs them outside of the job. */
@Processor(Queues.provisioning)
export class ProvisioningProcessor extends WorkerHost {
  constructor(private readonly engine: SagaEngine) {
    super();
  }

  process(job: Job): Promise<void> {
    return runJob(job, async () => this.engine.wake());
  }
}

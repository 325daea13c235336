import { Processor, WorkerHost } from '@nestjs/bullmq';
import type { Job } from 'bullmq';
import { Queues, type JobName, type SweepJob } from '#libs/queues';
import { DriftJobs, type DriftOutcome } from './drift-jobs';
import { runJob } from './settle';
import { SweepJobs, type SweepOutcome } from './sweep-jobs';

/** Kinds that are looked at every quarter of an hour, and what they mean for what was ordered. */
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

import { Processor, WorkerHost } from '@nestjs/bullmq';
import type { Job } from 'bullmq';
import { Queues, type SweepJob } from '#libs/queues';
import { runJob } from './settle';
import { SweepJobs, type SweepOutcome } from './sweep-jobs';

/** Kinds that are looked at every hour. */
@Processor(Queues.syncSlow, { concurrency: 2 })
export class SyncSlowProcessor extends WorkerHost {
  constructor(private readonly sweeps: SweepJobs) {
    super();
  }

  process(job: Job<SweepJob>): Promise<SweepOutcome> {
    return runJob(job, () => this.sweeps.run(job));
  }
}

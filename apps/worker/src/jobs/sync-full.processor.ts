import { Processor, WorkerHost } from '@nestjs/bullmq';
import type { Job } from 'bullmq';
import { Queues, type SweepJob } from '#libs/queues';
import { settle } from './settle';
import { SweepJobs, type SweepOutcome } from './sweep-jobs';

/** Kinds that are looked at every quarter of an hour. */
@Processor(Queues.syncFull, { concurrency: 3 })
export class SyncFullProcessor extends WorkerHost {
  constructor(private readonly sweeps: SweepJobs) {
    super();
  }

  process(job: Job<SweepJob>): Promise<SweepOutcome> {
    return settle(job, () => this.sweeps.run(job));
  }
}

import { Processor, WorkerHost } from '@nestjs/bullmq';
import type { Job } from 'bullmq';
import { Queues } from '#libs/queues';
import { BillingJobs, type BillingJob } from './billing-jobs';
import { runJob } from './settle';

/** What the provider says about money, and what finance is told of it. A long invoice holds up neither the balance nor the others. */
@Processor(Queues.billing, { concurrency: 3 })
export class BillingProcessor extends WorkerHost {
  constructor(private readonly jobs: BillingJobs) {
    super();
  }

  process(job: Job<BillingJob['data'], unknown, BillingJob['name']>): Promise<void> {
    return runJob(job, () => this.jobs.run({ name: job.name, data: job.data } as BillingJob));
  }
}

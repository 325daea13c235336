import { Processor, WorkerHost } from '@nestjs/bullmq';
import type { Job } from 'bullmq';
import { BalanceSnapshots } from '#libs/billing';
import { Queues, type BalanceJob } from '#libs/queues';
import { settle } from './settle';

/** What the provider says about money. */
@Processor(Queues.billing)
export class BillingProcessor extends WorkerHost {
  constructor(private readonly balances: BalanceSnapshots) {
    super();
  }

  process(job: Job<BalanceJob>): Promise<void> {
    return settle(job, () => this.balances.take());
  }
}

import { Processor, WorkerHost } from '@nestjs/bullmq';
import type { Job } from 'bullmq';
import { Queues } from '#libs/queues';
import { SagaEngine } from '#libs/saga';
import { runJob } from './run-job';

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

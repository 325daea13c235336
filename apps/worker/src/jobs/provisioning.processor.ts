import { Processor, WorkerHost } from '@nestjs/bullmq';
import type { Job } from 'bullmq';
import { Queues } from '#libs/queues';
import { SagaEngine } from '#libs/saga';
import { runJob } from './settle';

/** A job is a doorbell: the engine claims what is due and works on its own time. */
@Processor(Queues.provisioning)
export class ProvisioningProcessor extends WorkerHost {
  constructor(private readonly engine: SagaEngine) {
    super();
  }

  process(job: Job): Promise<void> {
    return runJob(job, async () => this.engine.wake());
  }
}

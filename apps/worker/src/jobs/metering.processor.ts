import { Processor, WorkerHost } from '@nestjs/bullmq';
import { Injectable } from '@nestjs/common';
import type { Job } from 'bullmq';
import { Enqueuer, Queues, type Jobs } from '#libs/queues';
import { DocumentFiles } from '#libs/tenant-billing';
import { runJob } from './run-job';

type MeteringJobName = 'documents' | 'document';

/** A job of the queue `metering`: its name decides the type of its data. */
export type MeteringJob = { [N in MeteringJobName]: { readonly name: N; readonly data: Jobs[N] } }[MeteringJobName];

/** Documents that are enqueued at once; the next search finds the others. */
const MAX_DOCUMENTS = 1_000;

/** Renders documents of tenants, and finds the ones that are due although no job is enqueued for them. */
@Injectable()
export class MeteringJobs {
  constructor(
    private readonly files: DocumentFiles,
    private readonly enqueuer: Enqueuer,
  ) {}

  async run(job: MeteringJob): Promise<void> {
    return job.name === 'document' ? this.files.render(job.data.document_id) : this.enqueueDueJobs();
  }

  /** The table decides, so a job that the queue has lost is enqueued again. Documents that are due for payment earlier come first. */
  async enqueueDueJobs(): Promise<void> {
    await this.enqueuer.documents(await this.files.due(MAX_DOCUMENTS));
  }
}

/** One document at a time: rendering is computation, which a second one at the same time would only delay. */
@Processor(Queues.metering)
export class MeteringProcessor extends WorkerHost {
  constructor(private readonly jobs: MeteringJobs) {
    super();
  }

  process(job: Job<MeteringJob['data'], unknown, MeteringJob['name']>): Promise<void> {
    return runJob(job, () => this.jobs.run({ name: job.name, data: job.data } as MeteringJob));
  }
}

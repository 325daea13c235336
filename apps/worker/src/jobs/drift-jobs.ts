import { Injectable } from '@nestjs/common';
import { DriftDetectionService, DetectionRunningError, type DetectionReport } from '#libs/drift';
import { TickClaims } from '#libs/queues';
import { isItsTurn, type JobAttempt } from './job-tick';

/** What is kept with a finished job. `not_due`: the tick was another job's, or a detection was running already. */
export type DriftOutcome = DetectionReport | { readonly status: 'not_due' };

/** Detections for jobs: a tick of the schedule runs once by the database's clock (OPS-7). */
@Injectable()
export class DriftJobs {
  constructor(
    private readonly detection: DriftDetectionService,
    private readonly ticks: TickClaims,
  ) {}

  async run(job: JobAttempt): Promise<DriftOutcome> {
    if (!(await isItsTurn(this.ticks, job))) return { status: 'not_due' };
    try {
      return await this.detection.run();
    } catch (error) {
      if (error instanceof DetectionRunningError) return { status: 'not_due' };
      throw error;
    }
  }
}

import { counter, histogram } from '#libs/observability';
import { Injectable } from '@nestjs/common';
import type { Checkpoint } from '../run/saga-run';

const SECONDS = [0.005, 0.02, 0.1, 0.5, 1, 2, 5, 10, 30, 60, 300];

const boundaries = counter('arcadia_saga_boundaries_total', 'Step boundaries written, by what became of the step', [
  'kind',
  'step',
  'step_status',
]);
const ends = counter('arcadia_sagas_ended_total', 'Sagas that came to an end, by status', ['kind', 'status']);
const executions = histogram('arcadia_saga_step_seconds', 'Time of one execution of a step', ['kind', 'step'], SECONDS);
const delays = histogram('arcadia_saga_resume_delay_seconds', 'From the time a saga was due to its claim', ['kind'], SECONDS);
const failures = counter('arcadia_saga_compensation_failures_total', 'Compensations that gave up: something is left at the provider', [
  'kind',
  'step',
]);

/** Counts what the engine of this process does; how many runs there are is asked of the database (`saga.gauges.ts`). */
@Injectable()
export class SagaMetrics {
  claimed(kind: string, lateMs: number): void {
    delays.observe({ kind }, Math.max(0, lateMs) / 1000);
  }

  moved(kind: string, { step, status }: Checkpoint, final: boolean): void {
    if (step) {
      boundaries.inc({ kind, step: step.name, step_status: step.status });
      executions.observe({ kind, step: step.name }, step.tookMs / 1000);
      if (step.status === 'compensation_failed') failures.inc({ kind, step: step.name });
    }
    if (final) ends.inc({ kind, status });
  }
}

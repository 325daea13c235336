import { Database } from '#libs/database';
import { counter, gauge, histogram, metrics } from '#libs/observability';
import { Injectable, type OnModuleInit } from '@nestjs/common';
import type { Boundary } from '../run/saga-run';

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

/** Counts what the engine of this process does; how many runs there are in which status is asked of the database with each answer. */
@Injectable()
export class SagaMetrics implements OnModuleInit {
  constructor(private readonly database: Database) {}

  onModuleInit(): void {
    metrics.removeSingleMetric('arcadia_sagas');
    gauge('arcadia_sagas', 'Sagas that are not over well, by status', ['kind', 'status'], async (runs) => {
      const rows = await this.database.query<{ kind: string; status: string; count: number }>(
        `select kind, status, count(*)::int as count from saga_runs where wake_at is not null or status in ('failed', 'compensation_failed') group by 1, 2`,
      );
      for (const { kind, status, count } of rows) runs.set({ kind, status }, count);
    });
  }

  claimed(kind: string, lateMs: number): void {
    delays.observe({ kind }, Math.max(0, lateMs) / 1000);
  }

  moved(kind: string, { step, status }: Boundary, final: boolean): void {
    if (step) {
      boundaries.inc({ kind, step: step.name, step_status: step.status });
      executions.observe({ kind, step: step.name }, step.tookMs / 1000);
      if (step.status === 'compensation_failed') failures.inc({ kind, step: step.name });
    }
    if (final) ends.inc({ kind, status });
  }
}

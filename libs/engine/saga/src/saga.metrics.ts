import type { DatabaseGauge } from '#libs/database';
import { counter, histogram } from '#libs/observability';
import { Injectable } from '@nestjs/common';
import { FAILED_STATUSES, isOpen, quoted, type SagaStatus, type StepStatus } from './saga.states';

const SECONDS = [0.005, 0.02, 0.1, 0.5, 1, 2, 5, 10, 30, 60, 300];

const checkpoints = counter('arcadia_saga_boundaries_total', 'Step checkpoints written, by the status of the step', [
  'kind',
  'step',
  'step_status',
]);
const ends = counter('arcadia_sagas_ended_total', 'Sagas that ended, by status', ['kind', 'status']);
const executions = histogram('arcadia_saga_step_seconds', 'Time of one execution of a step', ['kind', 'step'], SECONDS);
const delays = histogram('arcadia_saga_resume_delay_seconds', 'From the time a saga was due to its claim', ['kind'], SECONDS);
const failures = counter(
  'arcadia_saga_compensation_failures_total',
  'Compensations that failed for good and left something at the provider',
  ['kind', 'step'],
);

interface ExecutedStep {
  readonly name: string;
  readonly status: StepStatus;
  readonly tookMs: number;
}

/** Counts the work of this process's engine. The number of runs is read from the database by `SAGA_GAUGES`. */
@Injectable()
export class SagaMetrics {
  recordClaim(kind: string, lateMs: number): void {
    delays.observe({ kind }, Math.max(0, lateMs) / 1000);
  }

  /** `ended`: the status in which the saga ended, or null while it continues. */
  recordCheckpoint(kind: string, step: ExecutedStep | null, ended: SagaStatus | null): void {
    if (step) {
      checkpoints.inc({ kind, step: step.name, step_status: step.status });
      executions.observe({ kind, step: step.name }, step.tookMs / 1000);
      if (step.status === 'compensation_failed') failures.inc({ kind, step: step.name });
    }
    if (ended) ends.inc({ kind, status: ended });
  }
}

/**
 * Gauges that a scrape reads from the runs. Sagas that ended well are not counted, so the partial indexes `saga_runs_due` and
 * `saga_runs_gave_up` contain every row that is read. Set-based: each statement counts all open sagas.
 */
export const SAGA_GAUGES: readonly DatabaseGauge[] = [
  {
    name: 'arcadia_sagas',
    help: 'Sagas that are open or failed, by status',
    labels: ['kind', 'status'],
    sql: `select kind, status, count(*) as value
            from (select kind, status from saga_runs r where ${isOpen('r')}
                  union all select kind, status from saga_runs where status in (${quoted(FAILED_STATUSES)})) open
           group by 1, 2`,
  },
  {
    name: 'arcadia_saga_oldest_seconds',
    help: 'Age of the oldest saga that runs or waits; one that awaits approval does not count',
    labels: ['kind', 'status'],
    sql: `select kind, status, extract(epoch from clock_timestamp() - min(created_at)) as value from saga_runs
           where wake_at is not null group by 1, 2`,
  },
  {
    name: 'arcadia_saga_overdue_seconds',
    help: 'For how long the longest overdue saga has been due without a worker',
    labels: [],
    sql: `select coalesce(extract(epoch from clock_timestamp() - min(greatest(wake_at, lease_until))), 0) as value from saga_runs
           where wake_at < clock_timestamp() and (lease_until is null or lease_until < clock_timestamp())`,
  },
];

export {
  JOB_OPTIONS,
  QUEUE_NAMES,
  Queues,
  type JobName,
  type Jobs,
  type QueueName,
  type BalanceJob,
  type BillingHistoryJob,
  type FinancePushJob,
  type IngestJob,
  type SweepJob,
  type SweepTrigger,
} from './queue-definitions';
export { Enqueuer } from './enqueuer';
export { POSTGRES_CONNECTIONS } from './postgres-backend';
export { prepareQueueSchema } from './prepare-queue-schema';
export { QueueClients, type JobQueue } from './queue-clients';
export { QueueHealth } from './queue-health';
export { QueueUnavailableError } from './queue-unavailable.error';
export { QueuesModule } from './queues.module';
export type { ScheduleEntry, Timing } from './schedule-entry';
export { Schedules, type EnsureReport } from './schedules';
export { traceOf } from './traced-queue';
export { TickClaims } from './tick-claims';
export { workerClass, type JobWorker } from './worker-class';

export { Enqueuer } from './enqueuer';
export { POSTGRES_CONNECTIONS } from './postgres-backend';
export { prepareQueueSchema } from './prepare-queue-schema';
export { QueueClients, QueueHealth, QueueUnavailableError, traceOf, type JobQueue } from './queue-clients';
export {
  JOB_OPTIONS,
  QUEUE_NAMES,
  Queues,
  type BalanceJob,
  type BillingHistoryJob,
  type FinancePushJob,
  type IngestJob,
  type JobName,
  type Jobs,
  type QueueName,
  type RatingJob,
  type SweepJob,
  type SweepTrigger,
} from './queue-definitions';
export { QueuesModule, workerClass, type JobWorker } from './queues.module';
export { Schedules, type EnsureReport, type ScheduleEntry } from './schedules';
export { TickClaims, type Timing } from './tick-claims';
export { WakeupService } from './wakeup.service';

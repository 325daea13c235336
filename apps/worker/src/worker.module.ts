import type { WorkerHost } from '@nestjs/bullmq';
import { Module, type DynamicModule, type Type } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { HealthCheckService, TerminusModule } from '@nestjs/terminus';
import { AccountsModule } from '#libs/accounts';
import { AuditModule } from '#libs/audit';
import { CatalogModule } from '#libs/catalog';
import { ConfigModule, type Config } from '#libs/config';
import { CostsModule } from '#libs/costs';
import { DatabaseHealth, DatabaseModule } from '#libs/database';
import { DigitalOceanModule } from '#libs/digitalocean';
import { DriftModule } from '#libs/drift';
import { EventsModule } from '#libs/events';
import { InventoryModule } from '#libs/inventory';
import { NotificationsModule } from '#libs/notifications';
import { OutboundHttpModule } from '#libs/outbound-http';
import { ProviderBillingModule } from '#libs/provider-billing';
import { ProvisioningModule } from '#libs/provisioning';
import { QUEUE_NAMES, QueueHealth, Queues, QueuesModule, type QueueName } from '#libs/queues';
import { ReadinessService } from '#libs/runtime';
import { SagaModule } from '#libs/saga';
import { TenantBillingModule } from '#libs/tenant-billing';
import { AccountHealth, HealthController, MetricsController } from './health/health.controller';
import { BillingJobs, BillingProcessor } from './jobs/billing.processor';
import { NotificationsProcessor, ProvisioningProcessor } from './jobs/jobs.processors';
import { MeteringJobs, MeteringProcessor } from './jobs/metering.processor';
import { RequestedMessages } from './jobs/requested-messages';
import { StopSignal } from './jobs/run-job';
import { DriftJobs, SweepJobs, SyncFastProcessor, SyncFullProcessor, SyncSlowProcessor } from './jobs/jobs.processors';
import { DatabaseClock } from './lifetime/database-clock';
import { GracefulShutdown } from './lifetime/graceful-shutdown';
import { SagaWorker } from './lifetime/saga-worker';
import { WorkerBootstrap } from './lifetime/worker-bootstrap';
import {
  BulkTask,
  ChainSealing,
  CostRollupTask,
  DunningTask,
  EventNumbering,
  InvoiceTask,
  NotificationTask,
  PriceTask,
  RetentionTask,
} from './maintenance/maintenance.tasks';
import { SagaMaintenance } from './maintenance/saga-maintenance';
import { ScheduleKeeper } from './maintenance/schedule-keeper';

/** The libraries of the worker. The api has a list of the same form in its module; the two processes differ by these lists. */
const librariesOf = (config: Config, queues: readonly QueueName[]) => [
  ConfigModule.forRoot(config),
  DatabaseModule,
  AuditModule,
  EventsModule,
  DigitalOceanModule,
  OutboundHttpModule,
  QueuesModule.forRoot(config, queues),
  AccountsModule,
  InventoryModule,
  SagaModule,
  ProvisioningModule,
  CatalogModule,
  ProviderBillingModule,
  CostsModule,
  TenantBillingModule,
  DriftModule,
  NotificationsModule,
  DiscoveryModule,
  TerminusModule.forRoot({ logger: false }),
];

/** The processor of each queue. */
const PROCESSORS: Record<QueueName, Type<WorkerHost>> = {
  [Queues.syncFast]: SyncFastProcessor,
  [Queues.syncFull]: SyncFullProcessor,
  [Queues.syncSlow]: SyncSlowProcessor,
  [Queues.billing]: BillingProcessor,
  [Queues.provisioning]: ProvisioningProcessor,
  [Queues.notifications]: NotificationsProcessor,
  [Queues.metering]: MeteringProcessor,
};

const TASKS = [
  ScheduleKeeper,
  ChainSealing,
  EventNumbering,
  NotificationTask,
  RetentionTask,
  PriceTask,
  CostRollupTask,
  InvoiceTask,
  DunningTask,
  BulkTask,
  SagaMaintenance,
];

export function processorsOf(queues: readonly QueueName[]): Type<WorkerHost>[] {
  return queues.map((queue) => PROCESSORS[queue]);
}

/** The worker process: one processor per queue of `WORKER_QUEUES`, the periodic tasks, and its probes. */
@Module({})
export class WorkerModule {
  static forRoot(config: Config): DynamicModule {
    const queues = config.worker.queues === 'all' ? QUEUE_NAMES : config.worker.queues;
    return {
      module: WorkerModule,
      imports: librariesOf(config, queues),
      controllers: [HealthController, MetricsController],
      providers: [
        ...processorsOf(queues),
        ...TASKS,
        BillingJobs,
        DriftJobs,
        MeteringJobs,
        RequestedMessages,
        SweepJobs,
        SagaWorker,
        DatabaseClock,
        WorkerBootstrap,
        GracefulShutdown,
        StopSignal,
        AccountHealth,
        ReadinessService.provider(HealthCheckService, [DatabaseHealth, QueueHealth, WorkerBootstrap, AccountHealth]),
      ],
    };
  }
}

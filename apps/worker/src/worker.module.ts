import { Module, type DynamicModule } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { ProviderBillingModule } from '#libs/provider-billing';
import { CatalogModule } from '#libs/catalog';
import { AuditModule } from '#libs/audit';
import { ProvisioningModule } from '#libs/provisioning';
import { ConfigModule, type Config } from '#libs/config';
import { DatabaseModule } from '#libs/database';
import { DigitalOceanModule } from '#libs/digitalocean';
import { DriftModule } from '#libs/drift';
import { InventoryModule } from '#libs/inventory';
import { QUEUE_NAMES, QueuesModule } from '#libs/queues';
import { SagaModule } from '#libs/saga';
import { HealthController } from './health/health.controller';
import { MetricsController } from './health/metrics.controller';
import { Readiness } from './health/readiness';
import { processorsOf } from './jobs/processors';
import { BillingJobs } from './jobs/billing-jobs';
import { DriftJobs } from './jobs/drift-jobs';
import { SweepJobs } from './jobs/sweep-jobs';
import { DatabaseClock } from './lifetime/database-clock';
import { StopSignal } from './lifetime/stop-signal';
import { WorkerBootstrap } from './lifetime/work-start';
import { GracefulShutdown } from './lifetime/worker-drain';
import { RetentionTask } from './record/housekeeping';
import { ChainSealing } from './record/record-sealing';
import { SagaMaintenance } from './sagas/upkeep';
import { SagaWorker } from './sagas/saga-work';
import { ScheduleKeeper } from './schedules/schedule-keeper';

/** The worker process: one processor per queue of `WORKER_QUEUES`, the timetable, and health. */
@Module({})
export class WorkerModule {
  static forRoot(config: Config): DynamicModule {
    const queues = config.worker.queues === 'all' ? QUEUE_NAMES : config.worker.queues;
    return {
      module: WorkerModule,
      imports: [
        ConfigModule.forRoot(config),
        DatabaseModule,
        AuditModule,
        DigitalOceanModule,
        QueuesModule.forRoot(config, queues),
        InventoryModule,
        SagaModule,
        ProvisioningModule,
        CatalogModule,
        ProviderBillingModule,
        DriftModule,
        DiscoveryModule,
      ],
      controllers: [HealthController, MetricsController],
      providers: [
        ...processorsOf(queues),
        BillingJobs,
        DriftJobs,
        SweepJobs,
        ScheduleKeeper,
        ChainSealing,
        RetentionTask,
        SagaMaintenance,
        SagaWorker,
        DatabaseClock,
        WorkerBootstrap,
        GracefulShutdown,
        StopSignal,
        Readiness,
      ],
    };
  }
}

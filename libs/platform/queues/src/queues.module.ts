import { CONFIG, type Config } from '#libs/config';
import { BullModule } from '@nestjs/bullmq';
import { Inject, Module, type DynamicModule, type Type } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { Worker, type IQueueBackend, type Processor, type WorkerOptions } from 'bullmq';
import { Enqueuer } from './enqueuer';
import { QueueClients, QueueHealth } from './queue-clients';
import { ScheduleTick } from './entities/schedule-tick.entity';
import type { QueueName } from './queue-definitions';
import { QueueMetrics } from './queues.metrics';
import { Schedules } from './schedules';
import { TickClaims } from './tick-claims';
import { WakeupService } from './wakeup.service';

/** BullMQ's worker on either backend. */
export type JobWorker = Worker<unknown, unknown, string, IQueueBackend>;

/**
 * BullMQ's worker, bound to this process's backend. A dead worker's job is taken over after at most lock + check (15 s), any number of
 * times, because the death of a worker does not mean that the job is at fault. Errors of the connection are retried every second; BullMQ
 * would wait for 15 s. [OPS-3]
 */
export function workerClass(clients: QueueClients, { lockMs, stalledCheckMs }: Config['queues']): Type<JobWorker> {
  return class BoundWorker extends Worker<unknown, unknown, string, IQueueBackend> {
    constructor(name: string, processor: Processor, options?: Partial<WorkerOptions>) {
      const { forWorkers, prefix, idlePollS } = clients.backend;
      const bound: WorkerOptions = {
        ...options,
        connection: {},
        ...(prefix && { prefix }),
        lockDuration: lockMs,
        stalledInterval: stalledCheckMs,
        maxStalledCount: 1_000,
        runRetryDelay: 1_000,
        drainDelay: idlePollS,
      };
      super(name, processor, bound, forWorkers);
      this.on('error', clients.onError);
    }
  };
}

/**
 * Only in processes that run jobs. `@nestjs/bullmq` creates the workers of `@Processor` classes with the class set here; a static property
 * is the only way that it offers. Its own queues are not used.
 */
@Module({})
class WorkerClassModule {
  constructor(@Inject(CONFIG) config: Config, clients: QueueClients) {
    BullModule.workerClass = workerClass(clients, config.queues);
  }
}

/** Needs `ConfigModule` and `DatabaseModule`. */
@Module({})
export class QueuesModule {
  /**
   * `worked`: the queues of which this process runs the jobs; none for a process that only enqueues. Its workers start when the process
   * calls `BullRegistrar.register()`, once the schema is current.
   */
  static forRoot(config: Config, worked: readonly QueueName[] = []): DynamicModule {
    const providers = [QueueClients, QueueMetrics, QueueHealth, Enqueuer, WakeupService, Schedules, TickClaims];
    const working = [
      BullModule.forRoot({ connection: {}, extraOptions: { manualRegistration: true } }),
      BullModule.registerQueue(),
      WorkerClassModule,
    ];
    const imports = [TypeOrmModule.forFeature([ScheduleTick]), ...(worked.length > 0 ? working : [])];
    return { module: QueuesModule, global: true, imports, providers, exports: providers };
  }
}

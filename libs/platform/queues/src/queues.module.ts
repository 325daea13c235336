import { CONFIG, type Config } from '#libs/config';
import { BullModule } from '@nestjs/bullmq';
import { Inject, Module, type DynamicModule } from '@nestjs/common';
import type { QueueName } from './queue-definitions';
import { Enqueuer } from './enqueuer';
import { QueueClients } from './queue-clients';
import { QueueGauges } from './queue-gauges';
import { QueueHealth } from './queue-health';
import { Schedules } from './schedules';
import { TickClaims } from './tick-claims';
import { workerClass } from './worker-class';

/** Only in processes that work: `@nestjs/bullmq` makes the workers of `@Processor` classes with this class. Its queues are not used. */
@Module({})
class WorkingModule {
  constructor(@Inject(CONFIG) config: Config, clients: QueueClients) {
    BullModule.workerClass = workerClass(clients, config.queues);
  }
}

/** Needs `ConfigModule` and `DatabaseModule`. */
@Module({})
export class QueuesModule {
  /**
   * `worked`: the queues that this process works; none for a process that only enqueues. Its workers start when the process calls
   * `BullRegistrar.register()`, once the schema is there.
   */
  static forRoot(config: Config, worked: readonly QueueName[] = []): DynamicModule {
    const providers = [QueueClients, QueueGauges, QueueHealth, Enqueuer, Schedules, TickClaims];
    const working = [
      BullModule.forRoot({ connection: {}, extraOptions: { manualRegistration: true } }),
      BullModule.registerQueue(),
      WorkingModule,
    ];
    return { module: QueuesModule, global: true, imports: worked.length > 0 ? working : [], providers, exports: providers };
  }
}

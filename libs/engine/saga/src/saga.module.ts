import { CONFIG, type Config } from '#libs/config';
import { databaseGauges } from '#libs/database';
import { EventsModule } from '#libs/events';
import { Inject, Module, type OnModuleInit } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { SagaRegistry } from './definition/saga-registry';
import { demoSaga } from './demo/demo.saga';
import { Leases } from './engine/leases';
import { SagaEngine } from './engine/saga-engine';
import { SagaApproval } from './entities/saga-approval.entity';
import { SagaHold } from './entities/saga-hold.entity';
import { SagaIdempotencyKey } from './entities/saga-idempotency-key.entity';
import { SagaRun } from './entities/saga-run.entity';
import { SagaStep } from './entities/saga-step.entity';
import { SagaWrite } from './entities/saga-write.entity';
import { PlanHashes } from './start/plan-hashes';
import { SagaPlanner } from './start/saga-planner';
import { SagaQueries } from './queries/saga-queries';
import { SagaReader } from './queries/saga-reader';
import { CheckpointWriter } from './run/checkpoint-writer';
import { SagaRunner } from './run/saga-runner';
import { TrackedWrites } from './run/tracked-writes';
import { SAGA_GAUGES, SagaMetrics } from './saga.metrics';
import { Acceptance } from './start/acceptance-guard';
import { SagaApprovals } from './start/saga-approvals';
import { SagaControls } from './start/saga-controls';
import { SagaStartWriter } from './start/saga-start-writer';
import { SagaStarter } from './start/saga-starter';

/** Expects the global modules of config, database and audit. No saga runs until a worker starts the engine. */
@Module({
  imports: [EventsModule, TypeOrmModule.forFeature([SagaApproval, SagaRun, SagaStep, SagaHold, SagaIdempotencyKey, SagaWrite])],
  providers: [
    Acceptance,
    CheckpointWriter,
    Leases,
    PlanHashes,
    SagaApprovals,
    SagaControls,
    SagaEngine,
    SagaMetrics,
    SagaPlanner,
    SagaQueries,
    SagaReader,
    SagaRegistry,
    SagaRunner,
    SagaStarter,
    SagaStartWriter,
    TrackedWrites,
    databaseGauges(SAGA_GAUGES),
  ],
  exports: [Acceptance, SagaApprovals, SagaControls, SagaEngine, SagaQueries, SagaReader, SagaRegistry, SagaStarter, TrackedWrites],
})
export class SagaModule implements OnModuleInit {
  constructor(
    private readonly registry: SagaRegistry,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  onModuleInit(): void {
    if (!this.config.production) this.registry.register(demoSaga);
  }
}

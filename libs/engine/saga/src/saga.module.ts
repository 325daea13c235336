import { CONFIG, type Config } from '#libs/config';
import { databaseGauges } from '#libs/database';
import { EventsModule } from '#libs/events';
import { Inject, Module, type OnModuleInit } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { SagaRegistry } from './definition/saga-registry';
import { SagaBulk } from './bulk/saga-bulk.service';
import { demoSaga } from './demo/demo.saga';
import { Leases } from './engine/leases';
import { SagaEngine } from './engine/saga-engine';
import { SagaApproval } from './entities/saga-approval.entity';
import { SagaAttempt, SagaProviderCall } from './entities/saga-attempt.entity';
import { SagaBulkItem, SagaBulkJob } from './entities/saga-bulk-job.entity';
import { SagaHold } from './entities/saga-hold.entity';
import { SagaIdempotencyKey } from './entities/saga-idempotency-key.entity';
import { SagaRun } from './entities/saga-run.entity';
import { SagaStep } from './entities/saga-step.entity';
import { SagaWrite } from './entities/saga-write.entity';
import { PlanHashes } from './start/plan-hashes';
import { SagaPlanner } from './start/saga-planner';
import { SagaQueries } from './queries/saga-queries';
import { SagaReader } from './queries/saga-reader';
import { SagaTimeline } from './queries/saga-timeline';
import { CheckpointWriter } from './run/checkpoint-writer';
import { SagaRunner } from './run/saga-runner';
import { TrackedWrites } from './run/tracked-writes';
import { SAGA_GAUGES, SagaMetrics } from './saga.metrics';
import { Acceptance } from './start/acceptance-guard';
import { SagaApprovals } from './start/saga-approvals';
import { SagaControls } from './start/saga-controls';
import { SagaStartWriter } from './start/saga-start-writer';
import { SagaStarter } from './start/saga-starter';
import { SagaVerbs } from './start/saga-verbs';
import { StepOutputs } from './start/step-outputs';

/** Expects the global modules of config, database and audit. No saga runs until a worker starts the engine. */
@Module({
  imports: [
    EventsModule,
    TypeOrmModule.forFeature([
      SagaApproval,
      SagaAttempt,
      SagaBulkItem,
      SagaBulkJob,
      SagaHold,
      SagaIdempotencyKey,
      SagaProviderCall,
      SagaRun,
      SagaStep,
      SagaWrite,
    ]),
  ],
  providers: [
    Acceptance,
    CheckpointWriter,
    Leases,
    PlanHashes,
    SagaApprovals,
    SagaBulk,
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
    SagaTimeline,
    SagaVerbs,
    StepOutputs,
    TrackedWrites,
    databaseGauges(SAGA_GAUGES),
  ],
  exports: [
    Acceptance,
    SagaApprovals,
    SagaBulk,
    SagaControls,
    SagaEngine,
    SagaQueries,
    SagaReader,
    SagaRegistry,
    SagaStarter,
    SagaTimeline,
    SagaVerbs,
    StepOutputs,
    TrackedWrites,
  ],
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

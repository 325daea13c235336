import { Inject, Module, type OnModuleInit } from '@nestjs/common';
import { CONFIG, type Config } from '#libs/config';
import { databaseGauges } from '#libs/database';
import { SagaRegistry } from './definition/saga-registry';
import { demoSaga } from './demo/demo.saga';
import { Leases } from './engine/leases';
import { SagaEngine } from './engine/saga-engine';
import { SagaMetrics } from './engine/saga-metrics';
import { SagaQueries } from './reads/saga-outlines';
import { SagaReader } from './reads/saga-reader';
import { CheckpointWriter } from './run/boundary-writer';
import { SagaRunner } from './run/saga-runner';
import { SagaStartWriter } from './starts/acceptance';
import { SagaControls } from './starts/saga-controls';
import { SAGA_GAUGES } from './saga.gauges';
import { SagaStarter } from './starts/saga-starts';

/** Expects the global modules of config, database and audit. Nothing runs until a worker starts the engine. */
@Module({
  providers: [
    SagaStartWriter,
    CheckpointWriter,
    Leases,
    SagaControls,
    SagaEngine,
    SagaMetrics,
    SagaQueries,
    SagaReader,
    SagaRegistry,
    SagaRunner,
    SagaStarter,
    databaseGauges(SAGA_GAUGES),
  ],
  exports: [SagaControls, SagaEngine, SagaQueries, SagaReader, SagaRegistry, SagaStarter],
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

import { databaseGauges } from '#libs/database';
import { EventsModule } from '#libs/events';
import { InventoryModule } from '#libs/inventory';
import { ProvisioningModule } from '#libs/provisioning';
import { SagaModule } from '#libs/saga';
import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { AdoptionService } from './adoption.service';
import { BulkChangeService } from './bulk-change.service';
import { DriftAcceptanceService } from './drift-acceptance.service';
import { DriftDetectionService } from './drift-detection.service';
import { DriftRevertService } from './drift-revert.service';
import { DriftRuleService } from './drift-rule.service';
import { DRIFT_GAUGES } from './drift.metrics';
import { DriftService } from './drift.service';
import { DriftRule } from './entities/drift-rule.entity';
import { DriftDetection } from './entities/drift-detection.entity';
import { Drift } from './entities/drift.entity';

const SERVICES = [
  AdoptionService,
  BulkChangeService,
  DriftAcceptanceService,
  DriftDetectionService,
  DriftRevertService,
  DriftRuleService,
  DriftService,
];

/** Expects the global modules of config, database, audit and digitalocean. */
@Module({
  imports: [EventsModule, InventoryModule, ProvisioningModule, SagaModule, TypeOrmModule.forFeature([Drift, DriftDetection, DriftRule])],
  providers: [...SERVICES, databaseGauges(DRIFT_GAUGES)],
  exports: SERVICES,
})
export class DriftModule {}

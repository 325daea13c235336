import { databaseGauges } from '#libs/database';
import { InventoryModule } from '#libs/inventory';
import { ProvisioningModule } from '#libs/provisioning';
import { Module } from '@nestjs/common';
import { DriftAcceptanceService } from './decisions/acceptance';
import { DriftRevertService } from './decisions/reversal';
import { DriftDetectionService } from './detection/detection';
import { DRIFT_GAUGES } from './drift.gauges';
import { DriftInbox } from './inbox/drift-inbox';
import { DriftCounts } from './inbox/drift-summary';
import { AdoptionService } from './managed/adoption';
import { UnmanagedResourceService } from './managed/unmanaged';
import { DriftRuleService } from './rules/drift-rules';

const SERVICES = [
  DriftAcceptanceService,
  AdoptionService,
  DriftDetectionService,
  DriftCounts,
  DriftInbox,
  DriftRuleService,
  DriftRevertService,
  UnmanagedResourceService,
];

/** Expects the global modules of config, database, audit and digitalocean. */
@Module({
  imports: [InventoryModule, ProvisioningModule],
  providers: [...SERVICES, databaseGauges(DRIFT_GAUGES)],
  exports: SERVICES,
})
export class DriftModule {}

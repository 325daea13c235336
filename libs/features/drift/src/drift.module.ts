import { databaseGauges } from '#libs/database';
import { InventoryModule } from '#libs/inventory';
import { ProvisioningModule } from '#libs/provisioning';
import { Module } from '@nestjs/common';
import { Acceptance } from './decisions/acceptance';
import { Reversal } from './decisions/reversal';
import { Detection } from './detection/detection';
import { DRIFT_GAUGES } from './drift.gauges';
import { DriftInbox } from './inbox/drift-inbox';
import { DriftCounts } from './inbox/drift-summary';
import { Adoption } from './managed/adoption';
import { Unmanaged } from './managed/unmanaged';
import { DriftRules } from './rules/drift-rules';

const SERVICES = [Acceptance, Adoption, Detection, DriftCounts, DriftInbox, DriftRules, Reversal, Unmanaged];

/** Expects the global modules of config, database, audit and digitalocean. */
@Module({
  imports: [InventoryModule, ProvisioningModule],
  providers: [...SERVICES, databaseGauges(DRIFT_GAUGES)],
  exports: SERVICES,
})
export class DriftModule {}

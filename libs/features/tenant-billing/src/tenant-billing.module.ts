import { CostsModule } from '#libs/costs';
import { InventoryModule } from '#libs/inventory';
import { ProviderBillingModule } from '#libs/provider-billing';
import { TenantsModule } from '#libs/tenants';
import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { DocumentSealer } from './documents/document-sealer';
import { ProofKeys } from './documents/proof-key';
import { BillingIssuer } from './entities/billing-issuer.entity';
import { BillingPool } from './entities/billing-pool.entity';
import { BillingProfile } from './entities/billing-profile.entity';
import { BillingRun } from './entities/billing-run.entity';
import { RateCard } from './entities/rate-card.entity';
import { RateCardVersion } from './entities/rate-card-version.entity';
import { RateOverride } from './entities/rate-override.entity';
import { RateRow } from './entities/rate.entity';
import { RatedLine } from './entities/rated-line.entity';
import { TenantRateCard } from './entities/tenant-rate-card.entity';
import { BillingProfiles } from './profiles/billing-profiles';
import { PricePlanReader } from './rates/price-plan-reader';
import { RateAssignments } from './rates/rate-assignments';
import { RateCardService } from './rates/rate-card.service';
import { BillingRunService } from './rating/billing-run.service';
import { PoolService } from './rating/pool.service';
import { ProfitAndLoss } from './rating/profit-and-loss';
import { RatingService } from './rating/rating.service';

const ENTITIES = [
  BillingIssuer,
  BillingPool,
  BillingProfile,
  BillingRun,
  RateCard,
  RateCardVersion,
  RateOverride,
  RateRow,
  RatedLine,
  TenantRateCard,
];
const SERVICES = [
  BillingProfiles,
  BillingRunService,
  DocumentSealer,
  PoolService,
  ProfitAndLoss,
  ProofKeys,
  RateAssignments,
  RateCardService,
  RatingService,
];

/** Needs the global modules of config, database, audit and digitalocean. */
@Module({
  imports: [TypeOrmModule.forFeature(ENTITIES), TenantsModule, InventoryModule, ProviderBillingModule, CostsModule],
  providers: [...SERVICES, PricePlanReader],
  exports: SERVICES,
})
export class TenantBillingModule {}

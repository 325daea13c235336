import { CatalogModule } from '#libs/catalog';
import { InventoryModule } from '#libs/inventory';
import { ProviderBillingModule } from '#libs/provider-billing';
import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { CostRollup } from './cost-rollup';
import { CostService } from './cost.service';
import { CostRollupChange, CostRollupGroup, CostRollupMember, CostRollupShape, CostRollupState } from './entities/cost-rollup.entity';
import { TenantPrice } from './tenant-price';

/** Needs the global modules of config, database, audit and digitalocean. */
@Module({
  imports: [
    CatalogModule,
    InventoryModule,
    ProviderBillingModule,
    TypeOrmModule.forFeature([CostRollupChange, CostRollupGroup, CostRollupMember, CostRollupShape, CostRollupState]),
  ],
  providers: [CostRollup, CostService, TenantPrice],
  exports: [CostRollup, CostService, TenantPrice],
})
export class CostsModule {}

import { CatalogModule } from '#libs/catalog';
import { InventoryModule } from '#libs/inventory';
import { ProviderBillingModule } from '#libs/provider-billing';
import { Module } from '@nestjs/common';
import { CostService } from './cost.service';
import { TenantPrice } from './tenant-price';

/** Needs the global modules of config, database, audit and digitalocean. */
@Module({
  imports: [CatalogModule, InventoryModule, ProviderBillingModule],
  providers: [CostService, TenantPrice],
  exports: [CostService, TenantPrice],
})
export class CostsModule {}

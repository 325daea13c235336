import { Module } from '@nestjs/common';
import { DriftModule } from '#libs/drift';
import { InventoryModule } from '#libs/inventory';
import { AdoptController } from './adopt.controller';
import { InventoryCsvController } from './inventory-csv.controller';
import { InventoryController } from './inventory.controller';

/** Resources without their list, which is the `FastListModule`. */
@Module({
  imports: [InventoryModule, DriftModule],
  controllers: [InventoryController, InventoryCsvController, AdoptController],
})
export class InventoryApiModule {}

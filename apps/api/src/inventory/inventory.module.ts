import { Module } from '@nestjs/common';
import { DriftModule } from '#libs/drift';
import { InventoryModule } from '#libs/inventory';
import { InputValidationPipe } from '../http/validation.pipe';
import { AdoptController } from './adopt.controller';
import { FastListController } from './fast-list/fast-list.controller';
import { InventoryCsvController } from './inventory-csv.controller';
import { InventoryController } from './inventory.controller';

/** This module mounts the fast list; no other file outside `fast-list/` imports it. */
@Module({
  imports: [InventoryModule, DriftModule],
  controllers: [FastListController, InventoryController, InventoryCsvController, AdoptController],
  providers: [InputValidationPipe],
})
export class InventoryApiModule {}

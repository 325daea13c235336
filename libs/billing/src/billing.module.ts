import { InventoryModule } from '#libs/inventory';
import { Module } from '@nestjs/common';
import { BalanceSnapshots } from './balance/balance-snapshots';

/** Expects the global modules of config, database, audit and digitalocean. */
@Module({ imports: [InventoryModule], providers: [BalanceSnapshots], exports: [BalanceSnapshots] })
export class BillingModule {}

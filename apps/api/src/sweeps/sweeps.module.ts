import { Module } from '@nestjs/common';
import { InventoryModule } from '#libs/inventory';
import { WakeupService } from '../wakeups/wakeup.service';
import { SweepsController } from './sweeps.controller';

@Module({ imports: [InventoryModule], controllers: [SweepsController], providers: [WakeupService] })
export class SweepsApiModule {}

import { Module } from '@nestjs/common';
import { DriftModule } from '#libs/drift';
import { WakeupService } from '../wakeups/wakeup.service';
import { DriftRulesController } from './drift-rules.controller';
import { DriftController } from './drift.controller';

@Module({ imports: [DriftModule], controllers: [DriftController, DriftRulesController], providers: [WakeupService] })
export class DriftApiModule {}

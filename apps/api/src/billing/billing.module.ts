import { Module } from '@nestjs/common';
import { ProviderBillingModule } from '#libs/provider-billing';
import { WakeupService } from '../wakeups/wakeup.service';
import { BillingController } from './billing.controller';
import { CostLinesController } from './cost-lines.controller';
import { InvoicesController } from './invoices.controller';

@Module({
  imports: [ProviderBillingModule],
  controllers: [BillingController, InvoicesController, CostLinesController],
  providers: [WakeupService],
})
export class BillingApiModule {}

import { Controller, Get } from '@nestjs/common';
import { BalanceSnapshots } from '#libs/billing';
import { RequirePlatformAdmin } from '../access/access';
import { Describes } from '../routing/describes';

@RequirePlatformAdmin()
@Controller('api/v1/billing')
export class BillingController {
  constructor(private readonly balances: BalanceSnapshots) {}

  @Get('balance')
  @Describes({
    summary: 'Show what the account owes',
    details: 'Read hourly. An estimate of the month so far: what counts are the invoices.',
    answers: { schema: 'Balance', as: 'data' },
    refusals: [404],
  })
  async balance() {
    return { data: await this.balances.latest() };
  }
}

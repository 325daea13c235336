import { Controller, Get, Query } from '@nestjs/common';
import { BalanceSnapshots, CostSummaries, EstimateReader, HistoryReader, type Group } from '#libs/provider-billing';
import { RequirePlatformAdmin } from '../access/access';
import { Describes } from '../routing/describes';
import { CostSummaryQuery, HistoryQuery } from './billing.query';
import { firstDayOf } from './period';

@RequirePlatformAdmin()
@Controller('api/v1/billing')
export class BillingController {
  constructor(
    private readonly balances: BalanceSnapshots,
    private readonly summaries: CostSummaries,
    private readonly estimates: EstimateReader,
    private readonly entries: HistoryReader,
  ) {}

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

  @Get('history')
  @Describes({
    summary: 'List what the account was charged, paid and credited, newest first',
    details: 'All types of the provider, failed payments (`AttemptFailed`, `ACHFailure`) among them. Read daily.',
    answers: { schema: 'BillingHistoryEntry', as: 'list' },
  })
  history(@Query() query: HistoryQuery) {
    return this.entries.list(query.type, query);
  }

  @Get('summary')
  @Describes({
    summary: 'Sum invoiced costs by tenant, kind, project, product or period',
    details: 'Every line is in exactly one group, so the groups add up. Without `period`: of all invoices. Estimates are never in it.',
    answers: { schema: 'CostSummary', as: 'data' },
  })
  async summary(@Query() { period, group_by }: CostSummaryQuery) {
    const groups = [...new Set((group_by ?? 'tenant').split(','))] as Group[];
    return { data: await this.summaries.read(firstDayOf(period), groups) };
  }

  @Get('estimate')
  @Describes({
    summary: 'Estimate the running month',
    details: 'From the balance and the preview of the next invoice. Never mixed with invoiced amounts.',
    answers: { schema: 'CostEstimate', as: 'data' },
    refusals: [404],
  })
  async estimate() {
    return { data: await this.estimates.read() };
  }
}

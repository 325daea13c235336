import { Controller, Get, Query } from '@nestjs/common';
import { BalanceSnapshots, BillingHistory, CostLineReader } from '#libs/provider-billing';
import { RequirePlatformAdmin } from '../auth/access.decorator';
import type { DataOf, ListOf } from '../http/page.dto';
import { ApiDataResponse, ApiListResponse, ApiProblems } from '../http/response.decorators';
import { ApiOperation } from '../http/swagger.decorators';
import { BalanceResponse, BillingHistoryEntryResponse, CostEstimateResponse, CostSummaryResponse } from './billing-answers.dto';
import { CostSummaryQuery, firstDayOf, HistoryQuery } from './billing.dto';

@RequirePlatformAdmin()
@Controller('api/v1/billing')
export class BillingController {
  constructor(
    private readonly balances: BalanceSnapshots,
    private readonly lines: CostLineReader,
    private readonly billingHistory: BillingHistory,
  ) {}

  @Get('balance')
  @ApiOperation({
    summary: 'Get the account balance',
    description: 'Read hourly. The usage of the current month is an estimate: only invoices are final.',
  })
  @ApiDataResponse(BalanceResponse)
  @ApiProblems(404)
  async balance(): Promise<DataOf<BalanceResponse>> {
    return { data: await this.balances.latest() };
  }

  @Get('history')
  @ApiOperation({
    summary: 'List charges, payments and credits of the account',
    description: 'Newest first. Contains all types of the provider, failed payments (`AttemptFailed`, `ACHFailure`) included. Read daily.',
  })
  @ApiListResponse(BillingHistoryEntryResponse)
  history(@Query() query: HistoryQuery): Promise<ListOf<BillingHistoryEntryResponse>> {
    return this.billingHistory.list(query.type, query);
  }

  @Get('summary')
  @ApiOperation({
    summary: 'Sum invoiced costs by group',
    description: 'Every line is in exactly one group, so the groups add up. Without `period`: all invoices. Estimates are never included.',
  })
  @ApiDataResponse(CostSummaryResponse)
  async summary(@Query() query: CostSummaryQuery): Promise<DataOf<CostSummaryResponse>> {
    return { data: await this.lines.summary(firstDayOf(query.period), query.groups()) };
  }

  @Get('estimate')
  @ApiOperation({
    summary: 'Estimate the current month',
    description: 'From the balance and the preview of the next invoice. Never mixed with invoiced amounts.',
  })
  @ApiDataResponse(CostEstimateResponse)
  @ApiProblems(404)
  async estimate(): Promise<DataOf<CostEstimateResponse>> {
    return { data: await this.balances.estimate() };
  }
}

import { Body, Controller, Get, HttpCode, Param, Post, Put, Query } from '@nestjs/common';
import type { AuditContext } from '#libs/audit';
import { WakeupService } from '#libs/queues';
import { BillingRunService, PoolService, ProfitAndLoss } from '#libs/tenant-billing';
import { RequirePlatformAdmin } from '../auth/access.decorator';
import type { DataOf, ListOf } from '../http/http.dto';
import { AuditCtx } from '../http/request-context';
import { ApiDataResponse, ApiIdParam, ApiListResponse, ApiProblems } from '../http/response.decorators';
import { ApiOperation } from '../http/swagger.decorators';
import { UuidPipe } from '../http/validation.pipe';
import { BillingRunBody, BillingRunsQuery, PnlQuery, PoolsBody, PoolsQuery } from './billing-runs.dto';
import { BillingRunDetailResponse, BillingRunResponse, PnlResponse, PoolResponse } from './billing-runs-answers.dto';

@RequirePlatformAdmin()
@Controller('api/v1/billing-runs')
export class BillingRunsController {
  constructor(
    private readonly runs: BillingRunService,
    private readonly wakeups: WakeupService,
  ) {}

  @Post()
  @HttpCode(202)
  @ApiOperation({
    summary: 'Rate a month',
    description:
      'A worker splits every line of the provider by owners and pools and prices it by the rate cards. The lines of the month are replaced as a ' +
      'whole; equal inputs give equal lines.',
  })
  @ApiDataResponse(BillingRunResponse, 202)
  async create(@Body() body: BillingRunBody, @AuditCtx() context: AuditContext): Promise<DataOf<BillingRunResponse>> {
    const run = await this.runs.create(body.period, context);
    await this.wakeups.wakeRatingWorker(run.id);
    return { data: run };
  }

  @Get()
  @ApiOperation({ summary: 'List billing runs', description: 'Newest first.' })
  @ApiListResponse(BillingRunResponse)
  list(@Query() query: BillingRunsQuery): Promise<ListOf<BillingRunResponse>> {
    return this.runs.list(query, query.period);
  }

  @Get(':id')
  @ApiOperation({
    summary: 'Get a billing run',
    description: 'With its progress, its problems, and where each tenant of the month is: rated, draft, ready, issued.',
  })
  @ApiIdParam('billing run')
  @ApiDataResponse(BillingRunDetailResponse)
  async get(@Param('id', UuidPipe) id: string): Promise<DataOf<BillingRunDetailResponse>> {
    return { data: await this.runs.get(id) };
  }
}

@RequirePlatformAdmin()
@Controller('api/v1/billing/pools')
export class BillingPoolsController {
  constructor(private readonly pools: PoolService) {}

  @Get()
  @ApiOperation({
    summary: 'List pools of shared amounts',
    description: 'Amounts that belong to no single tenant, and how they are split in a month.',
  })
  @ApiListResponse(PoolResponse)
  list(@Query() query: PoolsQuery): Promise<ListOf<PoolResponse>> {
    return this.pools.list(query.period);
  }

  @Put()
  @ApiOperation({
    summary: 'Set how pools are split',
    description:
      'From a month on. `even` and `proportional`: among tenants with lines of their own, the latter by their net; `weighted`: by `weights`.',
  })
  @ApiListResponse(PoolResponse)
  set(@Body() body: PoolsBody, @AuditCtx() context: AuditContext): Promise<ListOf<PoolResponse>> {
    return this.pools.set(body.valid_from, body.toChanges(), context);
  }
}

@RequirePlatformAdmin()
@Controller('api/v1/pnl')
export class PnlController {
  constructor(private readonly pnl: ProfitAndLoss) {}

  @Get()
  @ApiOperation({
    summary: 'Get profit and loss of a rated month',
    description: "Every amount of the provider's invoices is in exactly one figure. 409 `not_rated` for a month without a completed run.",
  })
  @ApiDataResponse(PnlResponse)
  @ApiProblems(409)
  async read(@Query() query: PnlQuery): Promise<DataOf<PnlResponse>> {
    return { data: await this.pnl.read(query.period, query.toGroup()) };
  }
}

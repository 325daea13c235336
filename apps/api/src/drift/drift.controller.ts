import { Body, Controller, Delete, Get, HttpCode, Param, Patch, Post, Query, Res } from '@nestjs/common';
import type { Response } from 'express';
import type { AuditContext } from '#libs/audit';
import {
  AdoptionService,
  DriftAcceptanceService,
  DriftDetectionService,
  DriftRevertService,
  DriftRuleService,
  DriftService,
} from '#libs/drift';
import { CompletenessReader } from '#libs/inventory';
import { WakeupService } from '#libs/queues';
import { RequirePlatformAdmin } from '../auth/access.decorator';
import { DryRunQuery, ReasonBody, type CountsOf, type DataOf, type FreshDataOf, type ListOf } from '../http/http.dto';
import { DRIFT_PLAN_EXAMPLE } from '../http/plan-examples';
import { DriftPlanResponse, PlannedBody } from '../http/plan.dto';
import { planResponse } from '../http/problem';
import { AuditCtx } from '../http/request-context';
import {
  ApiCountsResponse,
  ApiDataResponse,
  ApiFreshDataResponse,
  ApiIdParam,
  ApiListResponse,
  ApiPlainResponse,
  ApiPlanResponse,
  ApiProblems,
} from '../http/response.decorators';
import { ApiOperation } from '../http/swagger.decorators';
import { UuidPipe } from '../http/validation.pipe';
import { ResourceResponse } from '../inventory/inventory.dto';
import {
  AcceptDriftBody,
  DriftDetectionResponse,
  DriftListResponse,
  DriftQuery,
  DriftResponse,
  DriftSummaryResponse,
  UnmanagedQuery,
} from './drift.dto';
import { DriftRuleBody, DriftRuleChangeBody, DriftRuleResponse, DriftRulesQuery } from './drift-rules.dto';

@RequirePlatformAdmin()
@Controller('api/v1/drift')
export class DriftController {
  constructor(
    private readonly drifts: DriftService,
    private readonly adoption: AdoptionService,
    private readonly detection: DriftDetectionService,
    private readonly completeness: CompletenessReader,
    private readonly acceptance: DriftAcceptanceService,
    private readonly reverts: DriftRevertService,
    private readonly wakeups: WakeupService,
  ) {}

  @Get()
  @ApiOperation({
    summary: 'List drifts',
    description: 'Newest first. Open drifts that no rule ignores, unless `status` or `ignored=true` selects others.',
  })
  @ApiPlainResponse(DriftListResponse)
  list(@Query() query: DriftQuery): Promise<DriftListResponse> {
    return this.drifts.list(query.toFilters(), query);
  }

  @Get('summary')
  @ApiOperation({
    summary: 'Count managed, drifted, missing, unmanaged and ignored',
    description: 'Contains the share of live resources with a desired state for each tenant.',
  })
  @ApiCountsResponse(DriftSummaryResponse)
  summary(): Promise<CountsOf<DriftSummaryResponse>> {
    return this.drifts.summary();
  }

  @Get('unmanaged')
  @ApiOperation({ summary: 'List live resources without a desired state' })
  @ApiListResponse(ResourceResponse)
  listUnmanaged(@Query() query: UnmanagedQuery): Promise<ListOf<ResourceResponse>> {
    return this.adoption.listUnmanaged(query, query);
  }

  @Post('detect')
  @HttpCode(200)
  @ApiOperation({
    summary: 'Run drift detection',
    description:
      'Compares desired states with the last complete sweeps; it does not call the provider. Returns the changes in the inbox, and in `as_of` how old the compared sweeps are: sweep a kind first to compare what is live now.',
  })
  @ApiFreshDataResponse(DriftDetectionResponse)
  @ApiProblems(409)
  async detect(@Body() _body: ReasonBody, @AuditCtx() context: AuditContext): Promise<FreshDataOf<DriftDetectionResponse>> {
    const freshness = await this.completeness.ofKind(undefined);
    return { data: await this.detection.run(context), ...freshness };
  }

  @Get(':id')
  @ApiOperation({ summary: 'Get a drift' })
  @ApiIdParam('drift')
  @ApiDataResponse(DriftResponse)
  async get(@Param('id', UuidPipe) id: string): Promise<DataOf<DriftResponse>> {
    return { data: await this.drifts.get(id) };
  }

  @Post(':id/accept')
  @HttpCode(200)
  @ApiOperation({
    summary: 'Accept a drift: update the desired state to the live value',
    description:
      '`expected` is the `actual` of the drift as it was returned. 409 when it, the live value or the desired state has changed.',
  })
  @ApiIdParam('drift')
  @ApiDataResponse(DriftResponse)
  @ApiProblems(409)
  async accept(
    @Param('id', UuidPipe) id: string,
    @Body() { expected }: AcceptDriftBody,
    @AuditCtx() context: AuditContext,
  ): Promise<DataOf<DriftResponse>> {
    await this.acceptance.accept(id, expected, context);
    return { data: await this.drifts.get(id) };
  }

  @Post(':id/revert')
  @HttpCode(202)
  @ApiOperation({
    summary: 'Revert a drift: restore the desired state',
    description:
      'Starts a saga and returns the drift, still open, with its id in `saga_id`. It can restore size (the disk stays), name, tags and backups of droplets. ' +
      'The drift is closed when the saga has completed and a later sweep lists the desired value. 409 with the reason when the field cannot be changed in ' +
      'place, when data would be lost, or while another saga has a hold on the resource. `dry_run=true` returns the plan (200) and changes nothing; ' +
      'with its `plan_hash` the revert starts only while the plan is still the same.',
  })
  @ApiPlanResponse(DriftPlanResponse, DRIFT_PLAN_EXAMPLE)
  @ApiIdParam('drift')
  @ApiDataResponse(DriftResponse, 202)
  @ApiProblems(409)
  async revert(
    @Param('id', UuidPipe) id: string,
    @Query() { dry_run }: DryRunQuery,
    @Body() body: PlannedBody,
    @AuditCtx() context: AuditContext,
    @Res({ passthrough: true }) response: Response,
  ): Promise<DataOf<DriftResponse | DriftPlanResponse>> {
    if (dry_run === 'true') {
      response.status(200);
      return { data: planResponse(await this.reverts.plan(id)) };
    }
    const saga_id = await this.reverts.start(id, context, { planHash: body.plan_hash, override: body.requestsOverride() });
    await this.wakeups.wakeSagaWorkers();
    return { data: { ...(await this.drifts.get(id)), saga_id } };
  }
}

@RequirePlatformAdmin()
@Controller('api/v1/drift-rules')
export class DriftRulesController {
  constructor(private readonly rules: DriftRuleService) {}

  @Get()
  @ApiOperation({ summary: 'List drift ignore rules', description: 'Newest first.' })
  @ApiListResponse(DriftRuleResponse)
  list(@Query() query: DriftRulesQuery): Promise<ListOf<DriftRuleResponse>> {
    return this.rules.list(query, query.toFilters());
  }

  @Get(':id')
  @ApiOperation({ summary: 'Get a drift ignore rule' })
  @ApiIdParam('rule')
  @ApiDataResponse(DriftRuleResponse)
  async get(@Param('id', UuidPipe) id: string): Promise<DataOf<DriftRuleResponse>> {
    return { data: await this.rules.get(id) };
  }

  @Patch(':id')
  @ApiOperation({
    summary: 'Change a drift ignore rule',
    description:
      'Its reason, or its end. What the rule ignores does not change: for that, create another rule. A field that is missing keeps its value.',
  })
  @ApiIdParam('rule')
  @ApiDataResponse(DriftRuleResponse)
  async change(
    @Param('id', UuidPipe) id: string,
    @Body() body: DriftRuleChangeBody,
    @AuditCtx() context: AuditContext,
  ): Promise<DataOf<DriftRuleResponse>> {
    return { data: await this.rules.update(id, body.toChange(), context) };
  }

  @Post()
  @ApiOperation({
    summary: 'Create a drift ignore rule',
    description:
      'It ignores each drift that matches all given fields; give at least one of tenant, kind, resource and field. Ignored drifts are counted, not listed.',
  })
  @ApiDataResponse(DriftRuleResponse, 201)
  @ApiProblems(404)
  async add(@Body() body: DriftRuleBody, @AuditCtx() context: AuditContext): Promise<DataOf<DriftRuleResponse>> {
    return { data: await this.rules.create(body, context) };
  }

  @Delete(':id')
  @ApiOperation({ summary: 'Delete a drift ignore rule' })
  @ApiIdParam('rule')
  @ApiDataResponse(DriftRuleResponse)
  async remove(@Param('id', UuidPipe) id: string, @AuditCtx() context: AuditContext): Promise<DataOf<DriftRuleResponse>> {
    return { data: await this.rules.delete(id, context) };
  }
}

import { Body, Controller, Get, HttpCode, Param, Post, Query, Res } from '@nestjs/common';
import type { Response } from 'express';
import type { AuditContext } from '#libs/audit';
import type { Principal } from '#libs/identity';
import { CurrentPrincipal, RequirePlatformAdmin, RequireTenantOrAdmin } from '../auth/access.decorator';
import { AuditCtx, IdempotencyKey } from '../http/request-context';
import { DryRunQuery, OverrideBody, ReasonBody, RequiredReasonBody, type DataOf, type ListOf } from '../http/http.dto';
import { PLAN_EXAMPLE } from '../http/plan-examples';
import { PlanResponse } from '../http/plan.dto';
import { ApiDataResponse, ApiIdParam, ApiListResponse, ApiPlanResponse, ApiProblems } from '../http/response.decorators';
import { ApiOperation } from '../http/swagger.decorators';
import { UuidPipe } from '../http/validation.pipe';
import { VerbBody } from './saga-verbs.dto';
import { SagaBody, SagaResponse, SagasQuery } from './sagas.dto';
import { SagasService } from './sagas.service';

@RequireTenantOrAdmin()
@Controller('api/v1/sagas')
export class SagasController {
  constructor(private readonly sagas: SagasService) {}

  @Post()
  @HttpCode(202)
  @ApiOperation({
    summary: 'Start a saga',
    description:
      'An accepted saga reaches an end. With the header `Idempotency-Key`, the same key and body return the same saga for at least a day; ' +
      'another `kind`, `input` or `override` is 409. `dry_run=true` returns the plan (200) and changes nothing; with its `plan_hash` the start runs only ' +
      'while its plan is still the same, else 409 `plan_changed` with the new `plan`.',
  })
  @ApiPlanResponse(PlanResponse, PLAN_EXAMPLE)
  @ApiDataResponse(SagaResponse, 202)
  @ApiProblems(404, 409, 429)
  async start(
    @Body() body: SagaBody,
    @Query() query: DryRunQuery,
    @CurrentPrincipal() by: Principal,
    @AuditCtx() context: AuditContext,
    @IdempotencyKey() key: string | undefined,
    @Res({ passthrough: true }) response: Response,
  ): Promise<DataOf<SagaResponse | PlanResponse>> {
    if (query.dry_run !== 'true') return { data: await this.sagas.start(by, body, context, key) };
    response.status(200);
    return { data: await this.sagas.plan(by, body) };
  }

  @Get()
  @ApiOperation({ summary: 'List sagas', description: 'Newest first.' })
  @ApiListResponse(SagaResponse)
  list(@Query() query: SagasQuery, @CurrentPrincipal() by: Principal): Promise<ListOf<SagaResponse>> {
    return this.sagas.list(by, query);
  }

  @Get(':id')
  @ApiOperation({ summary: 'Get a saga with its ledger' })
  @ApiIdParam('saga')
  @ApiDataResponse(SagaResponse)
  async get(@Param('id', UuidPipe) id: string, @CurrentPrincipal() by: Principal): Promise<DataOf<SagaResponse>> {
    return { data: await this.sagas.get(by, id) };
  }

  @Post(':id/cancel')
  @HttpCode(202)
  @ApiOperation({
    summary: 'Cancel a saga',
    description:
      'It takes effect at the next step boundary; all completed steps are undone. 409 after the step from which nothing is undone.',
  })
  @ApiIdParam('saga')
  @ApiDataResponse(SagaResponse, 202)
  @ApiProblems(409)
  async cancel(
    @Param('id', UuidPipe) id: string,
    @Body() _body: ReasonBody,
    @CurrentPrincipal() by: Principal,
    @AuditCtx() context: AuditContext,
  ): Promise<DataOf<SagaResponse>> {
    return { data: await this.sagas.cancel(by, id, context) };
  }

  @Post(':id/retry')
  @HttpCode(202)
  @ApiOperation({
    summary: 'Retry a failed saga',
    description:
      'A `failed` saga continues at its failed step, a `compensation_failed` one with the effects that it could not undo. What continues is judged ' +
      'like a start, by the limits and protections of now; an admin may set limits aside with `override` and a reason.',
  })
  @ApiIdParam('saga')
  @ApiDataResponse(SagaResponse, 202)
  @ApiProblems(409, 429)
  async retry(
    @Param('id', UuidPipe) id: string,
    @Body() body: OverrideBody,
    @CurrentPrincipal() by: Principal,
    @AuditCtx() context: AuditContext,
  ): Promise<DataOf<SagaResponse>> {
    return { data: await this.sagas.retry(by, id, body, context) };
  }

  @Post(':id/approve')
  @HttpCode(202)
  @RequirePlatformAdmin()
  @ApiOperation({
    summary: 'Approve a start, or the output of a step',
    description:
      'The saga is judged again, and runs if it still could be started. Who started it cannot approve it (403 `own_approval`). 409 `plan_changed` ' +
      'when what it needs is there no more; limits refuse as they refuse a start. A proposed output of a step (`complete-with-output`) is checked again, ' +
      'and the saga goes on with it; who proposed it cannot approve it.',
  })
  @ApiIdParam('saga')
  @ApiDataResponse(SagaResponse, 202)
  @ApiProblems(409, 429)
  async approve(
    @Param('id', UuidPipe) id: string,
    @Body() _body: ReasonBody,
    @CurrentPrincipal() by: Principal,
    @AuditCtx() context: AuditContext,
  ): Promise<DataOf<SagaResponse>> {
    return { data: await this.sagas.approve(by, id, context) };
  }

  @Post(':id/reject')
  @HttpCode(200)
  @RequirePlatformAdmin()
  @ApiOperation({
    summary: 'Reject a start, or the output of a step',
    description:
      'The saga ends without having done anything. Who started it cancels it instead. After 7 days the service rejects by itself.',
  })
  @ApiIdParam('saga')
  @ApiDataResponse(SagaResponse)
  @ApiProblems(409)
  async reject(
    @Param('id', UuidPipe) id: string,
    @Body() _body: RequiredReasonBody,
    @CurrentPrincipal() by: Principal,
    @AuditCtx() context: AuditContext,
  ): Promise<DataOf<SagaResponse>> {
    return { data: await this.sagas.reject(by, id, context) };
  }

  @Post(':id/release')
  @HttpCode(200)
  @RequirePlatformAdmin()
  @ApiOperation({
    summary: 'Release the holds of a failed saga',
    description:
      'Of a saga, release means to let go of what it holds. Other sagas may then use the resource. A retry of this saga acquires the holds again, or is refused.',
  })
  @ApiIdParam('saga')
  @ApiDataResponse(SagaResponse)
  @ApiProblems(409)
  async release(
    @Param('id', UuidPipe) id: string,
    @Body() body: VerbBody,
    @CurrentPrincipal() by: Principal,
    @AuditCtx() context: AuditContext,
    @IdempotencyKey() key: string | undefined,
  ): Promise<DataOf<SagaResponse>> {
    return { data: await this.sagas.releaseHolds(by, body.toRequest(id, context, key)) };
  }
}

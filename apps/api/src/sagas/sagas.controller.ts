import { Body, Controller, Get, HttpCode, Param, Post, Query, Res } from '@nestjs/common';
import type { Response } from 'express';
import type { AuditContext } from '#libs/audit';
import type { Principal } from '#libs/identity';
import { RequirePlatformAdmin, RequireTenantOrAdmin } from '../access/access';
import { CurrentPrincipal } from '../access/current-principal';
import { ReasonBody, RequiredReasonBody } from '../requests/reason.body';
import { UuidPipe } from '../requests/uuid.pipe';
import { AuditCtx } from '../requests/who-and-why';
import { Describes } from '../routing/describes';
import { IdempotencyKey } from './idempotency-key';
import { SagaBody, SagaStartQuery } from './saga.body';
import { SagaRequests } from './saga-requests';
import { SagasQuery } from './sagas.query';

@RequireTenantOrAdmin()
@Controller('api/v1/sagas')
export class SagasController {
  constructor(private readonly sagas: SagaRequests) {}

  @Post()
  @HttpCode(202)
  @Describes({
    summary: 'Start a saga',
    details:
      'Accepted means that it will reach an end. With an `Idempotency-Key`, the same key and body answer the same saga for at least a day; another body is 409. `dry_run=true` answers the plan (200) and does nothing.',
    answers: { schema: 'Saga', as: 'data' },
    refusals: [404, 409, 429],
  })
  async start(
    @Body() body: SagaBody,
    @Query() query: SagaStartQuery,
    @CurrentPrincipal() by: Principal,
    @AuditCtx() because: AuditContext,
    @IdempotencyKey() key: string | undefined,
    @Res({ passthrough: true }) response: Response,
  ) {
    if (query.dry_run !== 'true') return { data: await this.sagas.start(by, body, because, key) };
    response.status(200);
    return { data: await this.sagas.plan(by, body) };
  }

  @Get()
  @Describes({ summary: 'List sagas, newest first', answers: { schema: 'Saga', as: 'list' } })
  list(@Query() query: SagasQuery, @CurrentPrincipal() by: Principal) {
    return this.sagas.list(by, query);
  }

  @Get(':id')
  @Describes({ summary: 'Show one saga with its whole ledger', answers: { schema: 'Saga', as: 'data' } })
  async get(@Param('id', UuidPipe) id: string, @CurrentPrincipal() by: Principal) {
    return { data: await this.sagas.get(by, id) };
  }

  @Post(':id/cancel')
  @HttpCode(202)
  @Describes({
    summary: 'Cancel a saga',
    details: 'Takes effect at its next step boundary; everything done so far is undone. 409 after the step from which nothing is undone.',
    answers: { schema: 'Saga', as: 'data' },
    refusals: [409],
  })
  async cancel(
    @Param('id', UuidPipe) id: string,
    @Body() _body: ReasonBody,
    @CurrentPrincipal() by: Principal,
    @AuditCtx() because: AuditContext,
  ) {
    return { data: await this.sagas.cancel(by, id, because) };
  }

  @Post(':id/retry')
  @HttpCode(202)
  @Describes({
    summary: 'Let a failed saga go on',
    details: 'A `failed` one at its failed step, a `compensation_failed` one with what it could not undo.',
    answers: { schema: 'Saga', as: 'data' },
    refusals: [409],
  })
  async retry(
    @Param('id', UuidPipe) id: string,
    @Body() _body: ReasonBody,
    @CurrentPrincipal() by: Principal,
    @AuditCtx() because: AuditContext,
  ) {
    return { data: await this.sagas.retry(by, id, because) };
  }

  @Post(':id/release')
  @HttpCode(200)
  @RequirePlatformAdmin()
  @Describes({
    summary: 'Release what a saga that gave up still holds',
    details: 'Others may work on it again. The saga’s own retry takes the holds again, or is refused.',
    answers: { schema: 'Saga', as: 'data' },
    refusals: [409],
  })
  async release(
    @Param('id', UuidPipe) id: string,
    @Body() _body: RequiredReasonBody,
    @CurrentPrincipal() by: Principal,
    @AuditCtx() because: AuditContext,
  ) {
    return { data: await this.sagas.release(by, id, because) };
  }
}

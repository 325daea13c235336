import { Body, Controller, Get, HttpCode, Param, Post, Query, Res } from '@nestjs/common';
import type { Response } from 'express';
import type { AuditContext } from '#libs/audit';
import { AdoptionService, DriftAcceptanceService, DriftDetectionService, DriftService } from '#libs/drift';
import { RequirePlatformAdmin } from '../access/access';
import { ReasonBody } from '../requests/reason.body';
import { UuidPipe } from '../requests/uuid.pipe';
import { AuditCtx } from '../requests/who-and-why';
import { Describes } from '../routing/describes';
import { AcceptDriftBody } from './drift.body';
import { DriftQuery, RevertQuery, UnmanagedQuery } from './drift.query';
import { RevertRequests } from './revert-requests';

@RequirePlatformAdmin()
@Controller('api/v1/drift')
export class DriftController {
  constructor(
    private readonly drifts: DriftService,
    private readonly adoption: AdoptionService,
    private readonly detection: DriftDetectionService,
    private readonly acceptance: DriftAcceptanceService,
    private readonly reverts: RevertRequests,
  ) {}

  @Get()
  @Describes({
    summary: 'List drifts, newest first',
    details: 'Open ones that no rule overlooks, unless `status` or `ignored=true` asks for others.',
    answers: { schema: 'Drift', as: 'list' },
  })
  list(@Query() query: DriftQuery) {
    return this.drifts.list(query.filters(), query);
  }

  @Get('summary')
  @Describes({
    summary: 'Count what is managed, drifted, missing, unmanaged and ignored',
    details: 'With the share of each tenant’s living resources that has a desired state.',
    answers: { schema: 'DriftSummary', as: 'counts' },
  })
  summary() {
    return this.drifts.summary();
  }

  @Get('unmanaged')
  @Describes({ summary: 'List living resources without a desired state', answers: { schema: 'Resource', as: 'list' } })
  listUnmanaged(@Query() query: UnmanagedQuery) {
    return this.adoption.listUnmanaged(query, query);
  }

  @Post('detect')
  @HttpCode(200)
  @Describes({
    summary: 'Compare everything now',
    details: 'With what the last complete sweeps have shown; nothing is asked of the provider. Answers what has changed in the inbox.',
    answers: { schema: 'DriftDetection', as: 'data' },
    refusals: [409],
  })
  async detect(@Body() _body: ReasonBody, @AuditCtx() because: AuditContext) {
    return { data: await this.detection.run(because) };
  }

  @Get(':id')
  @Describes({ summary: 'Show one drift', answers: { schema: 'Drift', as: 'data' } })
  async get(@Param('id', UuidPipe) id: string) {
    return { data: await this.drifts.get(id) };
  }

  @Post(':id/accept')
  @HttpCode(200)
  @Describes({
    summary: 'Take what is there as what is wanted',
    details: '`expected` is the `actual` that was shown. 409 when it, the live value or the spec has changed since.',
    answers: { schema: 'Drift', as: 'data' },
    refusals: [409],
  })
  async accept(@Param('id', UuidPipe) id: string, @Body() { expected }: AcceptDriftBody, @AuditCtx() because: AuditContext) {
    await this.acceptance.accept(id, expected, because);
    return { data: await this.drifts.get(id) };
  }

  @Post(':id/revert')
  @HttpCode(202)
  @Describes({
    summary: 'Make what is there again what was ordered',
    details:
      'By a saga, whose id is in the answer; size (the disk stays), name, tags and backups of droplets. The drift is closed when the saga has finished and a later sweep has seen it. 409 with the reason for what cannot be changed in place or would lose data, and while another saga holds the resource. `dry_run=true` answers the plan (200) and does nothing.',
    answers: { schema: 'Drift', as: 'data' },
    refusals: [409],
  })
  async revert(
    @Param('id', UuidPipe) id: string,
    @Query() { dry_run }: RevertQuery,
    @Body() _body: ReasonBody,
    @AuditCtx() because: AuditContext,
    @Res({ passthrough: true }) response: Response,
  ) {
    if (dry_run !== 'true') return { data: await this.reverts.start(id, because) };
    response.status(200);
    return { data: await this.reverts.plan(id) };
  }
}

import { Body, Controller, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import type { AuditContext } from '#libs/audit';
import { SweepReader, SweepService } from '#libs/inventory';
import { RequirePlatformAdmin } from '../access/access';
import { RequiredReasonBody } from '../requests/reason.body';
import { UuidPipe } from '../requests/uuid.pipe';
import { AuditCtx } from '../requests/who-and-why';
import { Describes } from '../routing/describes';
import { RequestedSweeps } from './requested-sweeps';
import { SweepBody } from './sweep.body';
import { SweepsQuery } from './sweeps.query';

@RequirePlatformAdmin()
@Controller('api/v1/sweeps')
export class SweepsController {
  constructor(
    private readonly ledger: SweepReader,
    private readonly sweeps: SweepService,
    private readonly requested: RequestedSweeps,
  ) {}

  @Get()
  @Describes({ summary: 'List sweeps, newest first', answers: { schema: 'Sweep', as: 'list' } })
  list(@Query() query: SweepsQuery) {
    return this.ledger.list(query.kind, query);
  }

  @Get(':id')
  @Describes({ summary: 'Show one sweep', answers: { schema: 'Sweep', as: 'data' } })
  async get(@Param('id', UuidPipe) id: string) {
    return { data: await this.ledger.get(id) };
  }

  @Post()
  @HttpCode(202)
  @Describes({
    summary: 'Sweep a kind now',
    details: 'A worker takes it up at once. Answers the running sweep of the kind if there is one. `project` is a kind here.',
    answers: { schema: 'Sweep', as: 'data' },
  })
  async request(@Body() { kind }: SweepBody, @AuditCtx() because: AuditContext) {
    return { data: await this.requested.request(kind, because) };
  }

  @Post(':id/release')
  @HttpCode(200)
  @Describes({
    summary: 'Release a suspect sweep',
    details: 'Strikes the ids that it missed. Only the latest suspect sweep of its kind can be released.',
    answers: { schema: 'Sweep', as: 'data' },
    refusals: [409],
  })
  async release(@Param('id', UuidPipe) id: string, @Body() _body: RequiredReasonBody, @AuditCtx() because: AuditContext) {
    return { data: await this.sweeps.release(id, because) };
  }
}

import { Body, Controller, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import type { AuditContext } from '#libs/audit';
import { InvoiceReader } from '#libs/provider-billing';
import { RequirePlatformAdmin } from '../access/access';
import { ReasonBody, RequiredReasonBody } from '../requests/reason.body';
import { UuidPipe } from '../requests/uuid.pipe';
import { AuditCtx } from '../requests/who-and-why';
import { Describes } from '../routing/describes';
import { InvoicesQuery } from './billing.query';
import { firstDayOf } from './period';
import { RequestedIngests } from './requested-ingests';

@RequirePlatformAdmin()
@Controller('api/v1/billing/invoices')
export class InvoicesController {
  constructor(
    private readonly invoices: InvoiceReader,
    private readonly requested: RequestedIngests,
  ) {}

  @Get()
  @Describes({
    summary: 'List invoices, latest period first',
    details: '`completeness` tells how many are not ingested yet.',
    answers: { schema: 'Invoice', as: 'list' },
  })
  list(@Query() query: InvoicesQuery) {
    const { period, status, reconciliation } = query;
    return this.invoices.list({ period: firstDayOf(period), status, reconciliation }, query);
  }

  @Get(':id')
  @Describes({ summary: 'Show one invoice', answers: { schema: 'Invoice', as: 'data' } })
  async get(@Param('id', UuidPipe) id: string) {
    return { data: await this.invoices.get(id) };
  }

  @Post(':id/ingest')
  @HttpCode(202)
  @Describes({
    summary: 'Read an invoice again',
    details: 'A worker does it at once. The lines of before can be read until the new ones are in.',
    answers: { schema: 'Invoice', as: 'data' },
  })
  async ingest(@Param('id', UuidPipe) id: string, @Body() _body: ReasonBody, @AuditCtx() because: AuditContext) {
    return { data: await this.requested.ingest(id, because) };
  }

  @Post(':id/release')
  @HttpCode(200)
  @Describes({
    summary: 'Release an invoice whose lines do not add up',
    details: 'It then goes to finance as it is, with a line for the difference.',
    answers: { schema: 'Invoice', as: 'data' },
    refusals: [409],
  })
  async release(@Param('id', UuidPipe) id: string, @Body() _body: RequiredReasonBody, @AuditCtx() because: AuditContext) {
    return { data: await this.requested.release(id, because) };
  }
}

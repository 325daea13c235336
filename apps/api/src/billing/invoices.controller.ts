import { Body, Controller, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import type { AuditContext } from '#libs/audit';
import { InvoiceReader, InvoiceService } from '#libs/provider-billing';
import { WakeupService } from '#libs/queues';
import { RequirePlatformAdmin } from '../auth/access.decorator';
import { AuditCtx } from '../http/request-context';
import { ReasonBody, RequiredReasonBody, type DataOf, type ListOf } from '../http/http.dto';
import { ApiDataResponse, ApiIdParam, ApiListResponse, ApiProblems } from '../http/response.decorators';
import { ApiOperation } from '../http/swagger.decorators';
import { UuidPipe } from '../http/validation.pipe';
import { InvoiceResponse } from './billing-answers.dto';
import { firstDayOf, InvoicesQuery } from './billing.dto';

@RequirePlatformAdmin()
@Controller('api/v1/billing/invoices')
export class InvoicesController {
  constructor(
    private readonly invoices: InvoiceReader,
    private readonly invoiceService: InvoiceService,
    private readonly wakeups: WakeupService,
  ) {}

  @Get()
  @ApiOperation({
    summary: 'List invoices',
    description: 'Latest period first. `completeness` contains how many are not ingested yet.',
  })
  @ApiListResponse(InvoiceResponse)
  list(@Query() query: InvoicesQuery): Promise<ListOf<InvoiceResponse>> {
    const { period, status, reconciliation } = query;
    return this.invoices.list({ period: firstDayOf(period), status, reconciliation }, query);
  }

  @Get(':id')
  @ApiOperation({ summary: 'Get an invoice' })
  @ApiIdParam('invoice')
  @ApiDataResponse(InvoiceResponse)
  async get(@Param('id', UuidPipe) id: string): Promise<DataOf<InvoiceResponse>> {
    return { data: await this.invoices.get(id) };
  }

  @Post(':id/ingest')
  @HttpCode(202)
  @ApiOperation({
    summary: 'Ingest an invoice again',
    description: 'A worker starts at once. The previous lines can be read until the new ones are committed.',
  })
  @ApiIdParam('invoice')
  @ApiDataResponse(InvoiceResponse, 202)
  async ingest(
    @Param('id', UuidPipe) id: string,
    @Body() _body: ReasonBody,
    @AuditCtx() context: AuditContext,
  ): Promise<DataOf<InvoiceResponse>> {
    const invoice = await this.invoiceService.requestIngest(id, context);
    await this.wakeups.wakeIngestWorker(id);
    return { data: invoice };
  }

  @Post(':id/release')
  @HttpCode(200)
  @ApiOperation({
    summary: 'Release an invoice that does not add up',
    description: 'The invoice is pushed to the finance service unchanged, with a line for the difference.',
  })
  @ApiIdParam('invoice')
  @ApiDataResponse(InvoiceResponse)
  @ApiProblems(409)
  async release(
    @Param('id', UuidPipe) id: string,
    @Body() _body: RequiredReasonBody,
    @AuditCtx() context: AuditContext,
  ): Promise<DataOf<InvoiceResponse>> {
    const invoice = await this.invoiceService.release(id, context);
    await this.wakeups.wakeFinancePushWorker();
    return { data: invoice };
  }
}

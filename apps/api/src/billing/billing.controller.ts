import { Body, Controller, Get, HttpCode, Param, Post, Query, type StreamableFile } from '@nestjs/common';
import type { AuditContext } from '#libs/audit';
import { BalanceSnapshots, BillingHistory, CostLineReader, InvoiceReader, InvoiceService, type CostLineView } from '#libs/provider-billing';
import { WakeupService } from '#libs/queues';
import { RequirePlatformAdmin } from '../auth/access.decorator';
import { csvDownload, type CsvColumns } from '../http/csv-download';
import { ReasonBody, RequiredReasonBody, type DataOf, type ListOf } from '../http/http.dto';
import { AuditCtx } from '../http/request-context';
import { ApiDataResponse, ApiFileResponse, ApiIdParam, ApiListResponse, ApiProblems } from '../http/response.decorators';
import { ApiOperation } from '../http/swagger.decorators';
import { UuidPipe } from '../http/validation.pipe';
import {
  BalanceResponse,
  BillingHistoryEntryResponse,
  CostEstimateResponse,
  CostLineResponse,
  CostSummaryResponse,
  InvoiceResponse,
} from './billing-answers.dto';
import { CostLinesQuery, CostSummaryQuery, firstDayOf, HistoryQuery, InvoicesQuery } from './billing.dto';

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
    return this.billingHistory.list(query.toFilters(), query);
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
    const { period, status, reconciliation, invoice_uuid } = query;
    return this.invoices.list({ period: firstDayOf(period), status, reconciliation, invoice_uuid }, query);
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
    description:
      'Of an invoice, release means to send it although it does not add up: the finance service gets it unchanged, with a line for the difference.',
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

/** Rows per statement: a file is read in fewer, longer pages than a list. */
const ROWS_PER_READ = 2_000;

const COLUMNS: CsvColumns<CostLineView> = {
  id: (line) => line.id,
  invoice_id: (line) => line.invoice_id,
  line_no: (line) => line.line_no,
  product: (line) => line.product,
  kind: (line) => line.kind,
  group_description: (line) => line.group_description,
  description: (line) => line.description,
  resource_id: (line) => line.resource_id,
  resource_name: (line) => line.resource_name,
  match_method: (line) => line.match.method,
  match_reason: (line) => line.match.reason,
  project_name: (line) => line.project_name,
  tenant_id: (line) => line.tenant_id,
  hours: (line) => line.hours,
  started_at: (line) => line.started_at,
  ended_at: (line) => line.ended_at,
  amount: (line) => line.amount,
  currency: (line) => line.currency,
  is_tax: (line) => String(line.is_tax),
};

@RequirePlatformAdmin()
@Controller('api/v1/billing')
export class CostLinesController {
  constructor(private readonly lines: CostLineReader) {}

  @Get('cost-lines')
  @ApiOperation({
    summary: 'List cost lines of invoices',
    description:
      'Latest period first, within an invoice in its own order. `matched=false`: lines without a resource and without a project.',
  })
  @ApiListResponse(CostLineResponse)
  list(@Query() query: CostLinesQuery): Promise<ListOf<CostLineResponse>> {
    return this.lines.list(query.toFilters(), query);
  }

  @Get('cost-lines.csv')
  @ApiOperation({
    summary: 'Download cost lines of invoices as CSV',
    description: 'Has the filters of the list. The file always contains the whole list, whatever `limit` and `cursor` are.',
  })
  @ApiFileResponse('text/csv', 'RFC 4180 in UTF-8, with a header line')
  download(@Query() query: CostLinesQuery): Promise<StreamableFile> {
    const page = (cursor?: string) => this.lines.list(query.toFilters(), { limit: ROWS_PER_READ, cursor });
    return csvDownload('cost-lines.csv', COLUMNS, page);
  }
}

import { Body, Controller, Delete, Get, HttpCode, Param, Post, Query, type StreamableFile } from '@nestjs/common';
import type { AuditContext } from '#libs/audit';
import { scopeOf, type Principal } from '#libs/identity';
import { WakeupService } from '#libs/queues';
import {
  BulkInvoiceService,
  FxRates,
  InvoiceIssue,
  TenantInvoiceReader,
  TenantInvoiceService,
  type TenantInvoiceLineView,
} from '#libs/tenant-billing';
import { CurrentPrincipal, RequirePlatformAdmin, RequireTenantOrAdmin } from '../auth/access.decorator';
import { csvDownload, type CsvColumns } from '../http/csv-download';
import { DryRunQuery, PageQuery, type DataOf, type ListOf } from '../http/http.dto';
import { AuditCtx } from '../http/request-context';
import { ApiDataResponse, ApiFileResponse, ApiIdParam, ApiListResponse, ApiProblems } from '../http/response.decorators';
import { ApiOperation } from '../http/swagger.decorators';
import { UuidPipe } from '../http/validation.pipe';
import {
  AdjustBody,
  BuildBody,
  BulkInvoicesBody,
  FxRateBody,
  FxRatesQuery,
  OneOffBody,
  TenantInvoicesQuery,
  InvoiceVerbBody,
  IssueBody,
} from './tenant-invoices.dto';
import {
  BuildResponse,
  BulkInvoicesResponse,
  FxRateResponse,
  TenantInvoiceLineResponse,
  TenantInvoiceResponse,
} from './tenant-invoices-answers.dto';

const CSV_PAGE = 1_000;
const COLUMNS: CsvColumns<TenantInvoiceLineView> = {
  line_no: (line) => line.line_no,
  kind: (line) => line.kind,
  description: (line) => line.description,
  resource_id: (line) => line.resource_id,
  resource_name: (line) => line.resource_name,
  quantity: (line) => line.quantity,
  unit: (line) => line.unit,
  unit_price: (line) => line.unit_price,
  net: (line) => line.net,
  tax_category: (line) => line.tax_category,
  tax_rate: (line) => line.tax_rate,
  corrects: (line) => line.corrects,
};

@RequireTenantOrAdmin()
@Controller('api/v1/tenant-invoices')
export class TenantInvoicesController {
  constructor(private readonly invoices: TenantInvoiceReader) {}

  @Get()
  @ApiOperation({ summary: 'List invoices to tenants', description: 'Newest first unless sorted. A tenant gets its own issued ones.' })
  @ApiListResponse(TenantInvoiceResponse)
  list(@Query() query: TenantInvoicesQuery, @CurrentPrincipal() by: Principal): Promise<ListOf<TenantInvoiceResponse>> {
    return this.invoices.list(scopeOf(by), query, query.toFilters());
  }

  @Get(':id')
  @ApiOperation({ summary: 'Get an invoice to a tenant', description: 'With what is possible now, and its problems.' })
  @ApiIdParam('invoice')
  @ApiDataResponse(TenantInvoiceResponse)
  async get(@Param('id', UuidPipe) id: string, @CurrentPrincipal() by: Principal): Promise<DataOf<TenantInvoiceResponse>> {
    return { data: await this.invoices.get(scopeOf(by), id) };
  }

  @Get(':id/lines')
  @ApiOperation({ summary: 'List the lines of an invoice', description: 'In the order of the document.' })
  @ApiIdParam('invoice')
  @ApiListResponse(TenantInvoiceLineResponse)
  lines(
    @Param('id', UuidPipe) id: string,
    @Query() page: PageQuery,
    @CurrentPrincipal() by: Principal,
  ): Promise<ListOf<TenantInvoiceLineResponse>> {
    return this.invoices.lines(scopeOf(by), id, page);
  }

  @Get(':id/lines.csv')
  @ApiOperation({ summary: 'Download the lines of an invoice as CSV' })
  @ApiIdParam('invoice')
  @ApiFileResponse('text/csv', 'RFC 4180 in UTF-8, with a header line')
  @ApiProblems(404)
  async csv(@Param('id', UuidPipe) id: string, @CurrentPrincipal() by: Principal): Promise<StreamableFile> {
    const { number, draft_number } = await this.invoices.get(scopeOf(by), id);
    const name = `${number ?? draft_number ?? id}.csv`.replace(/[^\w.-]/g, '-');
    return csvDownload(name, COLUMNS, (cursor) =>
      this.invoices.lines(scopeOf(by), id, { limit: CSV_PAGE, ...(cursor !== undefined && { cursor }) }),
    );
  }
}

@RequirePlatformAdmin()
@Controller('api/v1/tenant-invoices')
export class TenantInvoiceVerbsController {
  constructor(
    private readonly invoices: TenantInvoiceService,
    private readonly issuing: InvoiceIssue,
    private readonly many: BulkInvoiceService,
    private readonly wakeups: WakeupService,
  ) {}

  @Post()
  @ApiOperation({
    summary: 'Create an invoice of your own lines',
    description: 'A draft of lines that a person wrote. It goes the way of every draft.',
  })
  @ApiDataResponse(TenantInvoiceResponse, 201)
  async create(@Body() body: OneOffBody, @AuditCtx() context: AuditContext): Promise<DataOf<TenantInvoiceResponse>> {
    return { data: await this.invoices.createOneOff(body.tenant_id, body.lines, context) };
  }

  @Delete(':id')
  @ApiOperation({
    summary: 'Discard a draft of your own lines',
    description: 'It is deleted; the audit log keeps its lines. Any other invoice is 409 `verb_not_possible`.',
  })
  @ApiIdParam('tenant invoice')
  @ApiDataResponse(TenantInvoiceResponse)
  @ApiProblems(404, 409)
  async discard(@Param('id', UuidPipe) id: string, @AuditCtx() context: AuditContext): Promise<DataOf<TenantInvoiceResponse>> {
    return { data: await this.invoices.discard(id, context) };
  }

  @Post('build')
  @HttpCode(200)
  @ApiOperation({
    summary: 'Build the drafts of a month',
    description:
      'Every tenant with rated lines gets a draft, or its draft anew; nothing changes where nothing has changed. 409 `period_not_ready` says what ' +
      'is missing. A month that was issued already stays: the next draft of the tenant has the difference.',
  })
  @ApiDataResponse(BuildResponse)
  @ApiProblems(409)
  async build(@Body() body: BuildBody, @AuditCtx() context: AuditContext): Promise<DataOf<BuildResponse>> {
    return { data: await this.invoices.build(body.period, context) };
  }

  @Post('bulk')
  @HttpCode(200)
  @ApiOperation({
    summary: 'Change many invoices',
    description:
      'The verb is carried out on each invoice by itself, with a result each; the ids are read first. `dry_run=true` returns what would be done ' +
      'and changes nothing.',
  })
  @ApiDataResponse(BulkInvoicesResponse)
  async bulk(
    @Query() { dry_run }: DryRunQuery,
    @Body() body: BulkInvoicesBody,
    @AuditCtx() context: AuditContext,
  ): Promise<DataOf<BulkInvoicesResponse>> {
    if (dry_run === 'true') return { data: await this.many.plan(body.toChange()) };
    const data = await this.many.apply(body.toChange(), context);
    if (data.done > 0 && (data.verb === 'issue' || data.verb === 'void')) await this.wakeups.wakeDocumentWorkers();
    return { data };
  }

  @Post(':id/refresh')
  @HttpCode(200)
  @ApiOperation({
    summary: 'Build a draft anew',
    description: 'From what counts now. Manual lines stay. 409 `version_moved`, `verb_not_possible`, `period_not_ready`.',
  })
  @ApiIdParam('invoice')
  @ApiDataResponse(TenantInvoiceResponse)
  @ApiProblems(409)
  async refresh(
    @Param('id', UuidPipe) id: string,
    @Body() body: InvoiceVerbBody,
    @AuditCtx() by: AuditContext,
  ): Promise<DataOf<TenantInvoiceResponse>> {
    return { data: await this.invoices.refresh(id, body.expected_version, by) };
  }

  @Post(':id/adjust')
  @HttpCode(200)
  @ApiOperation({
    summary: 'Add or remove a manual line of a draft',
    description: '409 `version_moved`, `verb_not_possible`, `period_not_ready`.',
  })
  @ApiIdParam('invoice')
  @ApiDataResponse(TenantInvoiceResponse)
  @ApiProblems(409)
  async adjust(
    @Param('id', UuidPipe) id: string,
    @Body() body: AdjustBody,
    @AuditCtx() by: AuditContext,
  ): Promise<DataOf<TenantInvoiceResponse>> {
    return { data: await this.invoices.adjust(id, body.toAdjust(), body.expected_version, by) };
  }

  @Post(':id/approve')
  @HttpCode(200)
  @ApiOperation({
    summary: 'Approve a draft',
    description:
      'Decides the tax and freezes lines and parties. 409 `draft_outdated` when a refresh would change it, `period_not_ready`, `verb_not_possible`, ' +
      '`version_moved`.',
  })
  @ApiIdParam('invoice')
  @ApiDataResponse(TenantInvoiceResponse)
  @ApiProblems(409)
  async approve(
    @Param('id', UuidPipe) id: string,
    @Body() body: InvoiceVerbBody,
    @AuditCtx() by: AuditContext,
  ): Promise<DataOf<TenantInvoiceResponse>> {
    return { data: await this.invoices.approve(id, body.expected_version, by) };
  }

  @Post(':id/unapprove')
  @HttpCode(200)
  @ApiOperation({ summary: 'Take an approval back', description: 'It is a draft again. 409 `version_moved`, `verb_not_possible`.' })
  @ApiIdParam('invoice')
  @ApiDataResponse(TenantInvoiceResponse)
  @ApiProblems(409)
  async unapprove(
    @Param('id', UuidPipe) id: string,
    @Body() body: InvoiceVerbBody,
    @AuditCtx() by: AuditContext,
  ): Promise<DataOf<TenantInvoiceResponse>> {
    return { data: await this.invoices.unapprove(id, body.expected_version, by) };
  }

  @Post(':id/issue')
  @HttpCode(200)
  @ApiOperation({
    summary: 'Issue an approved invoice',
    description:
      'It gets its number and never changes again. 409 `version_moved`, `verb_not_possible`, `totals_differ`, and `issued_on_too_early` for a day ' +
      'before that of the last number.',
  })
  @ApiIdParam('invoice')
  @ApiDataResponse(TenantInvoiceResponse)
  @ApiProblems(409)
  async issue(
    @Param('id', UuidPipe) id: string,
    @Body() body: IssueBody,
    @AuditCtx() by: AuditContext,
  ): Promise<DataOf<TenantInvoiceResponse>> {
    const data = await this.issuing.issue(id, body.expected_version, by, body.issued_on ?? null);
    await this.wakeups.wakeDocumentWorkers();
    return { data };
  }

  @Post(':id/void')
  @HttpCode(200)
  @ApiOperation({
    summary: 'Make an issued invoice void',
    description:
      'While nothing is paid or credited. Its number stays used; the next build of the month makes a draft that names it. 409 as for every verb.',
  })
  @ApiIdParam('invoice')
  @ApiDataResponse(TenantInvoiceResponse)
  @ApiProblems(409)
  async void(
    @Param('id', UuidPipe) id: string,
    @Body() body: InvoiceVerbBody,
    @AuditCtx() by: AuditContext,
  ): Promise<DataOf<TenantInvoiceResponse>> {
    const data = await this.issuing.void(id, body.expected_version, by);
    await this.wakeups.wakeDocumentWorkers();
    return { data };
  }
}

@RequirePlatformAdmin()
@Controller('api/v1/billing/fx-rates')
export class FxRatesController {
  constructor(private readonly rates: FxRates) {}

  @Get()
  @ApiOperation({ summary: 'List exchange rates', description: 'Latest day first.' })
  @ApiListResponse(FxRateResponse)
  list(@Query() query: FxRatesQuery): Promise<ListOf<FxRateResponse>> {
    return this.rates.list(query, query.currency);
  }

  @Post()
  @ApiOperation({
    summary: 'Set an exchange rate',
    description: 'Drafts take it over when they are refreshed; an issued invoice keeps the rate that it has.',
  })
  @ApiDataResponse(FxRateResponse, 201)
  async set(@Body() body: FxRateBody, @AuditCtx() context: AuditContext): Promise<DataOf<FxRateResponse>> {
    const { currency, rate, source, on } = body;
    return { data: await this.rates.set({ currency, rate, source, on }, context) };
  }
}

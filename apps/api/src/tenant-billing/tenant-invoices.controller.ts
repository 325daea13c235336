import { Body, Controller, Get, HttpCode, Param, Post, Query, type StreamableFile } from '@nestjs/common';
import type { AuditContext } from '#libs/audit';
import { scopeOf, type Principal } from '#libs/identity';
import { TenantInvoiceReader, TenantInvoiceService, type TenantInvoiceLineView } from '#libs/tenant-billing';
import { CurrentPrincipal, RequirePlatformAdmin, RequireTenantOrAdmin } from '../auth/access.decorator';
import { csvDownload, type CsvColumns } from '../http/csv-download';
import { PageQuery, type DataOf, type ListOf } from '../http/http.dto';
import { AuditCtx } from '../http/request-context';
import { ApiDataResponse, ApiFileResponse, ApiIdParam, ApiListResponse, ApiProblems } from '../http/response.decorators';
import { ApiOperation } from '../http/swagger.decorators';
import { UuidPipe } from '../http/validation.pipe';
import { AdjustBody, BuildBody, OneOffBody, TenantInvoicesQuery, VerbBody } from './tenant-invoices.dto';
import { BuildResponse, TenantInvoiceLineResponse, TenantInvoiceResponse } from './tenant-invoices-answers.dto';

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
  constructor(private readonly invoices: TenantInvoiceService) {}

  @Post()
  @ApiOperation({
    summary: 'Create a one-off invoice',
    description: 'A draft of lines that a person wrote. It goes the way of every draft.',
  })
  @ApiDataResponse(TenantInvoiceResponse, 201)
  async create(@Body() body: OneOffBody, @AuditCtx() context: AuditContext): Promise<DataOf<TenantInvoiceResponse>> {
    return { data: await this.invoices.createOneOff(body.tenant_id, body.lines, context) };
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

  @Post(':id/refresh')
  @HttpCode(200)
  @ApiOperation({
    summary: 'Build a draft anew',
    description: 'From what counts now. Manual lines stay. 409 `version_moved`, `verb_not_possible`.',
  })
  @ApiIdParam('invoice')
  @ApiDataResponse(TenantInvoiceResponse)
  @ApiProblems(409)
  async refresh(
    @Param('id', UuidPipe) id: string,
    @Body() body: VerbBody,
    @AuditCtx() by: AuditContext,
  ): Promise<DataOf<TenantInvoiceResponse>> {
    return { data: await this.invoices.refresh(id, body.expected_version, by) };
  }

  @Post(':id/adjust')
  @HttpCode(200)
  @ApiOperation({ summary: 'Add or remove a manual line of a draft', description: '409 `version_moved`, `verb_not_possible`.' })
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
      'Decides the tax and freezes lines and parties. 409 `draft_outdated` when a refresh would change it, `verb_not_possible`, `version_moved`.',
  })
  @ApiIdParam('invoice')
  @ApiDataResponse(TenantInvoiceResponse)
  @ApiProblems(409)
  async approve(
    @Param('id', UuidPipe) id: string,
    @Body() body: VerbBody,
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
    @Body() body: VerbBody,
    @AuditCtx() by: AuditContext,
  ): Promise<DataOf<TenantInvoiceResponse>> {
    return { data: await this.invoices.unapprove(id, body.expected_version, by) };
  }
}

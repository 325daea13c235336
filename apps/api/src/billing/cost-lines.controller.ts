import { Controller, Get, Query, type StreamableFile } from '@nestjs/common';
import { CostLineReader, type CostLineView } from '#libs/provider-billing';
import { RequirePlatformAdmin } from '../auth/access.decorator';
import { csvDownload, type CsvColumns } from '../http/csv-download';
import type { ListOf } from '../http/http.dto';
import { ApiFileResponse, ApiListResponse } from '../http/response.decorators';
import { ApiOperation } from '../http/swagger.decorators';
import { CostLineResponse } from './billing-answers.dto';
import { CostLinesQuery } from './billing.dto';

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

import { Controller, Get, Query, type StreamableFile } from '@nestjs/common';
import { CostLineReader, type CostLineFilters, type CostLineView } from '#libs/provider-billing';
import { RequirePlatformAdmin } from '../access/access';
import { csvDownload, type Columns } from '../csv/csv-download';
import { Describes } from '../routing/describes';
import { CostLinesQuery } from './billing.query';
import { firstDayOf } from './period';

/** Rows per statement: a file is read in fewer, longer pages than a screen. */
const ROWS_PER_READ = 2_000;

const COLUMNS: Columns<CostLineView> = {
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
  @Describes({
    summary: 'List the lines of invoices',
    details:
      'Latest period first, within an invoice in its own order. `matched=false`: what neither a resource nor a project was found for.',
    answers: { schema: 'CostLine', as: 'list' },
  })
  list(@Query() query: CostLinesQuery) {
    return this.lines.list(filtersOf(query), query);
  }

  @Get('cost-lines.csv')
  @Describes({
    summary: 'Download the lines of invoices as CSV',
    details: 'The filters of the list; always the whole of it, whatever `limit` and `cursor` say.',
    answers: { schema: 'Csv', as: 'csv' },
  })
  download(@Query() query: CostLinesQuery): Promise<StreamableFile> {
    const page = (cursor?: string) => this.lines.list(filtersOf(query), { limit: ROWS_PER_READ, cursor });
    return csvDownload('cost-lines.csv', COLUMNS, page);
  }
}

function filtersOf({ period, matched, invoice_id, kind, tenant_id, project_name, resource_id }: CostLinesQuery): CostLineFilters {
  return {
    period: firstDayOf(period),
    matched: matched === undefined ? undefined : matched === 'true',
    invoice_id,
    kind,
    tenant_id,
    project_name,
    resource_id,
  };
}

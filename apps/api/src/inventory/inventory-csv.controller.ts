import { Controller, Get, Query, type StreamableFile } from '@nestjs/common';
import { scopeOf, type Principal } from '#libs/identity';
import { InventoryReader, type ResourceView } from '#libs/inventory';
import { CurrentPrincipal, RequireTenantOrAdmin } from '../auth/access.decorator';
import { csvDownload, type CsvColumns } from '../http/csv-download';
import { ApiFileResponse } from '../http/response.decorators';
import { ApiOperation } from '../http/swagger.decorators';
import { InventoryQuery, resourceFilters } from './inventory.dto';

/** Rows per statement: a file is read in fewer, longer pages than a list. */
const ROWS_PER_READ = 1_000;

const COLUMNS: CsvColumns<ResourceView> = {
  id: (row) => row.id,
  kind: (row) => row.kind,
  provider_id: (row) => row.provider_id,
  name: (row) => row.name,
  region: (row) => row.region,
  status: (row) => row.status,
  size_slug: (row) => row.size_slug,
  tenant_id: (row) => row.tenant_id,
  project_id: (row) => row.project_id,
  attributed_by: (row) => row.attribution.by,
  first_seen_at: (row) => row.first_seen_at,
  last_seen_at: (row) => row.last_seen_at,
  deleted_at: (row) => row.deleted_at,
  urn: (row) => row.urn,
};

@RequireTenantOrAdmin()
@Controller('api/v1/inventory.csv')
export class InventoryCsvController {
  constructor(private readonly inventory: InventoryReader) {}

  @Get()
  @ApiOperation({
    summary: 'Download the list of resources as CSV',
    description: 'Has the filters of the list. The file always contains the whole list, whatever `limit` and `cursor` are.',
  })
  @ApiFileResponse('text/csv', 'RFC 4180 in UTF-8, with a header line')
  download(@Query() query: InventoryQuery, @CurrentPrincipal() by: Principal): Promise<StreamableFile> {
    const filters = resourceFilters(by, query);
    const page = (cursor?: string) => this.inventory.list(scopeOf(by), filters, { limit: ROWS_PER_READ, cursor }, query.as_of);
    return csvDownload('inventory.csv', COLUMNS, page);
  }
}

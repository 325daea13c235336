import { Controller, Get, Query, type StreamableFile } from '@nestjs/common';
import { scopeOf, type Principal } from '#libs/identity';
import { InventoryReader, type ResourceView } from '#libs/inventory';
import { RequireTenantOrAdmin } from '../access/access';
import { CurrentPrincipal } from '../access/current-principal';
import { csvDownload, type Columns } from '../csv/csv-download';
import { Describes } from '../routing/describes';
import { filtersFor } from './inventory-filters';
import { InventoryQuery } from './inventory.query';

/** Rows per statement: a file is read in fewer, longer pages than a screen. */
const ROWS_PER_READ = 1_000;

const COLUMNS: Columns<ResourceView> = {
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
  @Describes({
    summary: 'Download the list of resources as CSV',
    details: 'The filters of the list; always the whole of it, whatever `limit` and `cursor` say.',
    answers: { schema: 'Csv', as: 'csv' },
  })
  download(@Query() query: InventoryQuery, @CurrentPrincipal() by: Principal): Promise<StreamableFile> {
    const filters = filtersFor(by, query);
    const page = (cursor?: string) => this.inventory.list(scopeOf(by), filters, { limit: ROWS_PER_READ, cursor }, query.as_of);
    return csvDownload('inventory.csv', COLUMNS, page);
  }
}

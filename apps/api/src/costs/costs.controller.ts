import { Controller, Get, Query, type StreamableFile } from '@nestjs/common';
import { CostService, type CostGroupView } from '#libs/costs';
import { scopeOf, type Principal } from '#libs/identity';
import { CurrentPrincipal, RequireTenantOrAdmin } from '../auth/access.decorator';
import { csvDownload, type CsvColumns } from '../http/csv-download';
import type { DataOf } from '../http/http.dto';
import { ApiDataResponse, ApiFileResponse } from '../http/response.decorators';
import { ApiOperation } from '../http/swagger.decorators';
import { CostsQuery, CostsResponse } from './costs.dto';

const DESCRIPTION =
  'Closed months are those of the invoices, the running month is accrued by the second. Groups add up to `amount` exactly, tax is left out unless `group_by` has it, and what has no price is named in `unpriced`. ' +
  'A tenant gets its own costs only, at its sell prices: months that are rated as they were rated, everything else as an estimate of what accrued. 400 `not_accruable` for months whose resources are not recorded, 400 `too_many_groups` for more than 10,000.';

@RequireTenantOrAdmin()
@Controller('api/v1/costs')
export class CostsController {
  constructor(private readonly costs: CostService) {}

  @Get()
  @ApiOperation({ summary: 'Sum costs by group', description: DESCRIPTION })
  @ApiDataResponse(CostsResponse)
  async read(@Query() query: CostsQuery, @CurrentPrincipal() by: Principal): Promise<DataOf<CostsResponse>> {
    return { data: await this.costs.read(scopeOf(by), query.toQuestion(by)) };
  }
}

const text = (value: string | null | undefined) => value ?? null;

@RequireTenantOrAdmin()
@Controller('api/v1/costs.csv')
export class CostsCsvController {
  constructor(private readonly costs: CostService) {}

  @Get()
  @ApiOperation({ summary: 'Download costs by group as CSV', description: 'Has the parameters of the sums, and any number of groups.' })
  @ApiFileResponse('text/csv', 'RFC 4180 in UTF-8, with a header line')
  async download(@Query() query: CostsQuery, @CurrentPrincipal() by: Principal): Promise<StreamableFile> {
    const question = query.toQuestion(by);
    const { groups, basis, currency } = await this.costs.read(scopeOf(by), question, { all: true });
    const has = (key: (typeof question.groupBy)[number]) => question.groupBy.includes(key);
    const columns: CsvColumns<CostGroupView> = {
      ...(has('tenant') && { tenant: (row: CostGroupView) => text(row.tenant) }),
      ...(has('kind') && { kind: (row: CostGroupView) => text(row.kind) }),
      ...(has('project') && { project: (row: CostGroupView) => text(row.project) }),
      ...(has('product') && { product: (row: CostGroupView) => text(row.product) }),
      ...(has('resource') && {
        resource: (row: CostGroupView) => text(row.resource),
        resource_name: (row: CostGroupView) => text(row.resource_name),
        resource_kind: (row: CostGroupView) => text(row.resource_kind),
      }),
      ...(has('region') && { region: (row: CostGroupView) => text(row.region) }),
      ...(has('tax') && { tax: (row: CostGroupView) => String(row.tax) }),
      ...(has('month') && { month: (row: CostGroupView) => text(row.month) }),
      ...(has('day') && { day: (row: CostGroupView) => text(row.day) }),
      amount: (row) => row.amount,
      currency: () => currency,
      basis: () => basis,
    };
    return csvDownload('costs.csv', columns, async () => ({ data: groups, page: { next_cursor: null } }));
  }
}

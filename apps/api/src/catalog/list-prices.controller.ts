import { Body, Controller, Get, Put, Query } from '@nestjs/common';
import type { AuditContext } from '#libs/audit';
import { ListPriceService } from '#libs/catalog';
import { unitOfProduct } from '#libs/inventory';
import { RequirePlatformAdmin } from '../auth/access.decorator';
import type { ListOf } from '../http/http.dto';
import { AuditCtx } from '../http/request-context';
import { ApiListResponse, ApiProblems } from '../http/response.decorators';
import { ApiOperation } from '../http/swagger.decorators';
import { ListPriceResponse, ListPricesBody, ListPricesQuery } from './list-prices.dto';

@RequirePlatformAdmin()
@Controller('api/v1/catalog/list-prices')
export class ListPricesController {
  constructor(private readonly prices: ListPriceService) {}

  @Get()
  @ApiOperation({
    summary: 'List prices of units',
    description: 'By product and source. `observed` prices come from invoices and are never shown to tenants.',
  })
  @ApiListResponse(ListPriceResponse)
  list(@Query() query: ListPricesQuery): Promise<ListOf<ListPriceResponse>> {
    return this.prices.list({ product: query.product, source: query.source, history: query.history === 'true' }, query);
  }

  @Put()
  @ApiOperation({
    summary: 'Set configured prices of units',
    description: 'Each becomes a new price from `valid_from` on; earlier times keep theirs. Products that are not named stay as they are.',
  })
  @ApiListResponse(ListPriceResponse)
  @ApiProblems(409)
  set(@Body() { prices, reason }: ListPricesBody, @AuditCtx() context: AuditContext): Promise<ListOf<ListPriceResponse>> {
    return this.prices.set(prices, unitOfProduct, { ...context, reason });
  }
}

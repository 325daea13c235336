import { Body, Controller, Get, Param, Patch, Query } from '@nestjs/common';
import type { AuditContext } from '#libs/audit';
import { scopeOf, type Principal } from '#libs/identity';
import { InventoryReader, OwnershipService } from '#libs/inventory';
import { CurrentPrincipal, RequirePlatformAdmin, RequireTenantOrAdmin } from '../auth/access.decorator';
import { AuditCtx } from '../http/audit-context.decorator';
import { PageQuery, type CountsOf, type DataOf, type ListOf } from '../http/page.dto';
import { ApiCountsResponse, ApiDataResponse, ApiIdParam, ApiListResponse } from '../http/response.decorators';
import { ApiOperation } from '../http/swagger.decorators';
import { UuidPipe } from '../http/uuid.pipe';
import { InventorySummaryResponse, OwnerBody, ResourceEventResponse, ResourceResponse } from './inventory.dto';

/** Resources and their events. The list itself is in `fast-list/`. */
@RequireTenantOrAdmin()
@Controller('api/v1/inventory')
export class InventoryController {
  constructor(
    private readonly inventory: InventoryReader,
    private readonly owners: OwnershipService,
  ) {}

  @Get('summary')
  @ApiOperation({
    summary: 'Count resources by kind, tenant and region',
    description: 'Tombstones do not count. For a tenant, only its own resources count.',
  })
  @ApiCountsResponse(InventorySummaryResponse)
  summary(@CurrentPrincipal() by: Principal): Promise<CountsOf<InventorySummaryResponse>> {
    return this.inventory.summary(scopeOf(by));
  }

  @Get(':id')
  @ApiOperation({ summary: 'Get a resource' })
  @ApiIdParam('resource')
  @ApiDataResponse(ResourceResponse)
  async get(@Param('id', UuidPipe) id: string, @CurrentPrincipal() by: Principal): Promise<DataOf<ResourceResponse>> {
    return { data: await this.inventory.get(scopeOf(by), id) };
  }

  @Get(':id/events')
  @ApiOperation({
    summary: 'List events of a resource',
    description: 'Newest first. A previous tenant can still read the events of the time when it owned the resource.',
  })
  @ApiIdParam('resource')
  @ApiListResponse(ResourceEventResponse)
  events(
    @Param('id', UuidPipe) id: string,
    @Query() page: PageQuery,
    @CurrentPrincipal() by: Principal,
  ): Promise<ListOf<ResourceEventResponse>> {
    return this.inventory.events(scopeOf(by), id, page);
  }

  @Patch(':id')
  @RequirePlatformAdmin()
  @ApiOperation({
    summary: 'Assign a resource to a tenant',
    description: 'The explicit owner overrides every attribution rule; null returns the resource to the rules.',
  })
  @ApiIdParam('resource')
  @ApiDataResponse(ResourceResponse)
  async setOwner(
    @Param('id', UuidPipe) id: string,
    @Body() { tenant_id: tenantId }: OwnerBody,
    @AuditCtx() context: AuditContext,
  ): Promise<DataOf<ResourceResponse>> {
    return { data: await this.owners.setOwner(id, tenantId, context) };
  }
}

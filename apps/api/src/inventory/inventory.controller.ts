import { Body, Controller, Get, Param, Patch, Query } from '@nestjs/common';
import type { AuditContext } from '#libs/audit';
import { scopeOf, type Principal } from '#libs/identity';
import { InventoryReader, OwnershipService } from '#libs/inventory';
import { RequirePlatformAdmin, RequireTenantOrAdmin } from '../access/access';
import { CurrentPrincipal } from '../access/current-principal';
import { PageQuery } from '../requests/page.query';
import { UuidPipe } from '../requests/uuid.pipe';
import { AuditCtx } from '../requests/who-and-why';
import { JsonText } from '../routing/json-adapter';
import { Describes } from '../routing/describes';
import { filtersFor } from './inventory-filters';
import { InventoryQuery } from './inventory.query';
import { OwnerBody } from './owner.body';

@RequireTenantOrAdmin()
@Controller('api/v1/inventory')
export class InventoryController {
  constructor(
    private readonly inventory: InventoryReader,
    private readonly owners: OwnershipService,
  ) {}

  @Get()
  @Describes({
    summary: 'List resources',
    details:
      'In the order of their ids. Tombstones are listed with `status=deleted` only. A tenant that names another one in `tenant_id` gets 403. With `as_of` the answer is what the event log says the account was then; attributes that change by themselves are left out; 410 when the events of that time have left.',
    answers: { schema: 'Resource', as: 'list' },
  })
  async list(@Query() query: InventoryQuery, @CurrentPrincipal() by: Principal) {
    return new JsonText(await this.inventory.listJson(scopeOf(by), filtersFor(by, query), query, query.as_of));
  }

  @Get('summary')
  @Describes({
    summary: 'Count resources by kind, tenant and region',
    details: 'Tombstones do not count. A tenant counts its own.',
    answers: { schema: 'InventorySummary', as: 'counts' },
  })
  summary(@CurrentPrincipal() by: Principal) {
    return this.inventory.summary(scopeOf(by));
  }

  @Get(':id')
  @Describes({ summary: 'Show one resource', answers: { schema: 'Resource', as: 'data' } })
  async get(@Param('id', UuidPipe) id: string, @CurrentPrincipal() by: Principal) {
    return { data: await this.inventory.get(scopeOf(by), id) };
  }

  @Get(':id/events')
  @Describes({
    summary: 'List what happened to a resource, newest first',
    details: 'A former tenant still reads the events of its own time.',
    answers: { schema: 'ResourceEvent', as: 'list' },
  })
  events(@Param('id', UuidPipe) id: string, @Query() page: PageQuery, @CurrentPrincipal() by: Principal) {
    return this.inventory.events(scopeOf(by), id, page);
  }

  @Patch(':id')
  @RequirePlatformAdmin()
  @Describes({
    summary: 'Say whose a resource is',
    details: 'The explicit owner beats every rule of attribution; null gives the resource back to the rules.',
    answers: { schema: 'Resource', as: 'data' },
  })
  async setOwner(@Param('id', UuidPipe) id: string, @Body() { tenant_id: tenantId }: OwnerBody, @AuditCtx() because: AuditContext) {
    return { data: await this.owners.setOwner(id, tenantId, because) };
  }
}

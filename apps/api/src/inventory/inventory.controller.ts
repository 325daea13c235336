import { Body, Controller, Get, HttpCode, Param, Patch, Post, Query, type StreamableFile } from '@nestjs/common';
import type { AuditContext } from '#libs/audit';
import { isPriced } from '#libs/catalog';
import { AdoptionService } from '#libs/drift';
import { scopeOf, type Principal } from '#libs/identity';
import { InventoryReader, KindReader, OwnershipService, type ResourceView } from '#libs/inventory';
import { DesiredStateRepository, ResourceProtection } from '#libs/provisioning';
import { CurrentPrincipal, RequirePlatformAdmin, RequireTenantOrAdmin } from '../auth/access.decorator';
import { csvDownload, type CsvColumns } from '../http/csv-download';
import { PageQuery, ReasonBody, type CountsOf, type DataOf, type FreshDataOf, type ListOf } from '../http/http.dto';
import { AuditCtx } from '../http/request-context';
import {
  ApiCountsResponse,
  ApiDataResponse,
  ApiFileResponse,
  ApiFreshDataResponse,
  ApiIdParam,
  ApiListResponse,
  ApiProblems,
} from '../http/response.decorators';
import { ApiOperation } from '../http/swagger.decorators';
import { UuidPipe } from '../http/validation.pipe';
import {
  AdoptedResponse,
  InventorySummaryResponse,
  ResourceDetailResponse,
  ResourceEventResponse,
  ResourceResponse,
} from './inventory.dto';
import { KindResponse } from './kinds.dto';
import { InventoryQuery, listOptions, ResourceBody, resourceFilters } from './inventory-inputs.dto';

/** Resources and their events. The list itself is in `fast-list/`. */
@RequireTenantOrAdmin()
@Controller('api/v1/inventory')
export class InventoryController {
  constructor(
    private readonly inventory: InventoryReader,
    private readonly owners: OwnershipService,
    private readonly desired: DesiredStateRepository,
    private readonly protection: ResourceProtection,
    private readonly kinds: KindReader,
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

  @Get('kinds')
  @ApiOperation({
    operationId: 'Inventory_kinds',
    summary: 'List the resource kinds with their number and cost',
    description:
      '`status`: `not_available` when the token or the account never had the list of the kind, `refused` when it could be read and now cannot. ' +
      'For a tenant, only its own resources count.',
  })
  @ApiListResponse(KindResponse)
  listKinds(@CurrentPrincipal() by: Principal): Promise<ListOf<KindResponse>> {
    return this.kinds.list(scopeOf(by));
  }

  @Get(':id')
  @ApiOperation({ summary: 'Get a resource with its desired state' })
  @ApiIdParam('resource')
  @ApiFreshDataResponse(ResourceDetailResponse)
  async get(@Param('id', UuidPipe) id: string, @CurrentPrincipal() by: Principal): Promise<FreshDataOf<ResourceDetailResponse>> {
    const answer = await this.inventory.getAnswer(scopeOf(by), id);
    const desired = await this.desired.find(id);
    const desired_state = desired
      ? { spec: desired.spec, spec_version: desired.version, changed_at: desired.changedAt.toISOString() }
      : null;
    return { ...answer, data: { ...answer.data, desired_state } };
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
  @ApiOperation({
    operationId: 'Inventory_setOwner',
    summary: 'Protect a resource, or assign it to a tenant',
    description:
      'A protected resource is destroyed and overwritten by nothing until its protection is lifted. What an admin protects, only an admin releases. ' +
      '409 for the protection of a resource that a saga is already destroying. Only platform admins send an owner, which overrides every attribution rule; it must be a registered tenant: ' +
      'else 400 `unknown_tenant` with the nearest one, and 409 for a tenant that leaves. `tenant_id: null` returns the resource to the rules; `unassigned: true` lets it belong to no tenant. ' +
      '`effective_from` with a `reason` corrects its history, also that of a resource that has ended.',
  })
  @ApiIdParam('resource')
  @ApiFreshDataResponse(ResourceResponse)
  @ApiProblems(403, 409)
  async patch(
    @Param('id', UuidPipe) id: string,
    @Body() body: ResourceBody,
    @CurrentPrincipal() by: Principal,
    @AuditCtx() context: AuditContext,
  ): Promise<FreshDataOf<ResourceResponse>> {
    const owner = body.toOwner(by);
    const options = body.toOwnerOptions(owner !== undefined);
    const isProtected = body.protected;
    if (owner === undefined) await this.protection.set(scopeOf(by), id, isProtected === true, context);
    else
      await this.owners.setOwner(id, owner, context, options, async (em) => {
        if (isProtected !== undefined) await this.protection.setWithin(em, scopeOf(by), id, isProtected, context);
      });
    return this.inventory.getAnswer(scopeOf(by), id);
  }
}

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
  memory: (row) => numberOf(row.attrs['memory']),
  vcpus: (row) => numberOf(row.attrs['vcpus']),
  disk: (row) => numberOf(row.attrs['disk']),
  addresses: (row) => addressesOf(row.attrs).join(' '),
  tags: (row) => textsIn(row.attrs['tags']).join(' '),
  tenant_id: (row) => row.tenant_id,
  project_id: (row) => row.project_id,
  project_name: (row) => row.project_name ?? null,
  attributed_by: (row) => row.attribution.by,
  attributed_ref: (row) => row.attribution.ref,
  attributed_ref_name: (row) => row.attribution.ref_name ?? null,
  first_seen_at: (row) => row.first_seen_at,
  last_seen_at: (row) => row.last_seen_at,
  deleted_at: (row) => row.deleted_at,
  urn: (row) => row.urn,
  price_hourly: ({ price }) => (price && isPriced(price) ? price.hourly : null),
  price_monthly: ({ price }) => (price && isPriced(price) ? price.monthly : null),
  price_backups_monthly: ({ price }) => (price && isPriced(price) ? (price.backups?.monthly ?? null) : null),
  price_currency: ({ price }) => (price && isPriced(price) ? price.currency : null),
  price_source: ({ price }) => (price && isPriced(price) ? price.source : null),
  price_as_of: ({ price }) => (price && isPriced(price) ? price.as_of : null),
  price_note: ({ price }) => (price && isPriced(price) ? price.note : null),
  unpriced: ({ price }) => (price && !isPriced(price) ? price.unpriced : null),
  protected: (row) => String(row.protected),
  protected_by: (row) => row.protected_by,
};

const numberOf = (value: unknown): number | null => (typeof value === 'number' ? value : null);
const textsIn = (value: unknown): string[] => (Array.isArray(value) ? value.filter((one) => typeof one === 'string') : []);

/** The addresses of a droplet's networks, and the one of a load balancer or reserved IP. */
function addressesOf({ ip, networks }: ResourceView['attrs']): string[] {
  const { v4, v6 } = (networks ?? {}) as { readonly v4?: unknown; readonly v6?: unknown };
  const listed = [v4, v6].flatMap((list) => (Array.isArray(list) ? list : []) as readonly { readonly ip_address?: unknown }[]);
  return textsIn([ip, ...listed.map((network) => network.ip_address)]);
}

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
    const options = { ...listOptions(query), totals: false, names: true };
    const page = (cursor?: string) => this.inventory.list(scopeOf(by), filters, { limit: ROWS_PER_READ, cursor }, query.as_of, options);
    return csvDownload('inventory.csv', COLUMNS, page);
  }
}

@RequirePlatformAdmin()
@Controller('api/v1/inventory')
export class AdoptController {
  constructor(private readonly adoption: AdoptionService) {}

  @Post(':id/adopt')
  @HttpCode(200)
  @ApiOperation({
    summary: 'Adopt a resource: record its live values as the desired state',
    description: 'From then on a difference is drift. 409 when the resource already has a desired state or is deleted.',
  })
  @ApiIdParam('resource')
  @ApiDataResponse(AdoptedResponse)
  @ApiProblems(409)
  async adopt(
    @Param('id', UuidPipe) id: string,
    @Body() _body: ReasonBody,
    @AuditCtx() context: AuditContext,
  ): Promise<DataOf<AdoptedResponse>> {
    return { data: await this.adoption.adopt(id, context) };
  }
}

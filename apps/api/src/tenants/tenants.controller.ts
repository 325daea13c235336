import { Body, Controller, Get, Param, Patch, Post, Query } from '@nestjs/common';
import { DescribedTenants } from '#libs/accounts';
import type { AuditContext } from '#libs/audit';
import { CompletenessReader, OwnershipService, PROJECT_SWEEP } from '#libs/inventory';
import { TenantRegistry, TenantWriter, type TenantView } from '#libs/tenants';
import { RequirePlatformAdmin } from '../auth/access.decorator';
import { DryRunQuery, PageQuery, type DataOf, type ListOf } from '../http/http.dto';
import { AuditCtx } from '../http/request-context';
import { ApiDataResponse, ApiListResponse, ApiProblems } from '../http/response.decorators';
import { ApiOperation, ApiParam } from '../http/swagger.decorators';
import { TenantIdPipe } from '../http/validation.pipe';
import { NewTenantBody, StatusPreviewResponse, TenantBody, TenantResponse, TenantsQuery, UnknownTenantResponse } from './tenants.dto';
import { TenantsService } from './tenants.service';

const ApiTenantIdParam = () =>
  ApiParam({ name: 'id', description: 'Id of the tenant', schema: { type: 'string', minLength: 1, maxLength: 200 } });

@RequirePlatformAdmin()
@Controller('api/v1/tenants')
export class TenantsController {
  constructor(
    private readonly tenants: TenantRegistry,
    private readonly writer: TenantWriter,
    private readonly service: TenantsService,
    private readonly described: DescribedTenants,
    private readonly owners: OwnershipService,
    private readonly completeness: CompletenessReader,
  ) {}

  @Get()
  @ApiOperation({ summary: 'List tenants with what they have', description: 'Closed tenants included, unless `status` leaves them out.' })
  @ApiListResponse(TenantResponse)
  async list(@Query() query: TenantsQuery): Promise<ListOf<TenantResponse>> {
    const { as_of, completeness } = await this.completeness.ofKind(undefined);
    const { items, next_cursor } = await this.tenants.list(query, query.toFilters());
    return { data: await this.service.withUsage(items), page: { next_cursor }, as_of, completeness };
  }

  @Get('unknown')
  @ApiOperation({
    summary: 'List ids that no tenant has',
    description:
      'Ids that descriptions of projects name and that are not registered: such a description changes nothing until the id is registered or ' +
      'the project is assigned. Also registered ids that differ from another one in letter case only.',
  })
  @ApiListResponse(UnknownTenantResponse)
  async unknown(@Query() page: PageQuery): Promise<ListOf<UnknownTenantResponse>> {
    const { as_of, completeness } = await this.completeness.ofKind(PROJECT_SWEEP.kind);
    const { items, next_cursor } = await this.described.listUnknown(page);
    return { data: items, page: { next_cursor }, as_of, completeness };
  }

  @Get(':id')
  @ApiOperation({ summary: 'Get a tenant with what it has' })
  @ApiTenantIdParam()
  @ApiDataResponse(TenantResponse)
  get(@Param('id', TenantIdPipe) id: string): Promise<DataOf<TenantResponse>> {
    return this.answer(this.tenants.get(id));
  }

  @Post()
  @ApiOperation({
    summary: 'Register a tenant',
    description:
      'Projects with a description that names it become its own at once. 409 `tenant_exists` for an id that is registered, also in another letter case.',
  })
  @ApiDataResponse(TenantResponse, 201)
  @ApiProblems(409)
  create(@Body() body: NewTenantBody, @AuditCtx() context: AuditContext): Promise<DataOf<TenantResponse>> {
    return this.answer(this.owners.registerTenant(body.toTenant(), context));
  }

  @Patch(':id')
  @ApiOperation({
    summary: 'Change a tenant or its status',
    description:
      '`suspended` starts nothing new, `offboarding` gets nothing new either, `closed` reads nothing; running sagas continue. A tenant that still ' +
      'owns something or has an open saga cannot be closed (409 `tenant_not_empty`). `dry_run=true` with a status shows what it would stop.',
  })
  @ApiTenantIdParam()
  @ApiDataResponse(TenantResponse)
  @ApiProblems(409)
  async patch(
    @Param('id', TenantIdPipe) id: string,
    @Body() body: TenantBody,
    @Query() query: DryRunQuery,
    @AuditCtx() context: AuditContext,
  ): Promise<DataOf<TenantResponse | StatusPreviewResponse>> {
    if (query.dry_run === 'true') return { data: await this.writer.preview(id, body.toStatus()) };
    return this.answer(this.writer.update(id, body.toChange(), context));
  }

  private async answer(tenant: Promise<TenantView>): Promise<DataOf<TenantResponse>> {
    const [data] = await this.service.withUsage([await tenant]);
    return { data: data as TenantResponse };
  }
}

import { Body, Controller, Get, Param, Patch, Query } from '@nestjs/common';
import { ProjectService, type OwnProject, type ProjectView } from '#libs/accounts';
import type { AuditContext } from '#libs/audit';
import { scopeOf, type Principal } from '#libs/identity';
import { CompletenessReader, InventoryReader, OwnershipService, PROJECT_SWEEP } from '#libs/inventory';
import { CurrentPrincipal, RequirePlatformAdmin, RequireTenantOrAdmin } from '../auth/access.decorator';
import { AuditCtx } from '../http/request-context';
import type { DataOf, ListOf } from '../http/http.dto';
import { ApiDataResponse, ApiIdParam, ApiListResponse, ApiProblems } from '../http/response.decorators';
import { ApiOperation } from '../http/swagger.decorators';
import { UuidPipe } from '../http/validation.pipe';
import { ProjectBody, ProjectResponse, ProjectsQuery } from './projects.dto';

@RequirePlatformAdmin()
@Controller('api/v1/projects')
export class ProjectsController {
  constructor(
    private readonly projects: ProjectService,
    private readonly owners: OwnershipService,
    private readonly inventory: InventoryReader,
    private readonly completeness: CompletenessReader,
  ) {}

  @Get()
  @RequireTenantOrAdmin()
  @ApiOperation({
    summary: "List the provider's projects",
    description:
      'The mirror in the inventory, deleted projects included. A tenant gets `id` and `name` of its own living projects, one of which an order may name; of the filters it uses `q` only.',
  })
  @ApiListResponse(ProjectResponse)
  async list(@Query() query: ProjectsQuery, @CurrentPrincipal() by: Principal): Promise<ListOf<ProjectResponse | OwnProject>> {
    const scope = scopeOf(by);
    if (scope.kind === 'tenant') return this.listOwn(query, scope.tenantId);
    const list = await this.projects.list(query, () => this.completeness.ofKind(PROJECT_SWEEP.kind), query.toFilters());
    return { ...list, data: await this.withCounts(list.data) };
  }

  @Get(':id')
  @ApiOperation({ summary: 'Get a project' })
  @ApiIdParam('project')
  @ApiDataResponse(ProjectResponse)
  get(@Param('id', UuidPipe) id: string): Promise<DataOf<ProjectResponse>> {
    return this.read(id);
  }

  @Patch(':id')
  @ApiOperation({
    summary: 'Assign a project to a tenant and classify it',
    description:
      'Syncs keep these values, and they apply to the resources of the project at once. A field that is missing keeps its value. ' +
      '`tenant_id` must be a registered tenant: else 400 `unknown_tenant` with the nearest one, and 409 for a tenant that leaves. ' +
      '`tenant_id: null` gives the project back to its description; `unassigned: true` lets it belong to no tenant. ' +
      '`effective_from` with a `reason` corrects the history of its resources, also of those that have ended. `classification: null` removes it.',
  })
  @ApiIdParam('project')
  @ApiDataResponse(ProjectResponse)
  @ApiProblems(409)
  async patch(
    @Param('id', UuidPipe) id: string,
    @Body() body: ProjectBody,
    @AuditCtx() context: AuditContext,
  ): Promise<DataOf<ProjectResponse>> {
    const change = body.toChange();
    const options = body.toOwnerOptions(change.tenant_id !== undefined || change.unassigned === true);
    await this.owners.setProject(id, change, context, options);
    return this.read(id);
  }

  private async listOwn(query: ProjectsQuery, tenantId: string): Promise<ListOf<OwnProject>> {
    query.assertForTenant(tenantId);
    const { as_of, completeness } = await this.completeness.ofKind(PROJECT_SWEEP.kind); // read first: rows may be newer, never older
    const { items, next_cursor } = await this.projects.listOwn(tenantId, query, query.q);
    return { data: items, page: { next_cursor }, as_of, completeness };
  }

  private async read(id: string): Promise<DataOf<ProjectResponse>> {
    const { as_of } = await this.completeness.ofKind(PROJECT_SWEEP.kind);
    const [data] = await this.withCounts([await this.projects.get(id, as_of)]);
    return { data: data as ProjectResponse };
  }

  private async withCounts(projects: readonly ProjectView[]): Promise<ProjectResponse[]> {
    const counts = await this.inventory.countByProject(projects.map(({ id }) => id));
    return projects.map((project) => ({ ...project, resources: counts.get(project.id) ?? 0 }));
  }
}

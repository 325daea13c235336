import { Body, Controller, Get, Param, Patch, Query } from '@nestjs/common';
import { ProjectService } from '#libs/accounts';
import type { AuditContext } from '#libs/audit';
import { CompletenessReader, OwnershipService, PROJECT_SWEEP } from '#libs/inventory';
import { RequirePlatformAdmin } from '../auth/access.decorator';
import { AuditCtx } from '../http/request-context';
import { PageQuery, type DataOf, type ListOf } from '../http/http.dto';
import { ApiDataResponse, ApiIdParam, ApiListResponse } from '../http/response.decorators';
import { ApiOperation } from '../http/swagger.decorators';
import { UuidPipe } from '../http/validation.pipe';
import { ProjectBody, ProjectResponse } from './projects.dto';

@RequirePlatformAdmin()
@Controller('api/v1/projects')
export class ProjectsController {
  constructor(
    private readonly projects: ProjectService,
    private readonly owners: OwnershipService,
    private readonly completeness: CompletenessReader,
  ) {}

  @Get()
  @ApiOperation({ summary: "List the provider's projects", description: 'The mirror in the inventory, deleted projects included.' })
  @ApiListResponse(ProjectResponse)
  list(@Query() page: PageQuery): Promise<ListOf<ProjectResponse>> {
    return this.projects.list(page, () => this.completeness.ofKind(PROJECT_SWEEP.kind));
  }

  @Patch(':id')
  @ApiOperation({
    summary: 'Assign a project to a tenant and classify it',
    description:
      'Syncs keep these values, and they apply to the resources of the project at once. A field that is missing keeps its value; null removes it.',
  })
  @ApiIdParam('project')
  @ApiDataResponse(ProjectResponse)
  async patch(
    @Param('id', UuidPipe) id: string,
    @Body() body: ProjectBody,
    @AuditCtx() context: AuditContext,
  ): Promise<DataOf<ProjectResponse>> {
    return { data: await this.owners.setProject(id, body.toChange(), context) };
  }
}

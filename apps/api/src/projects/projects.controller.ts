import { Body, Controller, Get, Param, Patch, Query } from '@nestjs/common';
import type { AuditContext } from '#libs/audit';
import { OwnershipService, ProjectReader } from '#libs/inventory';
import { RequirePlatformAdmin } from '../access/access';
import { PageQuery } from '../requests/page.query';
import { UuidPipe } from '../requests/uuid.pipe';
import { AuditCtx } from '../requests/who-and-why';
import { Describes } from '../routing/describes';
import { ProjectBody } from './project.body';

@RequirePlatformAdmin()
@Controller('api/v1/projects')
export class ProjectsController {
  constructor(
    private readonly projects: ProjectReader,
    private readonly owners: OwnershipService,
  ) {}

  @Get()
  @Describes({ summary: "List the mirror of the provider's projects", answers: { schema: 'Project', as: 'list' } })
  list(@Query() page: PageQuery) {
    return this.projects.list(page);
  }

  @Patch(':id')
  @Describes({
    summary: 'Say whose a project is and what it is for',
    details: 'Kept by syncs, and effective on its resources at once. Fields that are left out stay; null takes a value back.',
    answers: { schema: 'Project', as: 'data' },
  })
  async patch(@Param('id', UuidPipe) id: string, @Body() body: ProjectBody, @AuditCtx() because: AuditContext) {
    return { data: await this.owners.setProject(id, body.change(), because) };
  }
}

import { Body, Controller, Delete, Get, Param, Post, Query } from '@nestjs/common';
import type { AuditContext } from '#libs/audit';
import { DriftRuleService } from '#libs/drift';
import { RequirePlatformAdmin } from '../auth/access.decorator';
import { AuditCtx } from '../http/audit-context.decorator';
import { PageQuery, type DataOf, type ListOf } from '../http/page.dto';
import { ApiDataResponse, ApiIdParam, ApiListResponse, ApiProblems } from '../http/response.decorators';
import { ApiOperation } from '../http/swagger.decorators';
import { UuidPipe } from '../http/uuid.pipe';
import { DriftRuleBody, DriftRuleResponse } from './drift.dto';

@RequirePlatformAdmin()
@Controller('api/v1/drift-rules')
export class DriftRulesController {
  constructor(private readonly rules: DriftRuleService) {}

  @Get()
  @ApiOperation({ summary: 'List drift ignore rules', description: 'Newest first.' })
  @ApiListResponse(DriftRuleResponse)
  list(@Query() page: PageQuery): Promise<ListOf<DriftRuleResponse>> {
    return this.rules.list(page);
  }

  @Post()
  @ApiOperation({
    summary: 'Create a drift ignore rule',
    description:
      'It ignores each drift that matches all given fields; give at least one of tenant, kind, resource and field. Ignored drifts are counted, not listed.',
  })
  @ApiDataResponse(DriftRuleResponse, 201)
  @ApiProblems(404)
  async add(@Body() body: DriftRuleBody, @AuditCtx() context: AuditContext): Promise<DataOf<DriftRuleResponse>> {
    return { data: await this.rules.create(body, context) };
  }

  @Delete(':id')
  @ApiOperation({ summary: 'Delete a drift ignore rule' })
  @ApiIdParam('rule')
  @ApiDataResponse(DriftRuleResponse)
  async remove(@Param('id', UuidPipe) id: string, @AuditCtx() context: AuditContext): Promise<DataOf<DriftRuleResponse>> {
    return { data: await this.rules.delete(id, context) };
  }
}

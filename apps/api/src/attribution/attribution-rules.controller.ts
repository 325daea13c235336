import { Body, Controller, Delete, Get, HttpCode, Param, Patch, Post, Query, Res } from '@nestjs/common';
import type { Response } from 'express';
import type { AuditContext } from '#libs/audit';
import type { Principal } from '#libs/identity';
import { AttributionFindingsService, AttributionRulesService, type RuleEdit } from '#libs/inventory';
import { CurrentPrincipal, RequirePlatformAdmin } from '../auth/access.decorator';
import { DryRunQuery, type DataOf, type ListOf } from '../http/http.dto';
import { AuditCtx } from '../http/request-context';
import { ApiDataResponse, ApiEitherDataResponse, ApiIdParam, ApiListResponse, ApiProblems } from '../http/response.decorators';
import { ApiOperation } from '../http/swagger.decorators';
import { UuidPipe } from '../http/validation.pipe';
import { AttributionFindingResponse, AttributionFindingsQuery, ConfirmMoveBody, RuleEffectResponse } from './attribution-moves.dto';
import { AttributionRuleBody, AttributionRuleChangeBody, AttributionRuleResponse, AttributionRulesQuery } from './attribution-rules.dto';

const NEVER_BETWEEN_TENANTS =
  'A rule never moves a resource from one tenant to another by itself: such a move becomes a finding, which an admin confirms. ' +
  '`dry_run=true` answers 200 with what would move (`moves`, `needs_confirmation`, `groups`, `first`), and changes nothing.';

/** Rules that give resources to tenants where neither an admin nor a project nor a parent has decided. */
@RequirePlatformAdmin()
@Controller('api/v1/attribution-rules')
export class AttributionRulesController {
  constructor(
    private readonly rules: AttributionRulesService,
    private readonly findings: AttributionFindingsService,
  ) {}

  @Get()
  @ApiOperation({ summary: 'List attribution rules', description: 'In the order in which they are asked.' })
  @ApiListResponse(AttributionRuleResponse)
  list(@Query() query: AttributionRulesQuery): Promise<ListOf<AttributionRuleResponse>> {
    return this.rules.list(query, query.toFilters());
  }

  @Get('findings')
  @ApiOperation({
    summary: 'List moves between tenants that wait for an admin',
    description: 'Moves that only a rule asks for. The resource stays with its present owner until an admin confirms the move.',
  })
  @ApiListResponse(AttributionFindingResponse)
  listFindings(@Query() query: AttributionFindingsQuery): Promise<ListOf<AttributionFindingResponse>> {
    return this.findings.list(query, query.toFilters());
  }

  @Post('findings/:id/confirm')
  @HttpCode(200)
  @ApiOperation({
    summary: 'Confirm a move between tenants',
    description:
      'The resource moves at once, and with it what follows it as its parent. 409 `finding_changed` when the rules give it to another tenant by now.',
  })
  @ApiIdParam('resource')
  @ApiDataResponse(AttributionFindingResponse)
  @ApiProblems(409)
  async confirm(
    @Param('id', UuidPipe) id: string,
    @Body() { tenant_id }: ConfirmMoveBody,
    @AuditCtx() context: AuditContext,
  ): Promise<DataOf<AttributionFindingResponse>> {
    return { data: await this.findings.confirm(id, tenant_id, context) };
  }

  @Get(':id')
  @ApiOperation({ summary: 'Get an attribution rule' })
  @ApiIdParam('rule')
  @ApiDataResponse(AttributionRuleResponse)
  async get(@Param('id', UuidPipe) id: string): Promise<DataOf<AttributionRuleResponse>> {
    return { data: await this.rules.get(id) };
  }

  @Post()
  @ApiOperation({
    summary: 'Create an attribution rule',
    description: `It gives each resource to its tenant to which all of its conditions apply, at once and as resources are discovered. ${NEVER_BETWEEN_TENANTS}`,
  })
  @ApiDataResponse(RuleEffectResponse, 200)
  @ApiDataResponse(AttributionRuleResponse, 201)
  @ApiProblems(409)
  async create(
    @Query() query: DryRunQuery,
    @Body() body: AttributionRuleBody,
    @AuditCtx() context: AuditContext,
    @CurrentPrincipal() by: Principal,
    @Res({ passthrough: true }) response: Response,
  ): Promise<DataOf<AttributionRuleResponse | RuleEffectResponse>> {
    if (query.dry_run === 'true') response.status(200);
    return this.edit({ action: 'create', rule: body.toRule() }, query, context, by);
  }

  @Patch(':id')
  @ApiOperation({
    summary: 'Change an attribution rule',
    description: `\`when\` replaces all conditions. What the rule no longer decides goes to the next rule that applies, or to no tenant. ${NEVER_BETWEEN_TENANTS}`,
  })
  @ApiIdParam('rule')
  @ApiEitherDataResponse(AttributionRuleResponse, RuleEffectResponse)
  @ApiProblems(409)
  change(
    @Param('id', UuidPipe) id: string,
    @Query() query: DryRunQuery,
    @Body() body: AttributionRuleChangeBody,
    @AuditCtx() context: AuditContext,
    @CurrentPrincipal() by: Principal,
  ): Promise<DataOf<AttributionRuleResponse | RuleEffectResponse>> {
    return this.edit({ action: 'update', id, rule: body.toChange() }, query, context, by);
  }

  @Delete(':id')
  @ApiOperation({
    summary: 'Delete an attribution rule',
    description: `Returns the rule as it was. What it decided goes to the next rule that applies, or to no tenant. ${NEVER_BETWEEN_TENANTS}`,
  })
  @ApiIdParam('rule')
  @ApiEitherDataResponse(AttributionRuleResponse, RuleEffectResponse)
  remove(
    @Param('id', UuidPipe) id: string,
    @Query() query: DryRunQuery,
    @AuditCtx() context: AuditContext,
    @CurrentPrincipal() by: Principal,
  ): Promise<DataOf<AttributionRuleResponse | RuleEffectResponse>> {
    return this.edit({ action: 'delete', id }, query, context, by);
  }

  private async edit(
    edit: RuleEdit,
    { dry_run }: DryRunQuery,
    context: AuditContext,
    by: Principal,
  ): Promise<DataOf<AttributionRuleResponse | RuleEffectResponse>> {
    return { data: dry_run === 'true' ? await this.rules.preview(edit, by.sub) : await this.rules.apply(edit, context) };
  }
}

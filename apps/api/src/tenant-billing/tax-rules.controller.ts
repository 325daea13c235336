import { Body, Controller, Get, HttpCode, Param, Patch, Post, Query } from '@nestjs/common';
import type { AuditContext } from '#libs/audit';
import { TaxRules } from '#libs/tenant-billing';
import { RequirePlatformAdmin } from '../auth/access.decorator';
import type { DataOf, ListOf } from '../http/http.dto';
import { AuditCtx } from '../http/request-context';
import { ApiDataResponse, ApiIdParam, ApiListResponse, ApiProblems } from '../http/response.decorators';
import { ApiOperation } from '../http/swagger.decorators';
import { UuidPipe } from '../http/validation.pipe';
import { TaxRuleBody, TaxRuleChangeBody, TaxRulesQuery, TaxSetBody } from './tax-rules.dto';
import { TaxRuleResponse } from './tax-rules-answers.dto';

@RequirePlatformAdmin()
@Controller('api/v1/billing/tax-rules')
export class TaxRulesController {
  constructor(private readonly rules: TaxRules) {}

  @Get()
  @ApiOperation({ summary: 'List tax rules', description: 'Newest first, with those that count no more.' })
  @ApiListResponse(TaxRuleResponse)
  list(@Query() query: TaxRulesQuery): Promise<ListOf<TaxRuleResponse>> {
    return this.rules.list(query, query.toFilters());
  }

  @Post()
  @ApiOperation({
    summary: 'Create a tax rule',
    description:
      'Exceptions of the tenant count first, then the highest `priority`, then the lowest id. Invoices that are decided keep their tax; a rule ' +
      'counts for later ones.',
  })
  @ApiDataResponse(TaxRuleResponse, 201)
  @ApiProblems(404)
  async create(@Body() body: TaxRuleBody, @AuditCtx() context: AuditContext): Promise<DataOf<TaxRuleResponse>> {
    return { data: await this.rules.create(body.issuer_id, body.toInput(), context) };
  }

  @Post('sets')
  @HttpCode(200)
  @ApiOperation({
    summary: 'Add a shipped set of tax rules',
    description:
      '`AU`: GST; `EU`: VAT of the country of the issuer, reverse charge, export. They are a start and no advice: check them before you issue.',
  })
  @ApiListResponse(TaxRuleResponse)
  @ApiProblems(404)
  addSet(@Body() body: TaxSetBody, @AuditCtx() context: AuditContext): Promise<ListOf<TaxRuleResponse>> {
    return this.rules.addSet(body.issuer_id, body.toSet(), context);
  }

  @Patch(':id')
  @ApiOperation({ summary: 'Change a tax rule', description: '409 `version_moved` when it changed since `expected_version`.' })
  @ApiIdParam('tax rule')
  @ApiDataResponse(TaxRuleResponse)
  @ApiProblems(409)
  async update(
    @Param('id', UuidPipe) id: string,
    @Body() body: TaxRuleChangeBody,
    @AuditCtx() context: AuditContext,
  ): Promise<DataOf<TaxRuleResponse>> {
    return { data: await this.rules.update(id, body.toChange(), body.expected_version, context) };
  }
}

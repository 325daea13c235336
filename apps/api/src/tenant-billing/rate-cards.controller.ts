import { Body, Controller, Delete, Get, HttpCode, Param, Patch, Post, Put, Query } from '@nestjs/common';
import type { AuditContext } from '#libs/audit';
import { RateAssignments, RateCardService, RatingService } from '#libs/tenant-billing';
import { RequirePlatformAdmin } from '../auth/access.decorator';
import { PageQuery, ReasonBody, type DataOf, type ListOf } from '../http/http.dto';
import { AuditCtx } from '../http/request-context';
import { ApiDataResponse, ApiIdParam, ApiListResponse, ApiProblems } from '../http/response.decorators';
import { ApiOperation, ApiParam } from '../http/swagger.decorators';
import { UuidPipe, VersionPipe } from '../http/validation.pipe';
import {
  RateCardBody,
  RateCardChangeBody,
  RateCardVersionBody,
  RateOverrideBody,
  RateOverridesQuery,
  SimulationBody,
} from './rate-cards.dto';
import {
  RateCardDetailResponse,
  RateCardResponse,
  RateCardVersionResponse,
  RateOverrideResponse,
  TenantTotalResponse,
} from './rate-cards-answers.dto';

const ApiVersionParam = () => ApiParam({ name: 'version', description: 'Number of the version', schema: { type: 'integer', minimum: 1 } });

@RequirePlatformAdmin()
@Controller('api/v1/rate-cards')
export class RateCardsController {
  constructor(
    private readonly cards: RateCardService,
    private readonly rating: RatingService,
    private readonly assignments: RateAssignments,
  ) {}

  @Get()
  @ApiOperation({
    summary: 'List rate cards',
    description: 'Newest first. One is the default: it prices in the present month what no other card has a rate for.',
  })
  @ApiListResponse(RateCardResponse)
  list(@Query() page: PageQuery): Promise<ListOf<RateCardResponse>> {
    return this.cards.list(page);
  }

  @Post()
  @ApiOperation({ summary: 'Create a rate card', description: 'It prices nothing until a version of it is published and a tenant has it.' })
  @ApiDataResponse(RateCardResponse, 201)
  @ApiProblems(409)
  async create(@Body() body: RateCardBody, @AuditCtx() context: AuditContext): Promise<DataOf<RateCardResponse>> {
    return { data: await this.cards.create(body.name, context) };
  }

  @Get(':id')
  @ApiOperation({
    summary: 'Get a rate card',
    description: 'With the tenants that are given it, and the months in which it is the default.',
  })
  @ApiIdParam('rate card')
  @ApiDataResponse(RateCardDetailResponse)
  async get(@Param('id', UuidPipe) id: string): Promise<DataOf<RateCardDetailResponse>> {
    const [card, tenants] = [await this.cards.get(id), await this.assignments.tenantsOf(id)];
    return { data: { ...card, tenants, default_months: await this.assignments.defaultMonthsOf(id) } };
  }

  @Patch(':id')
  @ApiOperation({
    summary: 'Rename a rate card or make it default',
    description:
      'A default counts from `default_from` on, the present month unless given; earlier months keep theirs. ' +
      '409 `month_issued` when invoices of a month that would change are issued.',
  })
  @ApiIdParam('rate card')
  @ApiDataResponse(RateCardResponse)
  @ApiProblems(409)
  async update(
    @Param('id', UuidPipe) id: string,
    @Body() body: RateCardChangeBody,
    @AuditCtx() context: AuditContext,
  ): Promise<DataOf<RateCardResponse>> {
    return { data: await this.cards.update(id, body.toChange(), context) };
  }

  @Get(':id/versions')
  @ApiOperation({ summary: 'List the versions of a rate card', description: 'Newest first, with their rates.' })
  @ApiIdParam('rate card')
  @ApiListResponse(RateCardVersionResponse)
  versions(@Param('id', UuidPipe) id: string, @Query() page: PageQuery): Promise<ListOf<RateCardVersionResponse>> {
    return this.cards.listVersions(id, page);
  }

  @Post(':id/versions')
  @ApiOperation({
    summary: 'Create a version of a rate card',
    description:
      'It counts for nothing until it is published. Models: cost_plus, fixed_per_sku, graduated, volume, package, free_allowance, free. ' +
      'Tags of a selector must be reserved ones, which no tenant can set.',
  })
  @ApiIdParam('rate card')
  @ApiDataResponse(RateCardVersionResponse, 201)
  async createVersion(
    @Param('id', UuidPipe) id: string,
    @Body() body: RateCardVersionBody,
    @AuditCtx() context: AuditContext,
  ): Promise<DataOf<RateCardVersionResponse>> {
    return { data: await this.cards.createVersion(id, body, context) };
  }

  @Put(':id/versions/:version')
  @ApiOperation({ summary: 'Replace a version', description: 'As a whole. 409 `version_published` for one that is published.' })
  @ApiIdParam('rate card')
  @ApiVersionParam()
  @ApiDataResponse(RateCardVersionResponse)
  @ApiProblems(409)
  async replaceVersion(
    @Param('id', UuidPipe) id: string,
    @Param('version', VersionPipe) version: number,
    @Body() body: RateCardVersionBody,
    @AuditCtx() context: AuditContext,
  ): Promise<DataOf<RateCardVersionResponse>> {
    return { data: await this.cards.replaceVersion(id, version, body, context) };
  }

  @Post(':id/versions/:version/publish')
  @HttpCode(200)
  @ApiOperation({
    summary: 'Publish a version',
    description: 'It counts from its month on and never changes. 409 `month_taken` when another one is published from that month on.',
  })
  @ApiIdParam('rate card')
  @ApiVersionParam()
  @ApiDataResponse(RateCardVersionResponse)
  @ApiProblems(409)
  async publish(
    @Param('id', UuidPipe) id: string,
    @Param('version', VersionPipe) version: number,
    @Body() _body: ReasonBody,
    @AuditCtx() context: AuditContext,
  ): Promise<DataOf<RateCardVersionResponse>> {
    return { data: await this.cards.publish(id, version, context) };
  }

  @Post(':id/versions/:version/simulate')
  @HttpCode(200)
  @ApiOperation({
    summary: 'Simulate a month under a version',
    description: 'What each tenant pays now and would pay if this version counted for its card in that month. Changes nothing.',
  })
  @ApiIdParam('rate card')
  @ApiVersionParam()
  @ApiListResponse(TenantTotalResponse)
  async simulate(
    @Param('id', UuidPipe) id: string,
    @Param('version', VersionPipe) version: number,
    @Body() body: SimulationBody,
  ): Promise<ListOf<TenantTotalResponse>> {
    await this.cards.version(id, version);
    const data = await this.rating.simulate(body.period, id, version);
    return { data, page: { next_cursor: null }, as_of: null, completeness: {} };
  }
}

@RequirePlatformAdmin()
@Controller('api/v1/rate-overrides')
export class RateOverridesController {
  constructor(private readonly assignments: RateAssignments) {}

  @Get()
  @ApiOperation({ summary: 'List rate overrides', description: 'Newest first, with those that count no more.' })
  @ApiListResponse(RateOverrideResponse)
  list(@Query() query: RateOverridesQuery): Promise<ListOf<RateOverrideResponse>> {
    return this.assignments.listOverrides(query, query);
  }

  @Post()
  @ApiOperation({
    summary: 'Create a rate override',
    description: 'A price for one tenant or one resource that counts before every card; one of a resource before one of its tenant.',
  })
  @ApiDataResponse(RateOverrideResponse, 201)
  @ApiProblems(404)
  async create(@Body() body: RateOverrideBody, @AuditCtx() context: AuditContext): Promise<DataOf<RateOverrideResponse>> {
    return { data: await this.assignments.createOverride(body, context) };
  }

  @Delete(':id')
  @ApiOperation({
    summary: 'Delete a rate override',
    description: 'Months that are rated already keep their lines until they are rated again.',
  })
  @ApiIdParam('rate override')
  @ApiDataResponse(RateOverrideResponse)
  async delete(@Param('id', UuidPipe) id: string, @AuditCtx() context: AuditContext): Promise<DataOf<RateOverrideResponse>> {
    return { data: await this.assignments.deleteOverride(id, context) };
  }
}

import { Body, Controller, Get, HttpCode, Param, Post, Query, Res } from '@nestjs/common';
import { Type } from 'class-transformer';
import { ArrayMaxSize, ArrayMinSize, IsArray, IsInt, IsOptional, IsUUID, Max, Min, ValidateNested } from 'class-validator';
import type { Response } from 'express';
import type { AuditContext } from '#libs/audit';
import type { Principal } from '#libs/identity';
import { ValidationFailedError } from '#libs/kernel';
import { BULK_VERBS, SagaBulk, type BulkItemView, type BulkJobView, type BulkPlan, type BulkVerb } from '#libs/saga';
import { CurrentPrincipal, RequirePlatformAdmin } from '../auth/access.decorator';
import { DryRunQuery, PageQuery, RequiredReasonBody, type DataOf, type ListOf } from '../http/http.dto';
import { IsOneOf } from '../http/input.decorators';
import { AuditCtx } from '../http/request-context';
import { ApiDataResponse, ApiIdParam, ApiListResponse, ApiProblems } from '../http/response.decorators';
import {
  ApiAnyObject,
  ApiCount,
  ApiEnum,
  ApiFlag,
  ApiInput,
  ApiListOf,
  ApiOperation,
  ApiText,
  ApiTime,
  ApiUuid,
} from '../http/swagger.decorators';
import { UuidPipe } from '../http/validation.pipe';
import { SagasQuery } from './sagas.dto';
import { SagasService } from './sagas.service';

const MOST_IDS = 1_000;

/** One verb for many sagas. */
class BulkJobBody extends RequiredReasonBody {
  @ApiInput('The verb for each saga', { example: 'pause' })
  @IsOneOf(BULK_VERBS)
  readonly verb: BulkVerb;

  @ApiInput('Filters as in the query of the list of sagas; either these or `ids`', {
    example: { kind: 'resize_droplet', status: 'running' },
  })
  @IsOptional()
  @ValidateNested()
  @Type(() => SagasQuery)
  readonly filter?: SagasQuery;

  @ApiInput('Ids of sagas')
  @IsOptional()
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(MOST_IDS)
  @IsUUID('all', { each: true })
  readonly ids?: string[];

  @ApiInput('Sagas per minute', { example: 60 })
  @IsInt()
  @Min(1)
  @Max(6_000)
  readonly rate_per_minute: number;

  /** Throws `ValidationFailedError` unless there is exactly one selection. */
  assertSelection(): void {
    if ((this.filter === undefined) === (this.ids === undefined))
      throw new ValidationFailedError([{ field: 'ids', message: 'give either ids or filter' }]);
  }
}

class BulkFirstResponse {
  @ApiUuid('Id of the saga')
  readonly id: string;

  @ApiText('Saga kind')
  readonly kind: string;

  @ApiText('Name of what the saga works on', { nullable: true, example: 'acme-web-02' })
  readonly target_name: string | null;

  @ApiText('State of the saga')
  readonly status: string;

  @ApiFlag('Whether the verb is possible now')
  readonly allowed: boolean;
}

class BulkPlanResponse implements BulkPlan {
  @ApiEnum(BULK_VERBS, 'The verb for each saga')
  readonly verb: BulkVerb;

  @ApiCount('Number of sagas')
  readonly total: number;

  @ApiListOf(() => BulkFirstResponse, 'The first of them')
  readonly first: readonly BulkFirstResponse[];
}

class BulkJobResponse implements BulkJobView {
  @ApiUuid('Id of the job')
  readonly id: string;

  @ApiText('The verb for each saga')
  readonly verb: string;

  @ApiEnum(['running', 'stopped', 'finished'], 'State of the job')
  readonly status: BulkJobView['status'];

  @ApiAnyObject('The filter that selected the sagas; null where ids were given', { nullable: true })
  readonly filter: Record<string, unknown> | null;

  @ApiText('Recorded with each verb')
  readonly reason: string;

  @ApiCount('Sagas per minute')
  readonly rate_per_minute: number;

  @ApiCount('Number of sagas')
  readonly total: number;

  @ApiCount('Sagas for which the verb was carried out')
  readonly done: number;

  @ApiCount('Sagas for which the verb was refused')
  readonly refused: number;

  @ApiText('Who created the job')
  readonly created_by: string;

  @ApiTime('When it was created')
  readonly created_at: string;

  @ApiText('Who stopped it', { nullable: true })
  readonly stopped_by: string | null;

  @ApiTime('When it ended', { nullable: true })
  readonly finished_at: string | null;
}

class BulkItemResponse implements BulkItemView {
  @ApiCount('Place of the saga in the job')
  readonly nr: number;

  @ApiUuid('Id of the saga')
  readonly saga_id: string;

  @ApiText('Saga kind', { example: 'resize_droplet' })
  readonly kind: string;

  @ApiText('Name of what the saga works on', { nullable: true, example: 'acme-web-02' })
  readonly target_name: string | null;

  @ApiEnum(['done', 'refused'], 'The result; null until the saga was handled', { nullable: true })
  readonly result: BulkItemView['result'];

  @ApiText('Names the refusal', { nullable: true })
  readonly code: string | null;

  @ApiText('Explains the refusal', { nullable: true })
  readonly detail: string | null;

  @ApiTime('When the saga was handled', { nullable: true })
  readonly at: string | null;
}

@RequirePlatformAdmin()
@Controller('api/v1/sagas/bulk-jobs')
export class SagaBulkController {
  constructor(
    private readonly bulk: SagaBulk,
    private readonly sagas: SagasService,
  ) {}

  @Post()
  @HttpCode(202)
  @ApiOperation({
    summary: 'Create a bulk job of one verb',
    description:
      'The sagas are frozen at once; a worker handles each by the single verb, at the given rate, with a result for each. `dry_run=true` returns ' +
      'their number and the first of them (200), and changes nothing.',
  })
  @ApiDataResponse(BulkPlanResponse)
  @ApiDataResponse(BulkJobResponse, 202)
  @ApiProblems(409)
  async create(
    @Body() body: BulkJobBody,
    @Query() query: DryRunQuery,
    @CurrentPrincipal() by: Principal,
    @AuditCtx() context: AuditContext,
    @Res({ passthrough: true }) response: Response,
  ): Promise<DataOf<BulkJobResponse | BulkPlanResponse>> {
    body.assertSelection();
    const { verb, ids, rate_per_minute: ratePerMinute, filter } = body;
    const selection = filter ? { filter: await this.sagas.filtersOf(by, filter) } : { ...(ids && { ids }) };
    if (query.dry_run === 'true') {
      response.status(200);
      const plan = await this.bulk.plan({ verb, ratePerMinute, ...selection });
      const titles = await this.sagas.titlesOf(
        by,
        plan.first.map(({ id }) => id),
      );
      return { data: { ...plan, first: plan.first.map((one) => ({ ...one, target_name: titles.get(one.id)?.target_name ?? null })) } };
    }
    return { data: await this.bulk.get(await this.bulk.create({ verb, ratePerMinute, ...selection }, context)) };
  }

  @Get()
  @ApiOperation({ summary: 'List bulk jobs', description: 'Newest first, those that run and those that have ended.' })
  @ApiListResponse(BulkJobResponse)
  async list(@Query() query: PageQuery): Promise<ListOf<BulkJobResponse>> {
    const asOf = new Date().toISOString();
    const { items, next_cursor } = await this.bulk.listJobs(query);
    return { data: items, page: { next_cursor }, as_of: asOf, completeness: {} };
  }

  @Get(':id')
  @ApiOperation({ summary: 'Get a bulk job' })
  @ApiIdParam('bulk job')
  @ApiDataResponse(BulkJobResponse)
  @ApiProblems(404)
  async get(@Param('id', UuidPipe) id: string): Promise<DataOf<BulkJobResponse>> {
    return { data: await this.bulk.get(id) };
  }

  @Get(':id/items')
  @ApiOperation({ summary: 'List the results of a bulk job', description: 'In the order in which the sagas are handled.' })
  @ApiIdParam('bulk job')
  @ApiListResponse(BulkItemResponse)
  @ApiProblems(404)
  async items(
    @Param('id', UuidPipe) id: string,
    @Query() query: PageQuery,
    @CurrentPrincipal() by: Principal,
  ): Promise<ListOf<BulkItemResponse>> {
    const asOf = new Date().toISOString();
    const { items, next_cursor } = await this.bulk.list(id, query);
    const titles = await this.sagas.titlesOf(
      by,
      items.map(({ saga_id }) => saga_id),
    );
    const data = items.map((item) => ({ ...item, ...(titles.get(item.saga_id) ?? { kind: '', target_name: null }) }));
    return { data, page: { next_cursor }, as_of: asOf, completeness: {} };
  }

  @Post(':id/stop')
  @HttpCode(200)
  @ApiOperation({ summary: 'Stop a bulk job', description: 'The saga in hand ends; no other is handled. What was done stays done.' })
  @ApiIdParam('bulk job')
  @ApiDataResponse(BulkJobResponse)
  @ApiProblems(404)
  async stop(
    @Param('id', UuidPipe) id: string,
    @Body() _body: RequiredReasonBody,
    @AuditCtx() context: AuditContext,
  ): Promise<DataOf<BulkJobResponse>> {
    await this.bulk.stop(id, context);
    return { data: await this.bulk.get(id) };
  }
}

import { Body, Controller, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import type { AuditContext } from '#libs/audit';
import { sweepNamed, SweepReader, SweepService } from '#libs/inventory';
import { WakeupService } from '#libs/queues';
import { RequirePlatformAdmin } from '../auth/access.decorator';
import { AuditCtx } from '../http/request-context';
import { RequiredReasonBody, type DataOf, type ListOf } from '../http/http.dto';
import { ApiDataResponse, ApiIdParam, ApiListResponse, ApiProblems } from '../http/response.decorators';
import { ApiOperation } from '../http/swagger.decorators';
import { UuidPipe } from '../http/validation.pipe';
import { MissingQuery, MissedResponse, SweepBody, SweepResponse, SweepsQuery } from './sweeps.dto';

@RequirePlatformAdmin()
@Controller('api/v1/sweeps')
export class SweepsController {
  constructor(
    private readonly sweeps: SweepReader,
    private readonly service: SweepService,
    private readonly wakeups: WakeupService,
  ) {}

  @Get()
  @ApiOperation({ summary: 'List sweeps', description: 'Newest first.' })
  @ApiListResponse(SweepResponse)
  list(@Query() query: SweepsQuery): Promise<ListOf<SweepResponse>> {
    return this.sweeps.list(query.kind, query, query.toFilters());
  }

  @Get(':id')
  @ApiOperation({ summary: 'Get a sweep' })
  @ApiIdParam('sweep')
  @ApiDataResponse(SweepResponse)
  async get(@Param('id', UuidPipe) id: string): Promise<DataOf<SweepResponse>> {
    return { data: await this.sweeps.get(id) };
  }

  @Get(':id/missing')
  @ApiOperation({
    summary: 'List what a suspect sweep did not list',
    description: 'In the order of kind and provider id. Empty once a newer sweep of the kind has replaced the suspect one.',
  })
  @ApiIdParam('sweep')
  @ApiListResponse(MissedResponse)
  missing(@Param('id', UuidPipe) id: string, @Query() query: MissingQuery): Promise<ListOf<MissedResponse>> {
    return this.sweeps.listMissing(id, { tenant_id: query.tenant_id }, query);
  }

  @Post()
  @HttpCode(202)
  @ApiOperation({
    summary: 'Start a sweep of a kind',
    description: 'A worker starts it at once. Returns the running sweep of the kind if there is one. `project` is a kind here.',
  })
  @ApiDataResponse(SweepResponse, 202)
  async request(@Body() { kind }: SweepBody, @AuditCtx() context: AuditContext): Promise<DataOf<SweepResponse>> {
    const sweep = await this.service.request(kind, context);
    await this.wakeups.wakeSweepWorker(sweepNamed(kind).sync.queue, kind);
    return { data: sweep };
  }

  @Post(':id/release')
  @HttpCode(200)
  @ApiOperation({
    summary: 'Release a suspect sweep',
    description:
      'Of a sweep, release means to believe its list: the ids that it missed get a strike (see `GET /sweeps/:id/missing`). ' +
      'Only the latest suspect sweep of its kind can be released.',
  })
  @ApiIdParam('sweep')
  @ApiDataResponse(SweepResponse)
  @ApiProblems(409)
  async release(
    @Param('id', UuidPipe) id: string,
    @Body() _body: RequiredReasonBody,
    @AuditCtx() context: AuditContext,
  ): Promise<DataOf<SweepResponse>> {
    return { data: await this.service.release(id, context) };
  }
}

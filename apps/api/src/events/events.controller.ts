import { Controller, Get, Query, Req, Res, type StreamableFile } from '@nestjs/common';
import type { Request, Response } from 'express';
import { EventReader } from '#libs/events';
import { scopeOf, type Principal } from '#libs/identity';
import { CurrentPrincipal, RequireTenantOrAdmin } from '../auth/access.decorator';
import { csvDownload, type CsvColumns } from '../http/csv-download';
import type { ListOf } from '../http/http.dto';
import { ApiFileResponse, ApiListResponse, ApiProblems } from '../http/response.decorators';
import { ApiOperation } from '../http/swagger.decorators';
import { EventNames } from './event-names';
import { EventStreams } from './event-streams';
import { EventResponse, EventsQuery, StreamQuery } from './events.dto';

/** Rows per statement: a file is read in fewer, longer pages than a list. */
const ROWS_PER_READ = 1_000;

const COLUMNS: CsvColumns<EventResponse> = {
  sequence: (event) => event.sequence,
  id: (event) => event.id,
  type: (event) => event.type,
  at: (event) => event.at,
  tenant_id: (event) => event.tenant_id,
  actor: (event) => event.actor,
  source: (event) => event.source,
  subject_type: (event) => event.subject.type,
  subject_id: (event) => event.subject.id,
  subject_name: (event) => event.subject.name,
  subject_kind: (event) => event.subject.kind,
  data: (event) => JSON.stringify(event.data),
};

const OF_WHOM = 'A tenant gets the events of its own things, of the time when they were its own.';

@RequireTenantOrAdmin()
@Controller('api/v1')
export class EventsController {
  constructor(
    private readonly events: EventReader,
    private readonly names: EventNames,
    private readonly streams: EventStreams,
  ) {}

  @Get('events')
  @ApiOperation({
    summary: 'List events',
    description:
      'Oldest first unless `sort` reverses it, in the order of their commits, each exactly once. Read on with `after`: the last `sequence` of the last page. ' +
      `${OF_WHOM} 410 for an \`after\` or \`since\` before the oldest event that is kept.`,
  })
  @ApiListResponse(EventResponse)
  @ApiProblems(410)
  list(@Query() query: EventsQuery, @CurrentPrincipal() by: Principal): Promise<ListOf<EventResponse>> {
    return this.read(query, by, query.limit, query.cursor);
  }

  @Get('events.csv')
  @ApiOperation({
    summary: 'Download events as CSV',
    description: `Has the filters of the list. The file always contains the whole list, whatever \`limit\` and \`cursor\` are. ${OF_WHOM}`,
  })
  @ApiFileResponse('text/csv', 'RFC 4180 in UTF-8, with a header line')
  @ApiProblems(410)
  download(@Query() query: EventsQuery, @CurrentPrincipal() by: Principal): Promise<StreamableFile> {
    return csvDownload('events.csv', COLUMNS, (cursor) => this.read(query, by, ROWS_PER_READ, cursor));
  }

  @Get('events/stream')
  @ApiOperation({
    summary: 'Stream events',
    description:
      'Server-Sent Events: each has the `sequence` as `id`, the type as `event`, and the event of the list as `data`. Read on after an end with ' +
      'the header `Last-Event-ID` (or `after`): no event is missing or repeated. Without it the stream begins with the next event. A comment ' +
      'every 15 s shows that the stream is alive. It ends when the token does, when the service restarts, and when the reader is too slow; 429 ' +
      `for more than 20 streams of a tenant. ${OF_WHOM}`,
  })
  @ApiFileResponse('text/event-stream', 'Server-Sent Events')
  @ApiProblems(410, 429)
  async stream(
    @Query() query: StreamQuery,
    @CurrentPrincipal() by: Principal,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    await this.streams.open(request, response, scopeOf(by), query.filtersFor(by));
  }

  private async read(query: EventsQuery, by: Principal, limit: number, cursor: string | undefined): Promise<ListOf<EventResponse>> {
    const scope = scopeOf(by);
    const list = await this.events.list(scope, query.filtersFor(by), { limit, cursor });
    return { ...list, data: await this.names.named(scope, list.data) };
  }
}

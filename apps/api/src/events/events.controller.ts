import { Controller, Get, Query, type StreamableFile } from '@nestjs/common';
import { EventReader, type FoundEvent } from '#libs/events';
import { scopeOf, type Principal, type Scope } from '#libs/identity';
import { InventoryReader } from '#libs/inventory';
import { CurrentPrincipal, RequireTenantOrAdmin } from '../auth/access.decorator';
import { csvDownload, type CsvColumns } from '../http/csv-download';
import type { ListOf } from '../http/http.dto';
import { ApiFileResponse, ApiListResponse, ApiProblems } from '../http/response.decorators';
import { ApiOperation } from '../http/swagger.decorators';
import { EventResponse, EventsQuery } from './events.dto';

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
    private readonly inventory: InventoryReader,
  ) {}

  @Get('events')
  @ApiOperation({
    summary: 'List events',
    description:
      'Oldest first, in the order of their commits, each exactly once. Read on with `after`: the last `sequence` of the last page. ' +
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

  private async read(query: EventsQuery, by: Principal, limit: number, cursor: string | undefined): Promise<ListOf<EventResponse>> {
    const scope = scopeOf(by);
    const list = await this.events.list(scope, query.filtersFor(by), { limit, cursor });
    return { ...list, data: await this.named(scope, list.data) };
  }

  /** Adds the names of resources that the caller may read now. A former owner gets only names that its own events contain. */
  private async named(scope: Scope, events: readonly FoundEvent[]): Promise<EventResponse[]> {
    const unnamed = events.flatMap(({ subject, resource_id }) => (subject.name === null && resource_id !== null ? [resource_id] : []));
    const names = await this.inventory.namesOf(scope, unnamed);
    return events.map(({ resource_id, ...event }) => {
      const name = event.subject.name ?? names.get(resource_id ?? '') ?? nameIn(event.data['changes']);
      return { ...event, subject: { ...event.subject, name } };
    });
  }
}

/** The new name in the changes of a resource, where the event has one. */
function nameIn(changes: unknown): string | null {
  const { name } = (changes ?? {}) as { readonly name?: { readonly new?: unknown } };
  return typeof name?.new === 'string' ? name.new : null;
}

import { Controller, Get, Param } from '@nestjs/common';
import { DraftChanges, type DraftChangesView, type LineChangeView } from '#libs/tenant-billing';
import { RequirePlatformAdmin } from '../auth/access.decorator';
import type { DataOf } from '../http/http.dto';
import { ApiDataResponse, ApiIdParam, ApiProblems } from '../http/response.decorators';
import { ApiEnum, ApiFlag, ApiListOf, ApiOperation, ApiText, ApiUuid } from '../http/swagger.decorators';
import { UuidPipe } from '../http/validation.pipe';

const NULLABLE = { nullable: true } as const;

/** What a refresh would do with one line. */
class LineChangeResponse implements LineChangeView {
  @ApiEnum(['added', 'removed', 'changed'], 'What a refresh would do')
  readonly change: LineChangeView['change'];

  @ApiText('Kind of the line', { example: 'usage' })
  readonly kind: string;

  @ApiText('What the document prints')
  readonly description: string;

  @ApiUuid('The resource', NULLABLE)
  readonly resource_id: string | null;

  @ApiText('Its name', NULLABLE)
  readonly resource_name: string | null;

  @ApiText('The month that it corrects', { ...NULLABLE, example: '2026-09' })
  readonly corrects: string | null;

  @ApiText('Net in the draft; null for a line that is new', { ...NULLABLE, example: '24.00' })
  readonly before: string | null;

  @ApiText('Net after a refresh; null for a line that goes', { ...NULLABLE, example: '28.80' })
  readonly after: string | null;
}

/** What has changed since a draft was built. */
class DraftChangesResponse implements DraftChangesView {
  @ApiFlag('Whether a refresh would change anything: lines, tax, parties or terms')
  readonly outdated: boolean;

  @ApiText('Net of the draft', { example: '212.40' })
  readonly net_before: string;

  @ApiText('Net after a refresh', { example: '217.20' })
  readonly net_after: string;

  @ApiListOf(() => LineChangeResponse, 'The lines that differ')
  readonly lines: readonly LineChangeResponse[];
}

@RequirePlatformAdmin()
@Controller('api/v1/tenant-invoices')
export class DraftChangesController {
  constructor(private readonly changes: DraftChanges) {}

  @Get(':id/changes')
  @ApiOperation({
    summary: 'See what a refresh of a draft would change',
    description:
      'The lines that would be added, removed or changed since the draft was built. 409 `verb_not_possible` for an invoice that is no draft.',
  })
  @ApiIdParam('invoice')
  @ApiDataResponse(DraftChangesResponse)
  @ApiProblems(409)
  async read(@Param('id', UuidPipe) id: string): Promise<DataOf<DraftChangesResponse>> {
    return { data: await this.changes.read(id) };
  }
}

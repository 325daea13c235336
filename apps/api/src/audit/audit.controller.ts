import { Controller, Get, Query } from '@nestjs/common';
import { AuditLog } from '#libs/audit';
import { decodeCursor, encodeCursor, SEQUENCE_KEY } from '#libs/kernel';
import { RequirePlatformAdmin } from '../auth/access.decorator';
import { PageQuery, type ListOf } from '../http/http.dto';
import { ApiListResponse } from '../http/response.decorators';
import { ApiOperation } from '../http/swagger.decorators';
import { AuditEntryResponse } from './audit.dto';

@RequirePlatformAdmin()
@Controller('api/v1/audit')
export class AuditController {
  constructor(private readonly audit: AuditLog) {}

  /** The log is complete at every read, because a change and its entry are one transaction. [OPS-9] */
  @Get()
  @ApiOperation({ summary: 'List audit log entries', description: 'Newest first.' })
  @ApiListResponse(AuditEntryResponse)
  async list(@Query() { limit, cursor }: PageQuery): Promise<ListOf<AuditEntryResponse>> {
    const asOf = new Date().toISOString();
    const { entries, nextSeq } = await this.audit.list(limit, decodeCursor(cursor, SEQUENCE_KEY) ?? undefined);
    return { data: entries, page: { next_cursor: nextSeq === null ? null : encodeCursor(nextSeq) }, as_of: asOf, completeness: {} };
  }
}

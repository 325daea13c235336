import { Controller, Get, Query } from '@nestjs/common';
import { RequirePlatformAdmin } from '../access/access';
import { PageQuery } from '../requests/page.query';
import { Describes } from '../routing/describes';
import { AuditPages } from './audit-pages';

@RequirePlatformAdmin()
@Controller('api/v1/audit')
export class AuditController {
  constructor(private readonly pages: AuditPages) {}

  @Get()
  @Describes({ summary: 'List what people changed, newest first', answers: { schema: 'AuditEntry', as: 'list' } })
  list(@Query() page: PageQuery) {
    return this.pages.list(page);
  }
}

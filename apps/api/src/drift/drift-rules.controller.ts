import { Body, Controller, Delete, Get, Param, Post, Query } from '@nestjs/common';
import type { AuditContext } from '#libs/audit';
import { DriftRuleService } from '#libs/drift';
import { RequirePlatformAdmin } from '../access/access';
import { PageQuery } from '../requests/page.query';
import { UuidPipe } from '../requests/uuid.pipe';
import { AuditCtx } from '../requests/who-and-why';
import { Describes } from '../routing/describes';
import { DriftRuleBody } from './drift-rule.body';

@RequirePlatformAdmin()
@Controller('api/v1/drift-rules')
export class DriftRulesController {
  constructor(private readonly rules: DriftRuleService) {}

  @Get()
  @Describes({ summary: 'List what is overlooked, newest first', answers: { schema: 'DriftRule', as: 'list' } })
  list(@Query() page: PageQuery) {
    return this.rules.list(page);
  }

  @Post()
  @Describes({
    summary: 'Overlook drifts',
    details: 'Those to which all that is named applies; at least one of tenant, kind, resource and field is. They are counted, not shown.',
    answers: { schema: 'DriftRule', as: 'data' },
    refusals: [404],
  })
  async add(@Body() body: DriftRuleBody, @AuditCtx() because: AuditContext) {
    return { data: await this.rules.create(body, because) };
  }

  @Delete(':id')
  @Describes({ summary: 'Overlook them no longer', answers: { schema: 'DriftRule', as: 'data' } })
  async remove(@Param('id', UuidPipe) id: string, @AuditCtx() because: AuditContext) {
    return { data: await this.rules.delete(id, because) };
  }
}

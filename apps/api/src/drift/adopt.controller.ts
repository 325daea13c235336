import { Body, Controller, HttpCode, Param, Post } from '@nestjs/common';
import type { AuditContext } from '#libs/audit';
import { AdoptionService } from '#libs/drift';
import { RequirePlatformAdmin } from '../access/access';
import { ReasonBody } from '../requests/reason.body';
import { UuidPipe } from '../requests/uuid.pipe';
import { AuditCtx } from '../requests/who-and-why';
import { Describes } from '../routing/describes';

@RequirePlatformAdmin()
@Controller('api/v1/inventory')
export class AdoptController {
  constructor(private readonly adoption: AdoptionService) {}

  @Post(':id/adopt')
  @HttpCode(200)
  @Describes({
    summary: 'Take a resource under management as it is',
    details: 'Its live values become its desired state; from then on a difference is drift. 409 when it has one already or is deleted.',
    answers: { schema: 'Adopted', as: 'data' },
    refusals: [409],
  })
  async adopt(@Param('id', UuidPipe) id: string, @Body() _body: ReasonBody, @AuditCtx() because: AuditContext) {
    return { data: await this.adoption.adopt(id, because) };
  }
}

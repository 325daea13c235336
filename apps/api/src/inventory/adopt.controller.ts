import { Body, Controller, HttpCode, Param, Post } from '@nestjs/common';
import type { AuditContext } from '#libs/audit';
import { AdoptionService } from '#libs/drift';
import { RequirePlatformAdmin } from '../auth/access.decorator';
import { AuditCtx } from '../http/audit-context.decorator';
import type { DataOf } from '../http/page.dto';
import { ReasonBody } from '../http/reason.dto';
import { ApiDataResponse, ApiIdParam, ApiProblems } from '../http/response.decorators';
import { ApiOperation } from '../http/swagger.decorators';
import { UuidPipe } from '../http/uuid.pipe';
import { AdoptedResponse } from './inventory.dto';

@RequirePlatformAdmin()
@Controller('api/v1/inventory')
export class AdoptController {
  constructor(private readonly adoption: AdoptionService) {}

  @Post(':id/adopt')
  @HttpCode(200)
  @ApiOperation({
    summary: 'Adopt a resource: record its live values as the desired state',
    description: 'From then on a difference is drift. 409 when the resource already has a desired state or is deleted.',
  })
  @ApiIdParam('resource')
  @ApiDataResponse(AdoptedResponse)
  @ApiProblems(409)
  async adopt(
    @Param('id', UuidPipe) id: string,
    @Body() _body: ReasonBody,
    @AuditCtx() context: AuditContext,
  ): Promise<DataOf<AdoptedResponse>> {
    return { data: await this.adoption.adopt(id, context) };
  }
}

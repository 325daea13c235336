import { Body, Controller, Get, HttpCode, Param, Post, Put, Query } from '@nestjs/common';
import type { AuditContext } from '#libs/audit';
import { BulkChangeService } from '#libs/drift';
import { scopeOf, type Principal } from '#libs/identity';
import { DesiredStateService } from '#libs/provisioning';
import { CurrentPrincipal, RequirePlatformAdmin, RequireTenantOrAdmin } from '../auth/access.decorator';
import { DryRunQuery, type DataOf } from '../http/http.dto';
import { AuditCtx } from '../http/request-context';
import { ApiDataResponse, ApiIdParam, ApiProblems } from '../http/response.decorators';
import { ApiOperation } from '../http/swagger.decorators';
import { InputValidationPipe, UuidPipe } from '../http/validation.pipe';
import { BulkBody, BulkResponse, DesiredStateBody, OrderedStateResponse } from './desired-state.dto';

/** What was ordered of a resource. */
@RequireTenantOrAdmin()
@Controller('api/v1/inventory')
export class DesiredStateController {
  constructor(private readonly desired: DesiredStateService) {}

  @Get(':id/desired-state')
  @ApiOperation({
    summary: 'Get the desired state of a resource',
    description:
      'What was ordered, adopted or accepted, with its version. 404 `desired_state_not_found` for a resource that is not managed.',
  })
  @ApiIdParam('resource')
  @ApiDataResponse(OrderedStateResponse)
  @ApiProblems(404)
  async get(@Param('id', UuidPipe) id: string, @CurrentPrincipal() by: Principal): Promise<DataOf<OrderedStateResponse>> {
    return { data: await this.desired.get(scopeOf(by), id) };
  }

  @Put(':id/desired-state')
  @RequirePlatformAdmin()
  @ApiOperation({
    summary: 'Replace the desired state of a resource',
    description:
      'The whole state is replaced, so fields that are left out are no longer compared. `expected_version` is the version that was read, 0 for a resource without a desired state; ' +
      '409 `desired_state_moved_on` when it is another one by now. Nothing changes at the provider: a live value that differs becomes drift.',
  })
  @ApiIdParam('resource')
  @ApiDataResponse(OrderedStateResponse)
  @ApiProblems(404, 409)
  async put(
    @Param('id', UuidPipe) id: string,
    @Body() body: DesiredStateBody,
    @AuditCtx() context: AuditContext,
  ): Promise<DataOf<OrderedStateResponse>> {
    return { data: await this.desired.put(id, body.spec, body.expected_version, context) };
  }
}

/** Changes of many resources at once. */
@RequirePlatformAdmin()
@Controller('api/v1/inventory/bulk')
export class BulkChangeController {
  constructor(
    private readonly bulk: BulkChangeService,
    private readonly validation: InputValidationPipe,
  ) {}

  @Post()
  @HttpCode(200)
  @ApiOperation({
    summary: 'Change many resources: adopt, assign or protect them',
    description:
      'Of up to 10,000 resources, by their `ids` or by a `filter` with the fields of the list. All in one transaction, with one entry of the audit log that lists them. ' +
      'Resources that stay as they are come back in `skipped`, each with the reason. `dry_run=true` changes nothing.',
  })
  @ApiDataResponse(BulkResponse)
  @ApiProblems(409)
  async change(
    @Body() body: BulkBody,
    @Query() { dry_run }: DryRunQuery,
    @AuditCtx() context: AuditContext,
  ): Promise<DataOf<BulkResponse>> {
    const change = await body.toChange(this.validation);
    return { data: dry_run === 'true' ? await this.bulk.plan(change) : await this.bulk.apply(change, context) };
  }
}

import { Body, Controller, Get, Param, Put } from '@nestjs/common';
import type { AuditContext } from '#libs/audit';
import { DEFAULT_LIMITS, TenantLimits } from '#libs/tenants';
import { RequirePlatformAdmin } from '../auth/access.decorator';
import type { DataOf } from '../http/http.dto';
import { AuditCtx } from '../http/request-context';
import { ApiDataResponse, ApiProblems } from '../http/response.decorators';
import { ApiOperation, ApiParam } from '../http/swagger.decorators';
import { LimitsBody, LimitsResponse } from './limits.dto';

const ApiTenantIdParam = () =>
  ApiParam({ name: 'id', description: 'Id of the tenant', schema: { type: 'string', minLength: 1, maxLength: 200 } });

@RequirePlatformAdmin()
@Controller('api/v1/tenants')
export class LimitsController {
  constructor(private readonly limits: TenantLimits) {}

  @Get('default/limits')
  @ApiOperation({ summary: 'Get the limits of tenants without own ones' })
  @ApiDataResponse(LimitsResponse)
  async getDefault(): Promise<DataOf<LimitsResponse>> {
    return { data: await this.limits.get(DEFAULT_LIMITS) };
  }

  @Put('default/limits')
  @ApiOperation({
    summary: 'Replace the limits of tenants without own ones',
    description: 'Null means no limit; what is left out stays. What exists above a lowered limit stays too: only new things are refused.',
  })
  @ApiDataResponse(LimitsResponse)
  async replaceDefault(@Body() body: LimitsBody, @AuditCtx() context: AuditContext): Promise<DataOf<LimitsResponse>> {
    return { data: await this.limits.replace(DEFAULT_LIMITS, body.toLimits(), context) };
  }

  @Get(':id/limits')
  @ApiOperation({ summary: 'Get the limits of a tenant', description: 'The limits that apply; `inherited` names those of `default`.' })
  @ApiTenantIdParam()
  @ApiDataResponse(LimitsResponse)
  @ApiProblems(404)
  async get(@Param('id') id: string): Promise<DataOf<LimitsResponse>> {
    return { data: await this.limits.get(id) };
  }

  @Put(':id/limits')
  @ApiOperation({
    summary: 'Replace the limits of a tenant',
    description:
      'The whole set: null means no limit, and what is left out is as in `default`, also when that changes. What exists above a lowered limit ' +
      'stays: only new things are refused.',
  })
  @ApiTenantIdParam()
  @ApiDataResponse(LimitsResponse)
  @ApiProblems(404)
  async replace(@Param('id') id: string, @Body() body: LimitsBody, @AuditCtx() context: AuditContext): Promise<DataOf<LimitsResponse>> {
    return { data: await this.limits.replace(id, body.toLimits(), context) };
  }
}

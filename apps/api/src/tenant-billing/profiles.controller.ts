import { Body, Controller, Get, Param, Put } from '@nestjs/common';
import type { AuditContext } from '#libs/audit';
import { BillingProfiles, RateAssignments } from '#libs/tenant-billing';
import { RequirePlatformAdmin } from '../auth/access.decorator';
import type { DataOf } from '../http/http.dto';
import { AuditCtx } from '../http/request-context';
import { ApiDataResponse, ApiProblems } from '../http/response.decorators';
import { ApiOperation, ApiParam } from '../http/swagger.decorators';
import { TenantIdPipe } from '../http/validation.pipe';
import { BillingProfileBody, IssuerBody } from './profiles.dto';
import { BillingProfileResponse, IssuerResponse } from './profiles-answers.dto';
import { TenantRateCardBody } from './rate-cards.dto';
import { TenantRateCardResponse } from './rate-cards-answers.dto';

const ApiTextIdParam = (of: string) =>
  ApiParam({ name: 'id', description: `Id of the ${of}`, schema: { type: 'string', minLength: 1, maxLength: 200 } });

@RequirePlatformAdmin()
@Controller('api/v1/billing/issuers')
export class IssuersController {
  constructor(private readonly profiles: BillingProfiles) {}

  @Get(':id')
  @ApiOperation({
    summary: 'Get an issuer',
    description: 'The one that exists from the start is `default`. `problems` says what is missing.',
  })
  @ApiTextIdParam('issuer')
  @ApiDataResponse(IssuerResponse)
  @ApiProblems(404)
  async get(@Param('id', TenantIdPipe) id: string): Promise<DataOf<IssuerResponse>> {
    return { data: await this.profiles.issuer(id) };
  }

  @Put(':id')
  @ApiOperation({
    summary: 'Replace an issuer',
    description: 'The whole set. 409 `version_moved` when it changed since `expected_version`.',
  })
  @ApiTextIdParam('issuer')
  @ApiDataResponse(IssuerResponse)
  @ApiProblems(404, 409)
  async replace(
    @Param('id', TenantIdPipe) id: string,
    @Body() body: IssuerBody,
    @AuditCtx() context: AuditContext,
  ): Promise<DataOf<IssuerResponse>> {
    return { data: await this.profiles.replaceIssuer(id, body.toFields(), body.expected_version, context) };
  }
}

@RequirePlatformAdmin()
@Controller('api/v1/tenants')
export class TenantBillingController {
  constructor(
    private readonly profiles: BillingProfiles,
    private readonly assignments: RateAssignments,
  ) {}

  @Get(':id/billing-profile')
  @ApiOperation({
    summary: 'Get the billing profile of a tenant',
    description: 'Empty, with version 0, before the first change. `problems` says what an invoice needs.',
  })
  @ApiTextIdParam('tenant')
  @ApiDataResponse(BillingProfileResponse)
  @ApiProblems(404)
  async profile(@Param('id', TenantIdPipe) id: string): Promise<DataOf<BillingProfileResponse>> {
    return { data: await this.profiles.profile(id) };
  }

  @Put(':id/billing-profile')
  @ApiOperation({
    summary: 'Replace the billing profile of a tenant',
    description: 'The whole set. 409 `version_moved` when it changed since `expected_version`.',
  })
  @ApiTextIdParam('tenant')
  @ApiDataResponse(BillingProfileResponse)
  @ApiProblems(404, 409)
  async replaceProfile(
    @Param('id', TenantIdPipe) id: string,
    @Body() body: BillingProfileBody,
    @AuditCtx() context: AuditContext,
  ): Promise<DataOf<BillingProfileResponse>> {
    return { data: await this.profiles.replaceProfile(id, body.toFields(), body.expected_version, context) };
  }

  @Get(':id/rate-card')
  @ApiOperation({ summary: 'Get the rate cards of a tenant', description: 'By month. Without any, the default card counts.' })
  @ApiTextIdParam('tenant')
  @ApiDataResponse(TenantRateCardResponse)
  @ApiProblems(404)
  async card(@Param('id', TenantIdPipe) id: string): Promise<DataOf<TenantRateCardResponse>> {
    return { data: await this.assignments.cardOf(id) };
  }

  @Put(':id/rate-card')
  @ApiOperation({
    summary: 'Set the rate card of a tenant',
    description:
      'From a month on. A null `card_id` is the default card. Months that are rated already keep their lines until they are rated again.',
  })
  @ApiTextIdParam('tenant')
  @ApiDataResponse(TenantRateCardResponse)
  @ApiProblems(404)
  async assign(
    @Param('id', TenantIdPipe) id: string,
    @Body() body: TenantRateCardBody,
    @AuditCtx() context: AuditContext,
  ): Promise<DataOf<TenantRateCardResponse>> {
    return { data: await this.assignments.assign(id, body.card_id, body.valid_from, context) };
  }
}

import { TENANT_STATUSES, type TenantStatus } from '#libs/tenants';
import { ApiEnum, ApiObject, ApiText, ApiTexts } from '../http/swagger.decorators';
import { LimitSetResponse } from '../limits/limits.dto';
import { UsageResponse } from '../tenants/tenants.dto';

/** The tenant of a token. */
export class OwnTenantResponse {
  @ApiText('The id in the token')
  readonly id: string;

  @ApiText('Name for people; null when the id is not registered', { nullable: true })
  readonly name: string | null;

  @ApiEnum(TENANT_STATUSES, 'Status; null when the id is not registered: such a token sees no rows and changes nothing', { nullable: true })
  readonly status: TenantStatus | null;
}

/** The caller, as this service sees its token. */
export class MeResponse {
  @ApiText('`sub` of the token, which the audit log records')
  readonly sub: string;

  @ApiEnum(['platform_admin', 'tenant'], 'The role')
  readonly role: 'platform_admin' | 'tenant';

  @ApiObject(() => OwnTenantResponse, 'The tenant; null for a platform admin', { nullable: true })
  readonly tenant: OwnTenantResponse | null;

  @ApiObject(() => UsageResponse, 'What the tenant has; null for a platform admin, and for a tenant that reads nothing', { nullable: true })
  readonly usage: UsageResponse | null;

  @ApiObject(
    () => LimitSetResponse,
    'The limits that apply to the tenant; null for a platform admin, and for a tenant that reads nothing',
    { nullable: true },
  )
  readonly limits: LimitSetResponse | null;

  @ApiTexts('What the caller may do now, such as `sagas.start`; a word that you do not know may be ignored')
  readonly permissions: readonly string[];
}

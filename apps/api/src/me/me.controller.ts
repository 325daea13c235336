import { Controller, Get } from '@nestjs/common';
import type { Principal } from '#libs/identity';
import { TENANT_RIGHTS, TenantRegistry, type TenantStanding } from '#libs/tenants';
import { AnyTenantStatus, CurrentPrincipal, RequireTenantOrAdmin } from '../auth/access.decorator';
import type { DataOf } from '../http/http.dto';
import { ApiDataResponse } from '../http/response.decorators';
import { ApiOperation } from '../http/swagger.decorators';
import { TenantsService } from '../tenants/tenants.service';
import { MeResponse } from './me.dto';

const READS = ['inventory.read', 'sagas.read'];
const ADMIN = [
  'audit.read',
  'billing.manage',
  'billing.read',
  'drift.manage',
  'drift.read',
  'inventory.assign',
  'projects.manage',
  'queues.manage',
  'sagas.cancel',
  'sagas.order',
  'sagas.start',
  'sweeps.manage',
  'tenants.manage',
];

@RequireTenantOrAdmin()
@Controller('api/v1/me')
export class MeController {
  constructor(
    private readonly tenants: TenantRegistry,
    private readonly service: TenantsService,
  ) {}

  @Get()
  @AnyTenantStatus()
  @ApiOperation({
    summary: 'Get the caller: who it is, what it has and what it may do',
    description: 'Every valid token gets an answer, also that of a tenant that is closed or not registered.',
  })
  @ApiDataResponse(MeResponse)
  async get(@CurrentPrincipal() { sub, role, tenantId }: Principal): Promise<DataOf<MeResponse>> {
    if (tenantId === undefined)
      return { data: { sub, role, tenant: null, usage: null, limits: null, permissions: [...ADMIN, ...READS].sort() } };
    const standing = await this.tenants.standingOf(tenantId, { fresh: true });
    const tenant = { id: tenantId, name: standing?.name ?? null, status: standing?.status ?? null };
    if (!standing || !TENANT_RIGHTS[standing.status].reads)
      return { data: { sub, role, tenant, usage: null, limits: null, permissions: [] } };
    const [usage, limits] = await Promise.all([this.service.ownUsage(tenantId), this.service.ownLimits(tenantId)]);
    return { data: { sub, role, tenant, usage, limits, permissions: permissionsOf(standing) } };
  }
}

/** `sagas.order` is the right to start what creates or enlarges something; `sagas.start` is the right to start anything else. */
function permissionsOf({ status, ordersBlockedReason }: TenantStanding): string[] {
  const { starts } = TENANT_RIGHTS[status];
  const ordering = starts && ordersBlockedReason === null ? ['sagas.order'] : [];
  return [...READS, 'sagas.cancel', ...ordering, ...(starts ? ['sagas.start'] : [])].sort();
}

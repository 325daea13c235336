import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { Request } from 'express';
import type { Principal } from '#libs/identity';
import { TENANT_RIGHTS, TenantClosedError, TenantNotActiveError, TenantNotRegisteredError, TenantRegistry } from '#libs/tenants';
import { ANY_TENANT_STATUS } from './access.decorator';

const READS = ['GET', 'HEAD'];

/**
 * Applies the status of the caller's tenant to every request of a tenant. An unregistered one sees no rows, by row security, and changes
 * nothing; a closed one reads and changes nothing. What only new starts and new things depend on is decided where they are accepted. [TNT-1]
 */
@Injectable()
export class TenantStandingGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly tenants: TenantRegistry,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const { user, method } = context.switchToHttp().getRequest<Request & { user?: Principal }>();
    if (user?.tenantId === undefined || user.role !== 'tenant') return true;
    if (this.reflector.getAllAndOverride<boolean | undefined>(ANY_TENANT_STATUS, [context.getHandler(), context.getClass()])) return true;
    const isRead = READS.includes(method);
    const standing = await this.tenants.standingOf(user.tenantId, { fresh: !isRead });
    if (!standing) {
      if (isRead) return true;
      throw new TenantNotRegisteredError(user.tenantId);
    }
    if (TENANT_RIGHTS[standing.status].reads) return true;
    if (isRead) throw new TenantClosedError(user.tenantId);
    throw new TenantNotActiveError(user.tenantId, standing.status, 'it can change nothing: ask the operator of this service');
  }
}

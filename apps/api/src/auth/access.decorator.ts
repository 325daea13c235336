import { createParamDecorator, SetMetadata, type ExecutionContext } from '@nestjs/common';
import { UnauthenticatedError, type Principal } from '#libs/identity';

/** Who may call a handler. */
export type Access = 'public' | 'platform_admin' | 'tenant_or_admin';

/** Metadata key of a handler's or controller's access rule. */
export const ACCESS = 'arcadia:access';

/** Every caller, without a token. */
export const Public = () => SetMetadata<string, Access>(ACCESS, 'public');

/** Platform admins; tenants get 403. */
export const RequirePlatformAdmin = () => SetMetadata<string, Access>(ACCESS, 'platform_admin');

/** Every valid token. The handler must narrow its reads by `scopeOf(principal)`. */
export const RequireTenantOrAdmin = () => SetMetadata<string, Access>(ACCESS, 'tenant_or_admin');

/** Metadata key of a handler that answers tenants of every status. */
export const ANY_TENANT_STATUS = 'arcadia:any_tenant_status';

/** Also tenants that are closed or not registered. The handler must not depend on rows of the tenant. */
export const AnyTenantStatus = () => SetMetadata(ANY_TENANT_STATUS, true);

/** The caller, as the access guard identified it. Throws `UnauthenticatedError` on a route without a token. */
export function principalOf(context: ExecutionContext): Principal {
  const { user } = context.switchToHttp().getRequest<{ user?: Principal }>();
  if (!user) throw new UnauthenticatedError();
  return user;
}

/** Parameter of a handler: the principal. Use it only in handlers that require a token. */
export const CurrentPrincipal = createParamDecorator((_data: unknown, context: ExecutionContext) => principalOf(context));

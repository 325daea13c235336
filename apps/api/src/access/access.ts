import { SetMetadata } from '@nestjs/common';

/** Who may call a handler. */
export type Access = 'public' | 'platform_admin' | 'tenant_or_admin';

export const ACCESS = 'arcadia:access';

/** Anybody, without a token. */
export const Public = () => SetMetadata<string, Access>(ACCESS, 'public');

/** Platform admins; tenants get 403. */
export const RequirePlatformAdmin = () => SetMetadata<string, Access>(ACCESS, 'platform_admin');

/** Every valid token: the handler must narrow what it reads by `scopeOf(principal)`. */
export const RequireTenantOrAdmin = () => SetMetadata<string, Access>(ACCESS, 'tenant_or_admin');

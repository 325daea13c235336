import { signGuardianToken, type GuardianClaims } from '#libs/identity';
import { JWT_SECRET } from './settings';

/** The scope that reads the rows of all tenants. */
export const PLATFORM = { kind: 'platform' } as const;

/** The administrator as the services receive an actor. */
export const ADMIN = { by: { sub: 'ada', role: 'platform_admin' } } as const;

/** The header of a request with a token of these claims. */
export const bearer = (claims: Partial<GuardianClaims>) => ({
  authorization: `Bearer ${signGuardianToken(JWT_SECRET, { sub: 'ops', ...claims })}`,
});
export const ADMIN_HEADER = bearer({ roles: ['platform_admin'] });
export const tenantHeader = (tenantId: string) => bearer({ sub: `${tenantId}-user`, tenantId });
export const ACME_HEADER = tenantHeader('acme');

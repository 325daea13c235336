import type { Config } from '#libs/config';
import { PLATFORM_ADMIN_ROLE } from './guardian-claims';
import { signGuardianToken } from './guardian-token';

/** The scope of an operator's token: the whole platform, or one tenant. */
export type Bearer = { readonly role: typeof PLATFORM_ADMIN_ROLE } | { readonly tenantId: string };

/** Signs a Guardian access token with the configured secret, issuer and audience. */
export function accessToken({ jwtSecret, issuer, audience }: Config['identity'], bearer: Bearer, ttlS: number): string {
  const claims =
    'role' in bearer ? { sub: 'operator', roles: [bearer.role] } : { sub: `operator@${bearer.tenantId}`, tenantId: bearer.tenantId };
  return signGuardianToken(jwtSecret(), { ...claims, ttlS, issuer, audience });
}

import type { Config } from '#libs/config';
import { PLATFORM_ADMIN_ROLE } from './guardian-claims';
import { signGuardianToken } from './guardian-token';

/** Whom an operator's token speaks for: the whole platform, or one tenant. */
export type Bearer = { readonly role: typeof PLATFORM_ADMIN_ROLE } | { readonly tenantId: string };

/** A Guardian access token as the configured secret, issuer and audience want it. */
export function accessToken({ jwtSecret, issuer, audience }: Config['identity'], bearer: Bearer, ttlS: number): string {
  const who =
    'role' in bearer ? { sub: 'operator', roles: [bearer.role] } : { sub: `operator@${bearer.tenantId}`, tenantId: bearer.tenantId };
  return signGuardianToken(jwtSecret(), { ...who, ttlS, issuer, audience });
}

import { FINANCE_AUDIENCE } from '#libs/config';
import { NoScopeError, UnauthenticatedError } from './identity.errors';
import { isTenantId, type Principal } from './principal';

export const PLATFORM_ADMIN_ROLE = 'platform_admin';

const SUBJECT = /^[^\p{Cc}\p{Cs}]{1,255}$/u;

/**
 * The principal of a payload with a verified signature. `jsonwebtoken` has checked times, issuer and audience; this function refuses what
 * `jsonwebtoken` accepts: a missing `exp`, other token types, the finance audience, and claims of the wrong shape.
 *
 * @throws UnauthenticatedError when the token is no access token for this service
 * @throws NoScopeError when it is an access token without tenant and platform role
 */
export function principalFrom(payload: unknown): Principal {
  if (!isRecord(payload) || !isAccessToken(payload)) throw new UnauthenticatedError();
  const { sub, tenant_id: tenantId } = payload;
  if (typeof sub !== 'string' || !SUBJECT.test(sub)) throw new UnauthenticatedError();
  if (hasPlatformRole(payload.roles)) return { sub, role: 'platform_admin' };
  if (isTenantId(tenantId)) return { sub, role: 'tenant', tenantId };
  throw new NoScopeError();
}

function isAccessToken({ typ, exp, aud }: Record<string, unknown>): boolean {
  const audiences: unknown[] = Array.isArray(aud) ? aud : [aud];
  return typ === 'access' && Number.isFinite(exp) && !audiences.includes(FINANCE_AUDIENCE);
}

/** Roles are a list of texts: the text 'platform_admin' itself, objects and nested lists are no roles. */
function hasPlatformRole(roles: unknown): boolean {
  return Array.isArray(roles) && roles.every((role) => typeof role === 'string') && roles.includes(PLATFORM_ADMIN_ROLE);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

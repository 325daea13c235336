import { sign, verify, type VerifyOptions } from 'jsonwebtoken';
import { createSecretKey, randomUUID, type KeyObject } from 'node:crypto';
import { FINANCE_AUDIENCE, type Config } from '#libs/config';
import { NoScopeError, UnauthenticatedError } from './identity.errors';
import { isTenantId, type Principal } from './principal';

/** The expected values of a token's claims, as in `config.identity`. */
export interface TokenChecks {
  readonly issuer?: string | undefined;
  readonly audience?: string | undefined;
  /** Allowed difference of clocks for `exp` and `nbf`, in seconds. */
  readonly leewayS: number;
}

/** Longer texts are refused before any cryptography. Tokens of Guardian have about 500 characters. */
export const MAX_TOKEN_LENGTH = 8_192;

let latestKey: { secret: string; key: KeyObject } | undefined;

/**
 * The HMAC key of a shared Guardian secret (its raw UTF-8 bytes), created once per value: `jsonwebtoken` takes 285 µs per token with a
 * string and 6 µs with a KeyObject. Only the latest secret is kept, so a rotation takes effect with the next token.
 */
export function guardianKey(secret: string): KeyObject {
  if (latestKey?.secret !== secret) latestKey = { secret, key: createSecretKey(Buffer.from(secret, 'utf8')) };
  return latestKey.key;
}

/** HS512 only, independent of the header. `kid`, `jku`, `jwk` and `x5u` are ignored, because the key never depends on the token. [TEN-1] */
export function verifyOptions({ issuer, audience, leewayS }: TokenChecks) {
  return { algorithms: ['HS512'], issuer, audience, clockTolerance: leewayS } satisfies VerifyOptions;
}

/** The principal of a verified token and the end of the token, for sessions that must not outlive it. */
export interface GuardianSession {
  readonly principal: Principal;
  readonly expiresAtMs: number;
}

/**
 * The principal of a Guardian access token.
 *
 * @throws UnauthenticatedError for every token that fails a check, without the reason
 * @throws NoScopeError for a genuine token without tenant and platform role
 */
export function verifyGuardianToken(token: string, key: string | KeyObject, checks: TokenChecks): Principal {
  return guardianSession(token, key, checks).principal;
}

/** Principal and end of a Guardian access token. Throws like `verifyGuardianToken`. */
export function guardianSession(token: string, key: string | KeyObject, checks: TokenChecks): GuardianSession {
  if (token.length > MAX_TOKEN_LENGTH) throw new UnauthenticatedError();
  try {
    const payload = verify(token, keyOf(key), verifyOptions(checks));
    const principal = principalFrom(payload); // requires an `exp` that is a number
    return { principal, expiresAtMs: Number((payload as { readonly exp?: number }).exp) * 1_000 };
  } catch (error) {
    throw error instanceof NoScopeError ? error : new UnauthenticatedError();
  }
}

export interface GuardianClaims {
  readonly sub: string;
  readonly tenantId?: string;
  readonly roles?: readonly string[];
  /** Seconds from the issue of the token to its end; one hour by default. */
  readonly ttlS?: number;
  readonly issuer?: string;
  readonly audience?: string;
}

/** Signs an access token as Guardian of the main application does. For the operator's command line, the demo and tests only. */
export function signGuardianToken(key: string | KeyObject, claims: GuardianClaims): string {
  const nowS = Math.floor(Date.now() / 1000);
  const payload = {
    sub: claims.sub,
    typ: 'access',
    iat: nowS,
    nbf: nowS,
    exp: nowS + (claims.ttlS ?? 3_600),
    jti: randomUUID(),
    roles: claims.roles ?? [],
    ...(claims.tenantId !== undefined && { tenant_id: claims.tenantId }),
    ...(claims.issuer !== undefined && { iss: claims.issuer }),
    ...(claims.audience !== undefined && { aud: claims.audience }),
  };
  return sign(payload, keyOf(key), { algorithm: 'HS512' });
}

function keyOf(key: string | KeyObject): KeyObject {
  return typeof key === 'string' ? guardianKey(key) : key;
}

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

/** The last second of the year 9999: a later time is none that a calendar can name. */
const LAST_TIME_S = 253_402_300_799;

const isTime = (value: unknown): boolean => typeof value === 'number' && value >= 0 && value <= LAST_TIME_S;

function isAccessToken({ typ, exp, nbf = 0, aud }: Record<string, unknown>): boolean {
  const audiences: unknown[] = Array.isArray(aud) ? aud : [aud];
  return typ === 'access' && isTime(exp) && isTime(nbf) && !audiences.includes(FINANCE_AUDIENCE);
}

/** Roles are a list of texts: the text 'platform_admin' itself, objects and nested lists are no roles. */
function hasPlatformRole(roles: unknown): boolean {
  return Array.isArray(roles) && roles.every((role) => typeof role === 'string') && roles.includes(PLATFORM_ADMIN_ROLE);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The scope of an operator's token: the whole platform, or one tenant. */
export type Bearer = ({ readonly role: typeof PLATFORM_ADMIN_ROLE } | { readonly tenantId: string }) & {
  /** The person; without it `operator`, or `operator@<tenant>`. */
  readonly sub?: string | undefined;
};

/** Signs a Guardian access token with the configured secret, issuer and audience. */
export function accessToken({ jwtSecret, issuer, audience }: Config['identity'], bearer: Bearer, ttlS: number): string {
  const { sub } = bearer;
  const claims =
    'role' in bearer
      ? { sub: sub ?? 'operator', roles: [bearer.role] }
      : { sub: sub ?? `operator@${bearer.tenantId}`, tenantId: bearer.tenantId };
  return signGuardianToken(jwtSecret(), { ...claims, ttlS, issuer, audience });
}

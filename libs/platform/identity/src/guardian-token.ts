import { randomUUID, type KeyObject } from 'node:crypto';
import { sign, verify, type VerifyOptions } from 'jsonwebtoken';
import { principalFrom } from './guardian-claims';
import { guardianKey } from './guardian-key';
import { NoScopeError, UnauthenticatedError } from './identity.error';
import type { Principal } from './principal';

/** What a token is checked against, as in `config.identity`. */
export interface TokenChecks {
  readonly issuer?: string | undefined;
  readonly audience?: string | undefined;
  /** Allowed difference of clocks for `exp` and `nbf`, seconds. */
  readonly leewayS: number;
}

/** Longer texts are refused before any cryptography. Guardian's own tokens have about 500 characters. */
export const MAX_TOKEN_LENGTH = 8_192;

/** HS512 only, whatever the header asks for; `kid`, `jku`, `jwk` and `x5u` are never looked at, because the key never depends on the token (TEN-1). */
export function verifyOptions({ issuer, audience, leewayS }: TokenChecks) {
  return { algorithms: ['HS512'], issuer, audience, clockTolerance: leewayS } satisfies VerifyOptions;
}

/** Who a verified token speaks for, and until when: for whatever must not outlive it. */
export interface GuardianSession {
  readonly principal: Principal;
  readonly expiresAtMs: number;
}

/**
 * The principal of a Guardian access token.
 *
 * @throws UnauthenticatedError for every token that does not pass, without saying why
 * @throws NoScopeError for a genuine one without tenant and platform role
 */
export function verifyGuardianToken(token: string, key: string | KeyObject, checks: TokenChecks): Principal {
  return guardianSession(token, key, checks).principal;
}

/** Principal and end of a Guardian access token. Throws like `verifyGuardianToken`. */
export function guardianSession(token: string, key: string | KeyObject, checks: TokenChecks): GuardianSession {
  if (token.length > MAX_TOKEN_LENGTH) throw new UnauthenticatedError();
  try {
    const payload = verify(token, keyOf(key), verifyOptions(checks));
    const principal = principalFrom(payload); // which also asks for an `exp` that is a number
    return { principal, expiresAtMs: Number((payload as { readonly exp?: number }).exp) * 1_000 };
  } catch (error) {
    throw error instanceof NoScopeError ? error : new UnauthenticatedError();
  }
}

export interface GuardianClaims {
  readonly sub: string;
  readonly tenantId?: string;
  readonly roles?: readonly string[];
  /** Life of the token in seconds, one hour unless told. */
  readonly ttlS?: number;
  readonly issuer?: string;
  readonly audience?: string;
}

/** An access token as the main application's Guardian makes them. For the operator's command line, the demo and tests: users get theirs elsewhere. */
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

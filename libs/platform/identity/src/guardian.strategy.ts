import type { IncomingMessage } from 'node:http';
import { Inject, Injectable, Global, Module } from '@nestjs/common';
import { PassportStrategy } from '@nestjs/passport';
import { decode } from 'jsonwebtoken';
import { Strategy, type SecretOrKeyProvider } from 'passport-jwt';
import { CONFIG, type Config, type Secret } from '#libs/config';
import { guardianKey, MAX_TOKEN_LENGTH, principalFrom, verifyOptions } from './guardian-token';
import { UnauthenticatedError } from './identity.errors';
import type { Principal } from './principal';
import { VerifiedTokens } from './verified-tokens';

const AUTHORIZATION = 'authorization';
/** The scheme, blanks, and the three parts of a JWT. Nothing may follow. */
const BEARER = /^Bearer +([\w-]+\.[\w-]+\.[\w-]+)$/i;

/**
 * The bearer token of the one Authorization header; null without one, and for a header that is not exactly of that form. Node keeps the
 * first of several headers, and another reader might take the last: such a request has no token. [TEN-1]
 */
export function bearerToken({ headers, rawHeaders }: Pick<IncomingMessage, 'headers' | 'rawHeaders'>): string | null {
  const value = headers[AUTHORIZATION];
  if (value === undefined || isRepeated(AUTHORIZATION, rawHeaders)) return null;
  return BEARER.exec(value)?.[1] ?? null;
}

/** `rawHeaders` has names and values in turn. */
function isRepeated(name: string, rawHeaders: readonly string[]): boolean {
  let count = 0;
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const raw = rawHeaders[at];
    if (raw?.length === name.length && raw.toLowerCase() === name) count += 1;
  }
  return count > 1;
}

/**
 * Passport's `jwt` strategy: turns the bearer token of the Authorization header into the request's Principal. The secret is read for each
 * token, so a rotated secret takes effect at once.
 */
@Injectable()
export class GuardianStrategy extends PassportStrategy(Strategy, 'jwt') {
  private readonly secret: Secret;
  private readonly verified: VerifiedTokens;

  constructor(@Inject(CONFIG) { identity }: Config) {
    const { algorithms, issuer, audience, clockTolerance } = verifyOptions(identity);
    super({
      jwtFromRequest: (request) => {
        const token = bearerToken(request);
        return token && token.length <= MAX_TOKEN_LENGTH ? token : null;
      },
      secretOrKeyProvider: keyProvider(identity.jwtSecret),
      algorithms,
      issuer,
      audience,
      jsonWebTokenOptions: { clockTolerance },
      passReqToCallback: true,
    });
    this.secret = identity.jwtSecret;
    this.verified = new VerifiedTokens(identity.leewayS);
  }

  /** The principal of a request with a token that passed before and is still valid; undefined when passport must verify the token. */
  knownPrincipal(request: IncomingMessage): Principal | undefined {
    const token = bearerToken(request);
    return token === null ? undefined : this.verified.findPrincipal(token, this.secret());
  }

  validate(request: IncomingMessage, payload: TimedPayload): Principal {
    const principal = principalFrom(payload); // requires an `exp` that is a number
    const token = bearerToken(request);
    const secret = secrets.get(request);
    if (token !== null && secret !== undefined)
      this.verified.addToken(token, secret, { principal, exp: Number(payload.exp), nbf: payload.nbf ?? 0 });
    return principal;
  }
}

/** The times of a payload, which `jsonwebtoken` has checked. */
interface TimedPayload {
  readonly exp?: number;
  readonly nbf?: number;
}

/** The secret that verified the token of a request; the current secret may be replaced at any moment. */
const secrets = new WeakMap<IncomingMessage, string>();

/** The key never depends on the token. `jsonwebtoken` would throw past passport for a payload that is broken or no object. */
function keyProvider(currentSecret: Secret): SecretOrKeyProvider<IncomingMessage> {
  return (request, token: string, done) => {
    const secret = currentSecret();
    if (!hasObjectPayload(token)) return done(new UnauthenticatedError());
    secrets.set(request, secret);
    done(null, guardianKey(secret) as unknown as Buffer); // passport-jwt declares texts and bytes only, but passes the KeyObject on to `jsonwebtoken`
  };
}

function hasObjectPayload(token: string): boolean {
  try {
    const payload: unknown = decode(token);
    return typeof payload === 'object' && payload !== null;
  } catch {
    return false;
  }
}

/** Registers the passport strategy `jwt`. Needs the ConfigModule. */
@Global()
@Module({ providers: [GuardianStrategy], exports: [GuardianStrategy] })
export class IdentityModule {}

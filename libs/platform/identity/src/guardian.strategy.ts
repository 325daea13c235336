import type { IncomingMessage } from 'node:http';
import { Inject, Injectable } from '@nestjs/common';
import { PassportStrategy } from '@nestjs/passport';
import { decode } from 'jsonwebtoken';
import { ExtractJwt, Strategy, type SecretOrKeyProvider } from 'passport-jwt';
import { CONFIG, type Config, type Secret } from '#libs/config';
import { principalFrom } from './guardian-claims';
import { guardianKey } from './guardian-key';
import { UnauthenticatedError } from './identity.error';
import { MAX_TOKEN_LENGTH, verifyOptions } from './guardian-token';
import type { Principal } from './principal';
import { VerifiedTokens } from './verified-tokens';

/** The bearer token of the Authorization header, if there is one. */
export const bearerToken = ExtractJwt.fromAuthHeaderAsBearerToken();

/** Passport's `jwt`: the bearer token of the Authorization header becomes the request's Principal. The secret is asked for at each token, so a rotated one counts at once. */
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

  /** Of a request whose token passed before and still does; undefined when passport has to find out. */
  knownPrincipal(request: IncomingMessage): Principal | undefined {
    const token = bearerToken(request);
    return token === null ? undefined : this.verified.find(token, this.secret());
  }

  validate(request: IncomingMessage, payload: TimedPayload): Principal {
    const principal = principalFrom(payload); // which also asks for an `exp` that is a number
    const token = bearerToken(request);
    const secret = secrets.get(request);
    if (token !== null && secret !== undefined)
      this.verified.add(token, secret, { principal, exp: Number(payload.exp), nbf: payload.nbf ?? 0 });
    return principal;
  }
}

/** Times of a payload that `jsonwebtoken` has looked at. */
interface TimedPayload {
  readonly exp?: number;
  readonly nbf?: number;
}

/** Which secret a request's token was verified with: it may be replaced at any moment. */
const secrets = new WeakMap<IncomingMessage, string>();

/** Whatever the token says, the key is the same. A payload that is no object would make `jsonwebtoken` throw past passport, as would a broken one. */
function keyProvider(currentSecret: Secret): SecretOrKeyProvider<IncomingMessage> {
  return (request, token: string, done) => {
    const secret = currentSecret();
    if (!hasObjectPayload(token)) return done(new UnauthenticatedError());
    secrets.set(request, secret);
    done(null, guardianKey(secret) as unknown as Buffer); // its types know texts and bytes only; the KeyObject goes through to `jsonwebtoken`
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

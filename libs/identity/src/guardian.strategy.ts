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

/** The bearer token of the Authorization header, if there is one. */
export const bearerToken = ExtractJwt.fromAuthHeaderAsBearerToken();

/** Passport's `jwt`: the bearer token of the Authorization header becomes the request's Principal. The secret is asked for at each token, so a rotated one counts at once. */
@Injectable()
export class GuardianStrategy extends PassportStrategy(Strategy, 'jwt') {
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
    });
  }

  validate(payload: unknown): Principal {
    return principalFrom(payload);
  }
}

/** Whatever the token says, the key is the same. A payload that is no object would make `jsonwebtoken` throw past passport, as would a broken one. */
function keyProvider(secret: Secret): SecretOrKeyProvider {
  return (_request, token: string, done) => {
    const key = guardianKey(secret());
    if (!hasObjectPayload(token)) return done(new UnauthenticatedError());
    done(null, key as unknown as Buffer); // its types know texts and bytes only; the KeyObject goes through to `jsonwebtoken`
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

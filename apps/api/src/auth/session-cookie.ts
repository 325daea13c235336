import { Inject, Injectable } from '@nestjs/common';
import type { CookieOptions, Request, Response } from 'express';
import { CONFIG, type Config } from '#libs/config';
import { guardianSession, UnauthenticatedError, type GuardianSession } from '#libs/identity';
import { CrossSiteRequestError, TokenTooLongError } from './auth.errors';
import { isSameOrigin } from './same-origin';

/** Browsers silently drop a cookie of more than 4096 bytes, its name and attributes included. */
const MAX_COOKIE_LENGTH = 3_800;
/** Browsers limit the age of a cookie to 400 days. */
const MAX_COOKIE_AGE_MS = 400 * 86_400_000;
const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS']);
/** A page of another origin cannot send this header without a preflight, which is never allowed together with cookies. */
const CSRF_HEADER = 'x-arcadia-csrf';

/**
 * The session cookie of the console. It holds the Guardian token itself, so no state is stored and no session outlives its token. [TEN-1]
 */
@Injectable()
export class SessionCookie {
  /** `__Host-` makes browsers refuse the cookie unless it is Secure, for this host and for every path. It needs https. */
  readonly name: string;

  constructor(@Inject(CONFIG) private readonly config: Config) {
    this.name = config.production ? '__Host-arcadia' : 'arcadia';
  }

  /**
   * Makes the token of the cookie the token of the request. A request with an Authorization header keeps that one.
   *
   * @throws UnauthenticatedError for both at once: it is not clear who asks
   * @throws CrossSiteRequestError for a change that does not come from a page of the console
   */
  authenticate(request: Request): void {
    const token = this.tokenOf(request);
    if (token === undefined) return;
    if (request.headers.authorization !== undefined) throw new UnauthenticatedError();
    this.requireOwnPage(request);
    request.headers.authorization = `Bearer ${token}`;
  }

  /** The token of the one cookie; undefined without one. Several of them are an empty token, which is never valid. */
  tokenOf({ headers }: Pick<Request, 'headers'>): string | undefined {
    const pairs = (headers.cookie ?? '').split(';').map((pair) => pair.trim());
    const [token, ...others] = pairs.filter((pair) => pair.startsWith(`${this.name}=`));
    return others.length > 0 ? '' : token?.slice(this.name.length + 1);
  }

  /** Refuses a change that is caused by a page of another site, which browsers would send with the cookie. */
  requireOwnPage({ method, headers }: Pick<Request, 'headers' | 'method'>): void {
    if (SAFE_METHODS.has(method)) return;
    const secFetchSite = headers['sec-fetch-site']?.toString();
    const isOurs = headers.origin !== undefined && isSameOrigin({ secFetchSite, origin: headers.origin, host: headers.host });
    if (!isOurs || !headers[CSRF_HEADER]) throw new CrossSiteRequestError();
  }

  /** The session of a token. Throws `UnauthenticatedError`, `NoScopeError` or `TokenTooLongError`. */
  sessionOf(token: string): GuardianSession {
    if (token.length > MAX_COOKIE_LENGTH) throw new TokenTooLongError(token.length, MAX_COOKIE_LENGTH);
    const { identity } = this.config;
    return guardianSession(token, identity.jwtSecret(), identity);
  }

  set(response: Response, token: string, { expiresAtMs }: GuardianSession): void {
    const expires = new Date(Math.min(expiresAtMs, Date.now() + MAX_COOKIE_AGE_MS));
    response.cookie(this.name, token, { ...this.attributes(), expires });
  }

  clear(response: Response): void {
    response.clearCookie(this.name, this.attributes());
  }

  private attributes(): CookieOptions {
    return { path: '/', httpOnly: true, sameSite: 'strict', secure: this.config.production };
  }
}

import type { Request, Response } from 'express';
import type { Config } from '#libs/config';
import { bearerToken, guardianSession, UnauthenticatedError, type GuardianSession } from '#libs/identity';
import { PlatformAdminRequiredError } from '../auth/auth.errors';

/** Address of the board. Its cookie is sent to this path only. */
export const BOARD_PATH = '/admin/queues';
const COOKIE = 'arcadia_board';
/** Browsers silently drop a cookie of more than 4096 bytes. */
const MAX_COOKIE_LENGTH = 3_800;
/** Browsers limit the age of a cookie to 400 days. */
const MAX_COOKIE_AGE_MS = 400 * 86_400_000;

/**
 * The sessions of the board. A session is the Guardian token itself, in a header or a cookie, so no state is stored and none
 * outlives the token.
 */
export class BoardSessions {
  constructor(private readonly config: Config) {}

  /** Throws `UnauthenticatedError`, `NoScopeError` or `PlatformAdminRequiredError`. */
  find(request: Request): GuardianSession {
    const token = bearerToken(request) ?? cookieOf(request);
    if (!token) throw new UnauthenticatedError();
    return this.admit(token);
  }

  /** Stores a token in the cookie. Throws like `find`. */
  begin(token: string, response: Response): GuardianSession {
    if (token.length > MAX_COOKIE_LENGTH) throw new UnauthenticatedError();
    const session = this.admit(token);
    const expires = new Date(Math.min(session.expiresAtMs, Date.now() + MAX_COOKIE_AGE_MS));
    response.cookie(COOKIE, token, { ...this.attributes(), expires });
    return session;
  }

  end(response: Response): void {
    response.clearCookie(COOKIE, this.attributes());
  }

  private admit(token: string): GuardianSession {
    const { identity } = this.config;
    const session = guardianSession(token, identity.jwtSecret(), identity);
    if (session.principal.role !== 'platform_admin') throw new PlatformAdminRequiredError();
    return session;
  }

  /** `strict`: the browser omits the cookie from requests that other sites cause. In production TLS ends in front of this process. */
  private attributes() {
    return { path: BOARD_PATH, httpOnly: true, sameSite: 'strict', secure: this.config.production } as const;
  }
}

function cookieOf({ headers }: Request): string | undefined {
  const pairs = (headers.cookie ?? '').split(';').map((pair) => pair.trim());
  return pairs.find((pair) => pair.startsWith(`${COOKIE}=`))?.slice(COOKIE.length + 1);
}

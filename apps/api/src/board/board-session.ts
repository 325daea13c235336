import type { Request, Response } from 'express';
import type { Config } from '#libs/config';
import { bearerToken, guardianSession, UnauthenticatedError, type GuardianSession } from '#libs/identity';
import { PlatformAdminRequiredError } from '../access/access.error';

/** Where the board lives; its cookie goes nowhere else. */
export const BOARD_PATH = '/admin/queues';
const COOKIE = 'arcadia_board';
/** Browsers drop a cookie of more than 4096 bytes without a word. */
const LONGEST_COOKIE = 3_800;
/** Browsers keep no cookie for longer. */
const LONGEST_LIFE_MS = 400 * 86_400_000;

/** The sessions of the board. A session is the Guardian token itself, in a header or in a cookie: nothing is kept here, and nothing outlives the token. */
export class BoardSessions {
  constructor(private readonly config: Config) {}

  /** Throws `UnauthenticatedError`, `NoScopeError` or `PlatformAdminRequiredError`. */
  of(request: Request): GuardianSession {
    const token = bearerToken(request) ?? cookieOf(request);
    if (!token) throw new UnauthenticatedError();
    return this.admit(token);
  }

  /** Turns a token into a cookie. Throws like `of`. */
  begin(token: string, response: Response): GuardianSession {
    if (token.length > LONGEST_COOKIE) throw new UnauthenticatedError();
    const session = this.admit(token);
    const expires = new Date(Math.min(session.expiresAtMs, Date.now() + LONGEST_LIFE_MS));
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

  /** Strict: no request that another site causes carries it. In production TLS is somewhere on the way to the browser. */
  private attributes() {
    return { path: BOARD_PATH, httpOnly: true, sameSite: 'strict', secure: this.config.production } as const;
  }
}

function cookieOf({ headers }: Request): string | undefined {
  const pairs = (headers.cookie ?? '').split(';').map((pair) => pair.trim());
  return pairs.find((pair) => pair.startsWith(`${COOKIE}=`))?.slice(COOKIE.length + 1);
}

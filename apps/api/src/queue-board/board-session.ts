import { Inject, Injectable } from '@nestjs/common';
import { createHash } from 'node:crypto';
import type { Request, Response } from 'express';
import { CONFIG, type Config } from '#libs/config';
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
@Injectable()
export class BoardSessions {
  constructor(@Inject(CONFIG) private readonly config: Config) {}

  /** Throws `UnauthenticatedError`, `NoScopeError` or `PlatformAdminRequiredError`. */
  find(request: Request): GuardianSession {
    const token = request.headers.authorization === undefined ? cookieOf(request) : bearerToken(request);
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
  const [token, ...others] = pairs.filter((pair) => pair.startsWith(`${COOKIE}=`));
  return others.length > 0 ? undefined : token?.slice(COOKIE.length + 1);
}

const STYLE =
  'body{font:16px/1.5 system-ui,sans-serif;max-width:34rem;margin:12vh auto;padding:0 1rem}input{width:100%;box-sizing:border-box;font:inherit;padding:.4rem}' +
  'button{font:inherit;margin-top:1rem;padding:.4rem 1.2rem}.problem{color:#a00}';

/** Policy of the sign-in and sign-out pages: no script, this one style, forms to this origin. */
export const PAGE_POLICY = [
  "default-src 'none'",
  `style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'`,
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** Policy of the board: scripts, requests, images and fonts of this origin, inline styles too; nothing from other origins. */
export const BOARD_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "base-uri 'self'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join('; ');

/** A form for a Guardian token. `problem` says why the previous token was refused. */
export function signInPage(problem?: string): string {
  return page(
    'Sign in to the queues',
    `${problem === undefined ? '' : `<p class="problem">${escaped(problem)}</p>`}
<form method="post" action="${BOARD_PATH}/sign-in">
<label for="token">Access token of a platform admin</label>
<input id="token" name="token" type="password" autocomplete="off" required autofocus>
<button>Sign in</button>
</form>`,
  );
}

export function signOutPage(actor: string, expiresAtMs: number): string {
  return page(
    'Queues',
    `<p>Signed in as <b>${escaped(actor)}</b> until ${escaped(timeText(expiresAtMs))}.</p>
<form method="post" action="${BOARD_PATH}/sign-out"><button>Sign out</button></form>
<p><a href="${BOARD_PATH}/">To the queues</a></p>`,
  );
}

/** Escapes text for content and quoted attributes. */
export function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);
}

function timeText(ms: number): string {
  const time = new Date(ms);
  return Number.isNaN(time.getTime()) ? 'further notice' : time.toISOString();
}

function page(title: string, body: string): string {
  return `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><meta name="robots" content="noindex">
<title>${title} · arcadia-cloud</title><style>${STYLE}</style></head>
<body><h1>${title}</h1>
${body}
</body>
</html>
`;
}

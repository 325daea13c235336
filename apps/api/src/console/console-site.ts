import { Inject, Injectable } from '@nestjs/common';
import {
  json,
  Router,
  static as serveStatic,
  urlencoded,
  type NextFunction,
  type Request,
  type RequestHandler,
  type Response,
} from 'express';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { CONFIG, type Config } from '#libs/config';
import { bearerToken, NoScopeError, UnauthenticatedError, type GuardianSession } from '#libs/identity';
import { ValidationFailedError } from '#libs/kernel';
import { ConsoleNotBuiltError, CrossSiteRequestError } from '../auth/auth.errors';
import { isSameOrigin } from '../auth/same-origin';
import { SessionCookie } from '../auth/session-cookie';

/** Address of the console. */
export const CONSOLE_PATH = '/console';

/** Scripts, styles, fonts and requests of this origin only; no inline script, no inline style, no frame, no form to elsewhere. */
export const CONSOLE_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "manifest-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const BODY_LIMIT = '32kb';
const ONE_YEAR = 'public, max-age=31536000, immutable';
/** The place in the page where a token that another site has posted is put; the console asks before it uses the token. */
const OFFER = /<meta name="arcadia-offer" content=""[^>]*>/;

/** The body of a sign-in. */
type SignIn = { readonly token?: unknown } | undefined;

/**
 * The console: its files, its one page for every address below `/console`, and its session. Everything that it shows it reads from the public
 * API, with the session cookie.
 */
@Injectable()
export class ConsoleSite {
  readonly router = Router();
  private readonly folder = join(packageFolder(__dirname), 'dist/console');

  constructor(
    private readonly cookie: SessionCookie,
    @Inject(CONFIG) private readonly config: Config,
  ) {
    this.router.get('/', redirectBrowsers);
    const site = Router();
    site.use(setPolicy);
    const bodies = [urlencoded({ extended: false, limit: BODY_LIMIT }), json({ limit: BODY_LIMIT })];
    site.route('/session').get(this.showSession).post(bodies, this.beginSession).delete(this.endSession);
    site.use('/assets', sendCompressed(this.folder), serveStatic(join(this.folder, 'assets'), { index: false, setHeaders: keepForAYear }));
    site.get(/.*/, this.sendPage);
    this.router.use(CONSOLE_PATH, site);
  }

  /** The session of the cookie, or null: the console asks this first, and no session is an answer, not a failure. */
  private readonly showSession: RequestHandler = (request, response) => {
    const token = this.cookie.tokenOf(request);
    response.json({ data: token === undefined ? null : this.described(token), production: this.config.production });
  };

  private described(token: string): object | null {
    try {
      return sessionView(this.cookie.sessionOf(token));
    } catch (error) {
      if (error instanceof UnauthenticatedError || error instanceof NoScopeError) return null;
      throw error;
    }
  }

  /**
   * Turns a token into a session. The token comes from a page of the console, or from a client without a browser. A form of another site never
   * sets the cookie: it gets the console, which asks "Continue as …?" and signs in itself, so a person is never signed in as another one unasked.
   */
  private readonly beginSession: RequestHandler = (request: Request<unknown, unknown, SignIn>, response) => {
    if (request.is('application/x-www-form-urlencoded')) return this.offerSession(request, response);
    const { authorization, origin } = request.headers;
    const secFetchSite = request.headers['sec-fetch-site']?.toString();
    const hasCookie = this.cookie.tokenOf(request) !== undefined;
    if (hasCookie && authorization !== undefined) throw new UnauthenticatedError();
    if (hasCookie) this.cookie.requireOwnPage(request);
    const isBrowser = origin !== undefined || secFetchSite !== undefined;
    if (isBrowser && !isSameOrigin({ secFetchSite, origin, host: request.headers.host })) throw new CrossSiteRequestError();
    const token = authorization === undefined ? tokenOfBody(request.body) : bearerToken(request);
    if (token === null) throw new UnauthenticatedError();
    const session = this.cookie.sessionOf(token);
    this.cookie.set(response, token, session);
    response.json({ data: sessionView(session), production: this.config.production });
  };

  private offerSession({ headers, body }: Request<unknown, unknown, SignIn>, response: Response): void {
    if (!headers.origin || !this.config.http.consoleOrigins.includes(headers.origin)) throw new CrossSiteRequestError();
    const token = tokenOfBody(body);
    this.cookie.sessionOf(token); // a token that is not valid is refused before the question is shown
    response.type('html').send(this.page().replace(OFFER, `<meta name="arcadia-offer" content="${token}">`));
  }

  /** Signs out, also from a session that has ended. */
  private readonly endSession: RequestHandler = (request, response) => {
    if (this.cookie.tokenOf(request) !== undefined) this.cookie.requireOwnPage(request);
    this.cookie.clear(response);
    response.status(204).end();
  };

  private readonly sendPage: RequestHandler = (request, response, next) => {
    if (/\.\w+$/.test(request.path)) return next();
    response.type('html').send(this.page());
  };

  private page(): string {
    const file = join(this.folder, 'index.html');
    if (!existsSync(file)) throw new ConsoleNotBuiltError();
    return readFileSync(file, 'utf8');
  }
}

/** What the console may know of its session. */
function sessionView({ principal, expiresAtMs }: GuardianSession) {
  const { sub, role, tenantId = null } = principal;
  return { sub, role, tenant_id: tenantId, expires_at: new Date(expiresAtMs).toISOString() };
}

function tokenOfBody(body: SignIn): string {
  const token = body?.token;
  if (typeof token !== 'string' || token.trim() === '') throw new ValidationFailedError([{ field: 'token', message: 'is missing' }]);
  if (!/^[\w.-]+$/.test(token.trim())) throw new UnauthenticatedError();
  return token.trim();
}

/** A person who opens the address of the service wants the console. Any other client gets what it got before there was one. */
function redirectBrowsers(request: Request, response: Response, next: NextFunction): void {
  response.vary('accept');
  if (request.accepts(['json', 'html']) === 'html') response.redirect(303, `${CONSOLE_PATH}/`);
  else next();
}

function setPolicy(_request: Request, response: Response, next: NextFunction): void {
  response.setHeader('content-security-policy', CONSOLE_POLICY);
  response.setHeader('referrer-policy', 'same-origin');
  next();
}

const TYPES: Readonly<Record<string, string>> = { js: 'text/javascript; charset=utf-8', css: 'text/css; charset=utf-8' };

/** The build writes a `.gz` beside every script and style. */
function sendCompressed(folder: string): RequestHandler {
  return (request, response, next) => {
    const type = TYPES[/\.(\w+)$/.exec(request.path)?.[1] ?? ''];
    response.vary('accept-encoding');
    const isPlain = !type || !/^\/[\w.-]+$/.test(request.path) || request.acceptsEncodings('gzip') !== 'gzip';
    if (isPlain || !existsSync(join(folder, 'assets', `${request.path}.gz`))) return next();
    response.setHeader('content-encoding', 'gzip');
    response.setHeader('content-type', type);
    request.url = request.url.replace(request.path, `${request.path}.gz`);
    next();
  };
}

/** Names of these files contain a hash of their content. */
function keepForAYear(response: Response): void {
  response.setHeader('cache-control', ONE_YEAR);
}

/** The folder of the nearest package.json: sources and build lie at different depths. */
function packageFolder(from: string): string {
  return existsSync(join(from, 'package.json')) ? from : packageFolder(dirname(from));
}

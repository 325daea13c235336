import { Inject, Injectable, Logger } from '@nestjs/common';
import { Router, urlencoded, type NextFunction, type Request, type RequestHandler, type Response } from 'express';
import { CONFIG, type Config } from '#libs/config';
import { DomainError, ValidationFailedError } from '#libs/kernel';
import { QueueClients } from '#libs/queues';
import { STATUS_OF_CATEGORY } from '../problems/status-of-category';
import { findUnstorableInput } from '../requests/hostile-input';
import { BoardActions } from './board-actions';
import { BOARD_POLICY, PAGE_POLICY, signInPage, signOutPage } from './board-pages';
import { BoardSessions } from './board-session';
import { CrossSiteRequestError } from './board.error';
import type * as Board from './bull-board';
import { isSameOrigin } from './same-origin';

const SAFE_METHODS = new Set(['GET', 'HEAD']);
/** Names of queues, ids of jobs and keys of schedules are far shorter; each may end up in the audit log (OPS-10). */
const LONGEST_PATH = 500;

/**
 * The queue board with its doors (TEN-7): on every path and method a platform admin, for every action a page of our own origin. A browser
 * signs in with a token, which becomes its cookie; the Authorization header does as well.
 */
@Injectable()
export class QueueBoard {
  readonly router = Router();
  private readonly log = new Logger('Board');
  private readonly sessions: BoardSessions;
  private board: RequestHandler | undefined;

  constructor(
    @Inject(CONFIG) config: Config,
    private readonly clients: QueueClients,
    actions: BoardActions,
  ) {
    this.sessions = new BoardSessions(config);
    this.router.use(setPolicy);
    this.router.post('/sign-in', requireSameOrigin, urlencoded({ extended: false, limit: '16kb' }), this.signIn);
    this.router.use(this.admit);
    this.router.use(requireSameOrigin);
    this.router.use(refuseHostileAddress);
    this.router.get('/sign-out', this.showSignOut);
    this.router.post('/sign-out', this.signOut);
    this.router.use((request, response, next) => (SAFE_METHODS.has(request.method) ? next() : actions.router(request, response, next)));
    this.router.use('/api', this.requireQueues);
    this.router.use(this.show);
  }

  private readonly signIn: RequestHandler = (request: Request<unknown, unknown, { token?: unknown } | undefined>, response) => {
    const token = request.body?.token;
    try {
      const { principal } = this.sessions.begin(typeof token === 'string' ? token.trim() : '', response);
      this.log.log({ event: 'board_signed_in', actor: principal.sub });
      response.redirect(303, `${request.baseUrl}/`);
    } catch (error) {
      askToSignIn(error, response);
    }
  };

  /** Pages ask to sign in, everything else gets a problem. */
  private readonly admit: RequestHandler = (request, response, next) => {
    try {
      response.locals.principal = this.sessions.of(request).principal;
    } catch (error) {
      if (request.headers.cookie) this.sessions.end(response);
      if (!isPage(request)) throw error;
      askToSignIn(error, response);
      return;
    }
    next();
  };

  private readonly showSignOut: RequestHandler = (request, response) => {
    const { principal, expiresAtMs } = this.sessions.of(request);
    response.setHeader('content-security-policy', PAGE_POLICY);
    response.type('html').send(signOutPage(principal.sub, expiresAtMs));
  };

  private readonly signOut: RequestHandler = (request, response) => {
    this.sessions.end(response);
    response.redirect(303, `${request.baseUrl}/`);
  };

  /** Throws `QueueUnavailableError` within 2 s, where the board would wait for its drivers. */
  private readonly requireQueues: RequestHandler = async (_request, _response, next) => {
    await this.clients.ping();
    next();
  };

  private readonly show: RequestHandler = (request, response, next) => {
    this.board ??= (require('./bull-board') as typeof Board).bullBoard(this.clients);
    return this.board(request, response, next);
  };
}

/** Browsers send Origin with a form only when its page does not hide where it comes from. */
function setPolicy(_request: Request, response: Response, next: NextFunction): void {
  response.setHeader('content-security-policy', BOARD_POLICY);
  response.setHeader('referrer-policy', 'same-origin');
  next();
}

function requireSameOrigin({ method, headers }: Request, _response: Response, next: NextFunction): void {
  const secFetchSite = headers['sec-fetch-site'];
  const passes =
    SAFE_METHODS.has(method) ||
    isSameOrigin({
      secFetchSite: Array.isArray(secFetchSite) ? secFetchSite[0] : secFetchSite,
      origin: headers.origin,
      host: headers.host,
    });
  next(passes ? undefined : new CrossSiteRequestError());
}

/** What neither queues nor audit log can hold ends here, as a refusal (TEN-5). What cannot be decoded is refused by the router. */
function refuseHostileAddress({ path, query }: Request, _response: Response, next: NextFunction): void {
  if (path.length > LONGEST_PATH)
    throw new ValidationFailedError([{ field: 'path', message: `must be at most ${LONGEST_PATH} characters` }]);
  const hostile = findUnstorableInput({ path: decoded(path), query });
  next(hostile && new ValidationFailedError([hostile]));
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return '';
  }
}

/** An address that a person looks at, rather than one of the board's requests or files. */
function isPage(request: Request): boolean {
  return SAFE_METHODS.has(request.method) && !/^\/(api|static)\//.test(request.path) && request.accepts(['json', 'html']) === 'html';
}

function askToSignIn(error: unknown, response: Response): void {
  if (!(error instanceof DomainError)) throw error;
  response.setHeader('content-security-policy', PAGE_POLICY);
  response.status(STATUS_OF_CATEGORY[error.category]).type('html').send(signInPage(error.message));
}
